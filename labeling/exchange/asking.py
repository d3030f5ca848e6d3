"""The prompt of a record, read from the fields under which public data sets keep it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from common.phrases import gettext_noop
from common.prompt_fields import (
    ABOUT,
    CONVERSATIONS,
    EARLIER,
    PROMPT_FIELDS,
    SYSTEM_FIELDS,
    WITH_INPUT,
    are_turns,
    earlier_turns,
    holds_nothing,
    text_about,
    turns_before,
    with_input,
)
from common.transcripts import is_transcript, prompt_turns
from labeling.exchange import conversations, parsing
from labeling.exchange.decoding import turns_in, with_messages
from labeling.exchange.looks import looks_empty, looks_missing
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


BESIDE = (*ABOUT, *EARLIER, *SYSTEM_FIELDS, "tools")
"""Fields beside that of the prompt that are parts of what a completion answers."""


def has_prompt(record: Mapping[str, Any]) -> bool:
    """Whether the record has a field that holds a prompt."""
    return any(record.get(name) is not None for name in PROMPT_FIELDS)


def prompt_field(record: Mapping[str, Any]) -> str:
    """The field that holds the prompt. Empty: none does."""
    return next((name for name in PROMPT_FIELDS if record.get(name) is not None), "")


def have_same_prompt(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two records ask the same: about the same text, after the same turns, with the same tools and rules."""
    name = prompt_field(one)
    return prompt_field(other) == name and all(
        one.get(part) == other.get(part) or (holds_nothing(one.get(part)) and holds_nothing(other.get(part)))
        for part in (name, *BESIDE)
    )


def parts_of_prompt(record: JsonObject) -> JsonObject:
    """The fields of a record of which its prompt is made."""
    name = prompt_field(record)
    return {part: value for part, value in record.items() if part == name or part in BESIDE}


def asked_by(record: JsonObject) -> Asked:
    """The prompt of a record, with its system message and its input. Raises BadRecordError."""
    name = prompt_field(record)
    if not name:
        if "prompt" in record:
            conversations.prompt(record["prompt"])
        raise BadRecordError("missing_field", gettext_noop("The field %(name)s is missing."), "prompt", name="'prompt'")
    asked = Asked([], [name], is_apart=True)
    value = record[name]
    if isinstance(value, dict) and isinstance(value.get("full_text"), str):  # WebGPT's question
        value, others = value["full_text"], parsing.rest(value, "full_text")
        asked.extras |= {f"{name}_fields": others} if others else {}
    text = parsing.sole_text(value)
    if text is not None:
        earlier = _earlier_turns(record, name, text, asked)
        alone, text = text, _with_input(record, name, text, asked)
        earlier = earlier or _turns_beside(record, name, (alone, text))
        asked.is_transcript = is_transcript(text)
        said = prompt_turns(text) if asked.is_transcript else [("user", text)]
        turns = [Message(role=role, content=content) for role, content in said]
        value = [*earlier, *turns] if earlier or asked.is_transcript else text
    elif isinstance(value, dict) and ("content" in value or "value" in value):
        value = [value]
    conversation = conversations.prompt(value, extras=asked.extras)
    if text is None:
        _require_whole(record, name, conversation, asked)
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
        if other not in asked.used and record.get(other) is not None:
            text = with_input(text, _about(record, other))
            asked.used.append(other)
    return text


def _about(record: JsonObject, name: str) -> str:
    """The text that a prompt is about. Empty: the field holds nothing. Raises BadRecordError for anything else."""
    value = record.get(name)
    if holds_nothing(value):
        return ""
    about = text_about(value)
    if about is None:
        reason = gettext_noop("The field %(name)s must be a text or a list of texts: it belongs to the prompt.")
        raise BadRecordError("wrong_type", reason, name, name=repr(name))
    return about


def _earlier_turns(record: JsonObject, name: str, text: str, asked: Asked) -> list[Message]:
    """The turns before an instruction: messages, or pairs of texts. Raises BadRecordError for others."""
    for other in (*EARLIER, *ABOUT):
        turns = record.get(other)
        if other == name or (other in ABOUT and (name not in WITH_INPUT or not _are_messages(turns))):
            continue
        if holds_nothing(turns) or (isinstance(turns, str) and (looks_empty(turns) or looks_missing(turns))):
            continue
        asked.used.append(other)
        if not (said := _turns_of(turns, other, asked)):
            continue
        return said[:-1] if said[-1]["role"] == "user" and said[-1]["content"].strip() == text.strip() else said
    return []


def _turns_beside(record: JsonObject, name: str, texts: tuple[str, str]) -> list[Message]:
    """The system message and the turns before a prompt, in a conversation beside its text, which stays as metadata.

    Raises BadRecordError if it is a conversation about something else: nobody can tell what was answered.
    """
    for other in CONVERSATIONS:
        turns = record.get(other)
        if other == name or not are_turns(turns):
            continue
        said = conversations.messages(turns, in_field(other), {})
        before = turns_before(texts, [(turn["role"], turn["content"]) for turn in said])
        if before is None:
            reason = gettext_noop(
                "The text %(prompt)s is no message of the user in %(name)s: which of them was answered?"
            )
            raise BadRecordError("prompt_apart", reason, other, prompt=repr(name), name=repr(other))
        if before:
            return said[:before]
    return []


def _turns_of(turns: Any, name: str, asked: Asked) -> list[Message]:
    if isinstance(turns, str):
        turns = turns_in(turns)
    if _are_messages(turns):
        return conversations.messages(turns, in_field(name), asked.extras)
    pairs = earlier_turns(turns)
    if pairs is None:
        reason = gettext_noop("The field %(name)s must be a list of messages, or of pairs of texts.")
        raise BadRecordError("wrong_type", reason, name, name=repr(name))
    return [Message(role=role, content=one) for role, one in pairs]


def _are_messages(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _require_whole(record: JsonObject, name: str, prompt: list[Message], asked: Asked) -> None:
    """Raises BadRecordError if a field beside a prompt of messages holds a part of it that these do not."""
    for other in (*EARLIER, *ABOUT):
        value = record.get(other)
        if other == name or holds_nothing(value) or (isinstance(value, str) and looks_missing(value)):
            continue
        texts: list[Any]
        if other in EARLIER:
            texts = [turn["content"] for turn in _turns_of(value, other, asked)]
        else:
            texts = value if isinstance(value, list) else [value]
        if all(isinstance(one, str) and any(one.strip() in turn["content"] for turn in prompt) for one in texts):
            asked.used.append(other)
            continue
        reason = gettext_noop("The prompt is a list of messages, which do not hold the field %(name)s beside it.")
        raise BadRecordError("prompt_apart", reason, other, name=repr(other))


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
