"""Readers of comparisons: one function per dialect, one registry, detection by shape.

To add a dialect: a function from (place, record, limits) to an ImportedComparison that raises BadRecordError, and a
line in READERS.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from labeling.exchange import parsing
from labeling.exchange.own_readers import is_own_row, is_own_task, read_own_row, read_own_task
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.records import CompletionText, ImportedComparison, JsonObject, Message, Preference

REPEATED_PROMPT_CHARS = 16
"""A prompt of at least this length at the start of both completions is no coincidence: it is repeated there."""

HH_MARKER = re.compile(r"\n\n(Human|Assistant):")
HH_ROLES = {"Human": "user", "Assistant": "assistant"}
HH_LAST = "\n\nAssistant:"


@dataclass(frozen=True, slots=True)
class Reader:
    """One dialect. recognises: whether a record has its shape. read: its comparison,
    or one for each judgment; raises BadRecordError."""

    name: str
    shape: str
    recognises: Callable[[Mapping[str, Any]], bool]
    read: Callable[[Place, JsonObject, ReadLimits], ImportedComparison | list[ImportedComparison]]


def read_trl(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """TRL with an explicit prompt, conversational or standard (texts), also a line of one of our snapshots."""
    conversation = parsing.prompt(parsing.required(record, "prompt"))
    sides = [parsing.required(record, name) for name in ("chosen", "rejected")]
    if any(_contains_prompt(side) for side in sides):
        raise BadRecordError(
            "prompt_repeated",
            "The prompt is repeated inside the completions; leave out the field 'prompt' to import it as trl-implicit.",
        )
    chosen, rejected = parsing.completion(sides[0], "chosen"), parsing.completion(sides[1], "rejected")
    asked = conversation[-1]["content"].strip()
    if len(asked) >= REPEATED_PROMPT_CHARS and all(text.lstrip().startswith(asked) for text in (chosen, rejected)):
        raise BadRecordError("prompt_repeated", "The prompt is repeated at the start of both completions.")
    return _chosen(place, "trl", conversation, (chosen, rejected), record, limits)


def read_trl_implicit(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """TRL without a prompt field: two complete conversations that differ only in the last message."""
    chosen = parsing.messages(parsing.required(record, "chosen"), "'chosen'")
    rejected = parsing.messages(parsing.required(record, "rejected"), "'rejected'")
    for name, conversation in (("chosen", chosen), ("rejected", rejected)):
        if not conversation or conversation[-1]["role"] != "assistant":
            raise BadRecordError("role", f"{name!r} must end with a message of 'assistant'.")
    if chosen[:-1] != rejected[:-1]:
        raise BadRecordError("different_prompts", "'chosen' and 'rejected' differ before the last message.")
    texts = chosen[-1]["content"], rejected[-1]["content"]
    return _chosen(place, "trl-implicit", parsing.checked_prompt(chosen[:-1]), texts, record, limits)


def read_hh(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """Anthropic HH: two transcripts that are the same up to the last "Assistant:"."""
    chosen, rejected = parsing.required_text(record, "chosen"), parsing.required_text(record, "rejected")
    shared = chosen.rpartition(HH_LAST)[0]
    if not shared:
        raise BadRecordError("transcript", '\'chosen\' is not a transcript of "\\n\\nHuman:" and "\\n\\nAssistant:".')
    if rejected.rpartition(HH_LAST)[0] != shared:
        raise BadRecordError(
            "different_prompts", "'chosen' and 'rejected' differ before the last \"\\n\\nAssistant:\"."
        )
    texts = chosen[len(shared) + len(HH_LAST) :], rejected[len(shared) + len(HH_LAST) :]
    if any(HH_MARKER.search(text) for text in texts):
        raise BadRecordError("transcript", 'A completion continues with another "\\n\\nHuman:" turn.')
    first, second = (text.removeprefix(" ") for text in texts)
    return _chosen(place, "hh", parsing.checked_prompt(_hh_turns(shared)), (first, second), record, limits)


def read_openai(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """OpenAI preference fine-tuning."""
    asked = parsing.required(record, "input")
    if not isinstance(asked, dict):
        raise BadRecordError("wrong_type", "The field 'input' must be an object with 'messages'.")
    if asked.get("tools"):
        raise BadRecordError("tools", "The record offers tools to the model, which cannot be represented here.")
    names = ("preferred_output", "non_preferred_output")
    first, second = (parsing.completion(parsing.required(record, name), name) for name in names)
    parsing.check_completions(first, second, names)
    return ImportedComparison(
        line=place.line,
        record=place.record,
        dialect="openai",
        prompt=parsing.prompt(parsing.required(asked, "messages")),
        first=CompletionText(first),
        second=CompletionText(second),
        preference="first",
        external_id=parsing.optional_name(record, "id", limits.id_chars),
        gold=parsing.optional_gold(record),
        metadata=parsing.rest(record, "input", *names, "id", "gold"),
    )


def read_alpacaeval(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """AlpacaEval annotations: two outputs of an instruction; preference 1..2, below 1.5 output_1 wins, 1.5 is a tie."""
    first, second = parsing.required_text(record, "output_1"), parsing.required_text(record, "output_2")
    parsing.check_completions(first, second, ("output_1", "output_2"))
    value = record.get("preference")
    known = ("instruction", "output_1", "output_2", "generator_1", "generator_2", "annotator", "id", "gold")
    return ImportedComparison(
        line=place.line,
        record=place.record,
        dialect="alpacaeval",
        prompt=parsing.prompt(parsing.required_text(record, "instruction"), "the instruction"),
        first=CompletionText(first, parsing.optional_name(record, "generator_1", limits.name_chars)),
        second=CompletionText(second, parsing.optional_name(record, "generator_2", limits.name_chars)),
        preference=_alpacaeval_preference(value),
        annotator=parsing.optional_name(record, "annotator", limits.name_chars),
        external_id=parsing.optional_name(record, "id", limits.id_chars),
        gold=parsing.optional_gold(record),
        metadata=parsing.rest(record, *known),  # keeps the exact preference
    )


def _alpacaeval_preference(value: Any) -> Preference | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= 2:
        raise BadRecordError("preference", f"The preference {str(value)[:40]!r} is not a number from 1 to 2.")
    if value == 1.5:
        return "tie"
    return "first" if value < 1.5 else "second"


def _chosen(
    place: Place, dialect: str, prompt: list[Message], texts: tuple[str, str], record: JsonObject, limits: ReadLimits
) -> ImportedComparison:
    """A comparison of a dialect that has `chosen` and `rejected`."""
    parsing.check_completions(*texts, ("chosen", "rejected"))
    return ImportedComparison(
        line=place.line,
        record=place.record,
        dialect=dialect,
        prompt=prompt,
        first=CompletionText(texts[0], parsing.optional_name(record, "chosen_model", limits.name_chars)),
        second=CompletionText(texts[1], parsing.optional_name(record, "rejected_model", limits.name_chars)),
        preference="first",
        annotator=parsing.optional_name(record, "annotator", limits.name_chars),
        external_id=parsing.optional_name(record, "id", limits.id_chars),
        gold=parsing.optional_gold(record),
        metadata=parsing.rest(
            record, "prompt", "chosen", "rejected", "chosen_model", "rejected_model", "annotator", "id", "gold"
        ),
    )


def _hh_turns(transcript: str) -> list[Message]:
    before, *parts = HH_MARKER.split(transcript)
    if before.strip():
        raise BadRecordError("transcript", 'The transcript does not start with "\\n\\nHuman:".')
    turns = zip(parts[::2], parts[1::2], strict=True)
    return [Message(role=HH_ROLES[speaker], content=text.removeprefix(" ")) for speaker, text in turns]


def _contains_prompt(side: Any) -> bool:
    """Whether the messages of a completion also contain messages of the prompt."""
    if not isinstance(side, list):
        return False
    return any(isinstance(item, dict) and item.get("role") in {"system", "user"} for item in side)


def _has(*names: str) -> Callable[[Mapping[str, Any]], bool]:
    return lambda record: all(name in record for name in names)


def _pair_of(kind: type) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a record has chosen and rejected of this type, and no prompt."""
    return lambda record: (
        "prompt" not in record and all(isinstance(record.get(name), kind) for name in ("chosen", "rejected"))
    )


READERS: Mapping[str, Reader] = {
    reader.name: reader
    for reader in (
        Reader("own-table", "pair, prompt, a, b, winner, votes", is_own_row, read_own_row),
        Reader("own-tasks", "data, meta.chosen", is_own_task, read_own_task),
        Reader("trl", "prompt, chosen, rejected", _has("prompt", "chosen", "rejected"), read_trl),
        Reader("trl-implicit", "chosen, rejected (message lists)", _pair_of(list), read_trl_implicit),
        Reader("hh", "chosen, rejected (transcripts)", _pair_of(str), read_hh),
        Reader("alpacaeval", "instruction, output_1, output_2", _has("output_1", "output_2"), read_alpacaeval),
        Reader("openai", "input, preferred_output, ...", _has("input", "preferred_output"), read_openai),
    )
}
"""The dialects that can be read, by name."""
