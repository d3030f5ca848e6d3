"""The prompt of a record, read from the fields under which public data sets keep it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from common.phrases import gettext_noop
from common.transcripts import is_transcript, prompt_turns
from labeling.exchange import conversations, parsing
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.records import JsonObject, Message

PROMPT_FIELDS = (
    "prompt",
    "instruction",
    "question",
    "query",
    "history",
    "context",
    "conversations",
    "conversation",
    "messages",
    "input",
)
"""Fields that hold a prompt. The first that a record has is its prompt."""

SYSTEM_FIELDS = ("system", "system_prompt", "system_message", "system_instruction")


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
        text = _with_input(record, name, text, asked)
        asked.is_transcript = is_transcript(text)
        said = prompt_turns(text) if asked.is_transcript else [("user", text)]
        turns = [Message(role=role, content=content) for role, content in said]
        earlier = _earlier_turns(record, name, asked)
        value = [*earlier, *turns] if earlier or asked.is_transcript else text
    elif isinstance(value, dict) and ("content" in value or "value" in value):
        value = [value]
    conversation = conversations.prompt(value, extras=asked.extras)
    asked.prompt = _with_system(record, conversation, asked)
    return asked


def _with_input(record: JsonObject, name: str, text: str, asked: Asked) -> str:
    """An instruction with the text that it is about, as Alpaca writes both."""
    added = record.get("input")
    if name not in ("prompt", "instruction", "question", "query") or not isinstance(added, str):
        return text
    asked.used.append("input")
    return f"{text}\n\n{added}" if added.strip() and added.strip() != text.strip() else text


def _earlier_turns(record: JsonObject, name: str, asked: Asked) -> list[Message]:
    """The turns before an instruction: `history`, a list of pairs."""
    pairs = record.get("history")
    if name == "history" or not isinstance(pairs, list) or not pairs:
        return []
    if not all(isinstance(pair, list) and len(pair) == 2 and all(isinstance(t, str) for t in pair) for pair in pairs):
        return []
    asked.used.append("history")
    roles = ("user", "assistant")
    return [Message(role=role, content=said) for pair in pairs for role, said in zip(roles, pair, strict=True)]


def _with_system(record: JsonObject, conversation: list[Message], asked: Asked) -> list[Message]:
    for name in SYSTEM_FIELDS:
        value = record.get(name)
        if not isinstance(value, str):
            continue
        asked.used.append(name)
        if not value.strip():
            continue
        if conversation[0]["role"] == "system":
            if conversation[0]["content"].strip() != value.strip():
                reason = gettext_noop("The field %(name)s contradicts the system message of the prompt.")
                raise BadRecordError("system", reason, name, name=repr(name))
            return conversation
        return [Message(role="system", content=value), *conversation]
    return conversation
