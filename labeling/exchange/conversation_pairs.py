"""Two whole conversations with the same beginning, which is the prompt: of TRL, ms-swift, torchtune."""

from collections.abc import Mapping, Sequence
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange import conversations
from labeling.exchange.asking import Asked
from labeling.exchange.building import Source, compare
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.places import in_field
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.reader import Reader
from labeling.exchange.records import CompletionText, ImportedComparison, JsonObject, Message
from labeling.exchange.turns import common_beginning

NAMES = (
    ("messages", "rejected_messages"),
    ("chosen_conversations", "rejected_conversations"),
    ("chosen_conversation", "rejected_conversation"),
    ("chosen_messages", "rejected_messages"),
)
"""The fields in which files keep the preferred conversation and the other one, besides `chosen` and `rejected`."""


def read_conversation_pair(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """The preferred conversation and the rejected one: ms-swift's `rejected_messages`, torchtune's conversations."""
    names = _names(record)
    if names is None:
        raise BadRecordError("missing_field", gettext_noop("The record holds no two conversations."))
    asked = Asked([], list(names))
    asked.prompt, sides = shared_conversation([record[name] for name in names], names, asked)
    source = Source(place, "conversation-pairs", record, limits)
    return compare(source, asked, sides, names, preference="first", used=names)


def shared_conversation(
    sides: Sequence[Any], names: tuple[str, str], asked: Asked
) -> tuple[list[Message], tuple[CompletionText, CompletionText]]:
    """The messages that two conversations share, and how each of them continues. names: of their fields."""
    first, second = (
        conversations.messages(side, in_field(name), asked.extras) for side, name in zip(sides, names, strict=True)
    )
    for name, conversation in zip(names, (first, second), strict=True):
        if not conversation or conversation[-1]["role"] != "assistant":
            raise BadRecordError(
                "role", gettext_noop("%(name)s must end with a message of 'assistant'."), name, name=repr(name)
            )
    shared = common_beginning(first, second)
    if first[shared]["role"] != "assistant" or second[shared]["role"] != "assistant":
        reason = gettext_noop("%(first)s and %(second)s differ before their first message of 'assistant' that differs.")
        raise BadRecordError("different_prompts", reason, first=repr(names[0]), second=repr(names[1]))
    prompt = conversations.checked_prompt(first[:shared])
    one, other = (
        conversations.of_turns(conversation[shared:], in_field(name), name)
        for name, conversation in zip(names, (first, second), strict=True)
    )
    return prompt, (one, other)


def _names(record: Mapping[str, Any]) -> tuple[str, str] | None:
    return next((names for names in NAMES if all(isinstance(record.get(name), list) for name in names)), None)


CONVERSATION_READERS = (
    Reader(
        "conversation-pairs",
        "messages, rejected_messages",
        lambda record: _names(record) is not None,
        read_conversation_pair,
    ),
)
