"""The prompt of a record, read from the fields under which public data sets keep it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from common.phrases import gettext_noop
from common.prompt_fields import (
    ABOUT,
    PROMPT_FIELDS,
    SYSTEM_FIELDS,
    WITH_INPUT,
    earlier_turns,
    text_about,
    with_input,
)
from common.transcripts import is_transcript, prompt_turns
from labeling.exchange import conversations, parsing
from labeling.exchange.decoding import with_messages
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.places import in_field
from labeling.exchange.records import JsonObject, Message


@dataclass(slots=True)
class Asked:
    """The prompt of a record. used: the fields it was read from. extras: other fields of its messages.

    is_transcript: it was written as one text, "Human: ... Assistant:". is_apart: it has fields of its own, so the
    completions should not repeat it.
    """

    prompt: list[Message]
    used: list[str]
    extras: JsonObject = field(default_factory=dict)
    is_transcript: bool = False
    is_apart: bool = False


def has_prompt(record: Mapping[str, Any]) -> bool:
    """Whether the record has a field that holds a prompt."""
    return any(record.get(name) is not None for name in PROMPT_FIELDS)


def asked_by(record: JsonObject) -> Asked:
    """The prompt of a record, with its system message and its input. Raises BadRecordError."""
    name = next((one for one in PROMPT_FIELDS if record.get(one) is not None), None)
    if name is None:
        if "prompt" in record:
            conversations.prompt(record["prompt"])
        raise BadRecordError("missing_field", gettext_noop("The field %(name)s is missing."), "prompt", name="'prompt'")
    asked = Asked([], [name], is_apart=True)
    value = record[name]
    text = parsing.sole_text(value)
    if text is not None:
        bare, text = text, _with_input(record, name, text, asked)
        asked.is_transcript = is_transcript(text)
        said = prompt_turns(text) if asked.is_transcript else [("user", text)]
        turns = [Message(role=role, content=content) for role, content in said]
        earlier = _earlier_turns(record, name, bare, asked)
        value = [*earlier, *turns] if earlier or asked.is_transcript else text
    elif isinstance(value, dict) and ("content" in value or "value" in value):
        value = [value]
    conversation = conversations.prompt(value, extras=asked.extras)
    asked.prompt = with_system(record, conversation, asked.used)
    return asked


def is_read_as_text(text: str) -> bool:
    """Whether a prompt that a record has as this text is one message of the user with the same text."""
    try:
        return asked_by(with_messages({"prompt": text})).prompt == [Message(role="user", content=text)]
    except BadRecordError:
        return False


def _with_input(record: JsonObject, name: str, text: str, asked: Asked) -> str:
    """An instruction with the text that it is about: the `input` of Alpaca, the `context` of Dolly."""
    if name not in WITH_INPUT:
        return text
    for other in ABOUT:
        about = text_about(record.get(other))
        if about is not None:
            asked.used.append(other)
            text = with_input(text, about)
    return text


def _earlier_turns(record: JsonObject, name: str, text: str, asked: Asked) -> list[Message]:
    """The turns before an instruction: `history`, a list of pairs or of messages. Raises BadRecordError for others."""
    turns = record.get("history")
    if name == "history" or not isinstance(turns, list) or not turns:
        return []
    asked.used.append("history")
    if all(isinstance(turn, list) for turn in turns):
        pairs = earlier_turns(turns)
        if pairs is None:
            reason = gettext_noop("The field 'history' must be a list of messages, or of pairs of texts.")
            raise BadRecordError("wrong_type", reason, "history")
        said = [Message(role=role, content=one) for role, one in pairs]
    else:
        said = conversations.messages(turns, in_field("history"), asked.extras)
    return said[:-1] if said[-1]["role"] == "user" and said[-1]["content"].strip() == text.strip() else said


def with_system(record: Mapping[str, Any], conversation: list[Message], used: list[str]) -> list[Message]:
    """The conversation with the system message of the record's field, whose name `used` receives.

    Raises BadRecordError if the conversation has another system message.
    """
    if record.keys().isdisjoint(SYSTEM_FIELDS):
        return conversation
    for name in SYSTEM_FIELDS:
        value = _system_text(record.get(name), name)
        if value is None:
            continue
        used.append(name)
        if not value.strip():
            continue
        if conversation[0]["role"] == "system":
            if conversation[0]["content"].strip() != value.strip():
                reason = gettext_noop("The field %(name)s contradicts the system message of the prompt.")
                raise BadRecordError("system", reason, name, name=repr(name))
        else:
            conversation = [Message(role="system", content=value), *conversation]
    return conversation


def _system_text(value: Any, name: str) -> str | None:
    """The text of a system message, from a text, a message or a list of one. None: it is something else.

    Raises BadRecordError for another list or object: without it the prompt would not be that of the file.
    """
    alone = value[0] if isinstance(value, list) and len(value) == 1 else value
    if isinstance(alone, dict) and isinstance(alone.get("content", alone.get("value")), str):
        alone = alone.get("content", alone.get("value"))
    if isinstance(alone, list | dict) and alone:
        reason = gettext_noop("The field %(name)s must be the text of the system message.")
        raise BadRecordError("system", reason, name, name=repr(name))
    return alone if isinstance(alone, str) else None
