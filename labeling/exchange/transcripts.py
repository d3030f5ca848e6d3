"""Conversations that are written as one text: "Human: ... Assistant: ..."."""

import re

from common.phrases import gettext_noop
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.records import Message

HH_MARKER = re.compile(r"\n\n(Human|Assistant):")
HH_ROLES = {"Human": "user", "Assistant": "assistant"}
HH_LAST = "\n\nAssistant:"

_ROLES = {**HH_ROLES, "User": "user", "System": "system"}
_WHOLE = re.compile(r"\s*(?:###\s*)?(?:System|Human|User):")
_ANY_MARKER = re.compile(r"(?:\A|\n)\s*(?:###\s*)?(System|Human|User|Assistant):[ \t]?")
_OPEN_END = re.compile(r"\n\s*(?:###\s*)?Assistant:\s*\Z")


def is_transcript(text: str) -> bool:
    """Whether a prompt is a transcript: it begins with a turn, and waits for the assistant's or has the HH markers."""
    if not _WHOLE.match(text):
        return False
    return _OPEN_END.search(text) is not None or (text.startswith("\n\nHuman:") or "\n\nAssistant:" in text)


def prompt_turns(text: str) -> list[Message]:
    """The turns of a transcript that is a prompt, without the open turn of the assistant at its end."""
    _, *parts = _ANY_MARKER.split(_OPEN_END.sub("", text))
    turns = zip(parts[::2], parts[1::2], strict=True)
    return [Message(role=_ROLES[speaker], content=said.strip("\n")) for speaker, said in turns]


def hh_turns(transcript: str) -> list[Message]:
    """The turns of an HH transcript. Raises BadRecordError if it does not start with one."""
    before, *parts = HH_MARKER.split(transcript)
    if before.strip():
        raise BadRecordError("transcript", gettext_noop('The transcript does not start with "\\n\\nHuman:".'))
    turns = zip(parts[::2], parts[1::2], strict=True)
    return [Message(role=HH_ROLES[speaker], content=text.removeprefix(" ")) for speaker, text in turns]
