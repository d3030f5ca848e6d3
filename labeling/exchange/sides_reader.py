"""The reader of two completions under their usual names, with a preference in words or without one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange import certainties, conversations, parsing
from labeling.exchange.asking import asked_by, has_prompt
from labeling.exchange.building import NO_SIZE, NUMBERS, Size, Source, compare, preference_named
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.records import ImportedComparison, JsonObject, Preference

SIDES = (
    ("response_a", "response_b"),
    ("response_A", "response_B"),
    ("response1", "response2"),
    ("response_1", "response_2"),
    ("response-1", "response-2"),
    ("answer1", "answer2"),
    ("answer_a", "answer_b"),
    ("answer_1", "answer_2"),
    ("completion_a", "completion_b"),
    ("completion_1", "completion_2"),
    ("output_a", "output_b"),
    ("text_a", "text_b"),
    ("text1", "text2"),
    ("chosen_response", "rejected_response"),
)
"""The names under which public files keep two completions."""

MODELS = ("model_a", "model_b")
MODELS_OF_CHOSEN = ("chosen_model", "rejected_model")
OUTCOMES = (
    "preference",
    "winner",
    "comparison",
    "preferred",
    "preferred_response",
    "choice",
    "label",
    "better",
    "chosen",
)
"""The names under which they keep the preference."""


def read_sides(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """A prompt and two completions under the usual names, with a preference in words or without one."""
    names = _sides(record)
    if names is None:
        raise BadRecordError(
            "missing_field", gettext_noop("Two completions are missing, such as 'response_a' and 'response_b'.")
        )
    asked = asked_by(record)
    first, second = (conversations.completion(parsing.required(record, name), name, asked.extras) for name in names)
    outcome = outcome_in(record)
    chosen = _repeated(record, names, outcome) if outcome in ("chosen", "preferred_response") else None
    if outcome == "chosen" and chosen is None:
        _require_other(record, names)
    stated: Preference | None = "first" if names[0].startswith("chosen") else None
    models = [
        parsing.optional_name(record, name, limits.name_chars) for name in (MODELS_OF_CHOSEN if stated else MODELS)
    ]
    is_named = bool(outcome) and record[outcome] != ""  # an empty outcome names no model, not the one without a name
    if is_named and chosen is None and models[0] != models[1] and record[outcome] in models:
        chosen = "first" if record[outcome] == models[0] else "second"
    return compare(
        Source(place, "sides", record, limits),
        asked,
        (replace(first, model=models[0]), replace(second, model=models[1])),
        names,
        preference=chosen or (_outcome(record, outcome, names, limits) if outcome else stated),
        size=Size(certainties.of_chosen(record)) if stated else NO_SIZE,
        used=(
            *names,
            outcome,
            *(["rejected"] if outcome == "chosen" else []),
            *(MODELS_OF_CHOSEN if stated else MODELS),
        ),
    )


def _outcome(record: JsonObject, name: str, names: tuple[str, str], limits: ReadLimits) -> Preference | None:
    return preference_named(record.get(name), name, names, from_zero=limits.from_zero)


def counts_from_zero(record: Mapping[str, Any]) -> bool:
    """Whether the outcome of a record is the number 0."""
    return parsing.as_word(record.get(outcome_in(record))) == "0"


def outcome_in(record: Mapping[str, Any]) -> str:
    """The field that is read as the outcome: the first that has a value. Empty: none has."""
    return next((name for name in OUTCOMES if record.get(name) is not None), "")


def _repeated(record: JsonObject, names: tuple[str, str], outcome: str) -> Preference | None:
    """The side whose text the outcome repeats; None: it repeats none, or both are the same."""
    sides: tuple[Preference, Preference] = ("first", "second")
    same = [side for name, side in zip(names, sides, strict=True) if record[name] == record[outcome]]
    return same[0] if len(same) == 1 else None


def _require_other(record: JsonObject, names: tuple[str, str]) -> None:
    """Raises BadRecordError if the record names as rejected what it names as chosen."""
    rejected = preference_named(record.get("rejected"), "rejected", names)
    if rejected and rejected == preference_named(record["chosen"], "chosen", names):
        reason = gettext_noop("The fields 'chosen' and 'rejected' name the same completion.")
        raise BadRecordError("preference", reason, "rejected")


def names_sides(record: Mapping[str, Any]) -> bool:
    """Whether chosen and rejected are no texts, but names of the two completions that stand beside them: A and B."""
    names = _sides(record)
    if names is None:
        return False
    words = [record.get(name) for name in ("chosen", "rejected")]
    if not all(isinstance(word, str | int) for word in words):
        return False
    texts = [record[name] for name in names]
    if any(word in texts for word in words):
        return False
    if all(parsing.as_word(word) in NUMBERS for word in words):
        return True  # `read_sides` says that a number does not tell which side it counts from
    try:
        sides = {preference_named(word, "", names) for word in words}
    except BadRecordError:
        return False
    return sides <= {"first", "second"}


def _sides(record: Mapping[str, Any]) -> tuple[str, str] | None:
    return next((names for names in SIDES if names[0] in record and names[1] in record), None)


def has_sides(record: Mapping[str, Any]) -> bool:
    """Whether a record has a prompt and two completions."""
    return has_prompt(record) and _sides(record) is not None
