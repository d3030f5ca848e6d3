"""Pairs whose prompt is part of a text: transcripts ("Human: ... Assistant: ..."), and texts with a common beginning.

The importer and the engine read them by this module alone, so that what was labeled is what is learned. Standard
library only: the engine runs without the rest of the project.
"""

import re
from collections import deque
from typing import Literal

Turn = tuple[str, str]
"""A role and what was said."""
SHARED_PROMPT_CHARS = 16
"""A beginning of at least this length that two texts share is no coincidence: it is their prompt."""
HH_MARKER = re.compile(r"\n\n(Human|Assistant):")
HH_ROLES = {"Human": "user", "Assistant": "assistant"}
HH_LAST = "\n\nAssistant:"

_ROLES = {"human": "user", "user": "user", "system": "system", "assistant": "assistant", "bot": "assistant"}
_SPEAKERS = r"(?:###\s*)?(System|Human|User|Assistant|Bot|SYSTEM|HUMAN|USER|ASSISTANT|BOT):"
_WHOLE = re.compile(r"\s*(?:###\s*)?(?:System|Human|User|SYSTEM|HUMAN|USER):")
# So much empty room before a name, no more: models degenerate into thousands of newlines, and each could begin it.
_ROOM = r"\s{0,99}+"
_ANY_MARKER = re.compile(rf"(?:\A|\n){_ROOM}{_SPEAKERS}[ \t]?")
_REPLY = re.compile(rf"(?:\n{_ROOM}(?:###\s*)?(?:Assistant|Bot|ASSISTANT|BOT)|\sASSISTANT): ?")
_OPEN_END = re.compile(rf"\n{_ROOM}(?:###\s*)?(?:Assistant|Bot|ASSISTANT|BOT):\s*\Z")


class Unsplit(Exception):
    """Two texts that are no such pair. kind: the reason."""

    def __init__(
        self, kind: Literal["no transcript", "no start", "different prompts", "another turn", "no beginning"]
    ) -> None:
        super().__init__(kind)
        self.kind = kind


def is_transcript(text: str) -> bool:
    """Whether a prompt is a transcript: it begins with a turn, and waits for the assistant's or has the HH markers."""
    if not _WHOLE.match(text):
        return False
    return _OPEN_END.search(text) is not None or (text.startswith("\n\nHuman:") or "\n\nAssistant:" in text)


def prompt_turns(text: str) -> list[Turn]:
    """The turns of a transcript that is a prompt, without the open turn of the assistant at its end."""
    _, *parts = _ANY_MARKER.split(_OPEN_END.sub("", text))
    return [
        (_ROLES[speaker.casefold()], said.strip("\n")) for speaker, said in zip(parts[::2], parts[1::2], strict=True)
    ]


def split_transcript(text: str) -> tuple[list[Turn], str] | None:
    """The turns before the last reply of the assistant, and that reply. None: the text is no transcript with one."""
    if not _WHOLE.match(text):
        return None
    reply = deque(_REPLY.finditer(text), maxlen=1)
    return (prompt_turns(text[: reply[0].start()]), text[reply[0].end() :]) if reply else None


def is_hh_pair(chosen: str, rejected: str) -> bool:
    """Whether two texts without a prompt are transcripts."""
    return all("Assistant:" in text for text in (chosen, rejected))


def split_hh_pair(chosen: str, rejected: str) -> tuple[list[Turn], tuple[str, str]]:
    """The turns and the two replies of transcripts that are the same up to the last "Assistant:". Raises Unsplit."""
    shared = chosen.rpartition(HH_LAST)[0]
    if not shared:
        raise Unsplit("no transcript")
    if rejected.rpartition(HH_LAST)[0] != shared:
        raise Unsplit("different prompts")
    replies = (chosen[len(shared) + len(HH_LAST) :], rejected[len(shared) + len(HH_LAST) :])
    if any(HH_MARKER.search(reply) for reply in replies):
        raise Unsplit("another turn")
    before, *parts = HH_MARKER.split(shared)
    if before.strip():
        raise Unsplit("no start")
    turns = zip(parts[::2], parts[1::2], strict=True)
    first, second = map(unspaced, replies)
    return [(HH_ROLES[speaker], unspaced(text)) for speaker, text in turns], (first, second)


def split_common_beginning(chosen: str, rejected: str) -> tuple[str, tuple[str, str]]:
    """The beginning that two texts share, up to a space, and how each goes on. Raises Unsplit."""
    length = next((at for at, (one, other) in enumerate(zip(chosen, rejected, strict=False)) if one != other), None)
    shared = chosen[: min(len(chosen), len(rejected)) if length is None else length]
    end = max(shared.rfind(" "), shared.rfind("\n"))
    question = shared[: max(end, 0)].strip()
    if len(question) < SHARED_PROMPT_CHARS:
        raise Unsplit("no beginning")
    return question, (chosen[end + 1 :], rejected[end + 1 :])


def unspaced(reply: str) -> str:
    """A reply of a transcript, without the space after "Assistant:"."""
    return reply.removeprefix(" ")
