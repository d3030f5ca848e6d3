"""The reader of two completions under their usual names, with a preference in words or without one."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange import certainties, conversations, parsing
from labeling.exchange.asking import asked_by, has_prompt, prompt_field
from labeling.exchange.building import NO_SIZE, Size, Source, compare
from labeling.exchange.cells_of_turns import with_turns
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.preference_words import NUMBERS, OUTCOMES, preference_named
from labeling.exchange.questions import Answer, asks_for_better, preferred
from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.reader import Scale
from labeling.exchange.records import ImportedComparison, JsonObject, Preference

STATED = (
    ("chosen_response", "rejected_response"),
    ("response_j", "response_k"),
    ("accepted", "rejected"),
    ("selected", "rejected"),
    ("preferred", "non_preferred"),
    ("preferred", "dispreferred"),
    ("preferred", "rejected"),
    ("better", "worse"),
    ("response", "rejected_response"),
)
"""Names of two completions of which the first is always the preferred one."""

SIDES = (
    ("response_0", "response_1"),
    ("response0", "response1"),
    ("answer_0", "answer_1"),
    ("completion_0", "completion_1"),
    ("output_0", "output_1"),
    ("generations-0", "generations-1"),
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
    *STATED,
)
"""The names under which public files keep two completions. Those that count from 0 come first."""

SCORES = ("score_", "rating_", "reward_", "score", "rating", "reward")
"""The beginnings of the names of both scores, which end as those of the sides: score_a."""

MODELS = ("model_a", "model_b")
MODELS_OF_CHOSEN = ("chosen_model", "rejected_model")


def read_sides(place: Place, record: JsonObject, limits: ReadLimits) -> ImportedComparison:
    """A prompt and two completions under the usual names, with a preference in words or without one."""
    names = _sides(record)
    if names is None:
        raise BadRecordError(
            "missing_field", gettext_noop("Two completions are missing, such as 'response_a' and 'response_b'.")
        )
    given, record = record, with_turns(record, prompt_field(record), names)  # an outcome repeats what was given
    asked = asked_by(record)
    first, second = (conversations.completion(parsing.required(record, name), name, asked.extras) for name in names)
    is_stated = names in STATED
    outcome = outcome_in({name: value for name, value in record.items() if name not in names})
    if outcome == "chosen" and _repeated(given, names, outcome) is None:
        _require_other(given, names)
    stated: Preference | None = "first" if is_stated else None
    models = [
        parsing.optional_name(record, name, limits.name_chars) for name in (MODELS_OF_CHOSEN if stated else MODELS)
    ]

    def said_in(field: str) -> Preference | None:
        return _said_in(given, field, names, models, limits)

    if not outcome and not stated:
        outcome = _question_in(given, said_in)
    preference = said_in(outcome) if outcome else stated
    size = Size(certainties.of_chosen(record)) if stated else NO_SIZE
    if outcome in OUTCOMES:
        refuse_contradiction(given, outcome, preference, said_in)
    elif (
        preference is None
        and not (record.keys() - {*names}) & {*OUTCOMES}  # somebody may yet say, and a model's scores are no verdict
        and (difference := _difference(record, names)) is not None
    ):
        preference = "first" if difference > 0 else "second" if difference else "tie"
        size = Size(certainties.of_difference(abs(difference)))
    return compare(
        Source(place, "sides", record, limits),
        asked,
        (replace(first, model=models[0]), replace(second, model=models[1])),
        names,
        preference=preference,
        size=size,
        used=(
            *names,
            outcome,
            *(["rejected"] if outcome == "chosen" else []),
            *(MODELS_OF_CHOSEN if stated else MODELS),
        ),
    )


def _question_in(record: JsonObject, said_in: Callable[[str], Preference | None]) -> str:
    """The field whose name asks which completion is better and whose word says so: "which_is_better". Empty: none."""
    answers = []
    for field, value in record.items():
        if isinstance(value, str) and asks_for_better(field) and parsing.as_word(value) not in NUMBERS:
            try:
                choice = said_in(field)
            except BadRecordError:
                continue
            if choice:
                answers.append(Answer(field, choice))
    found = preferred(answers)
    return str(found.question) if found else ""


def _difference(record: JsonObject, names: tuple[str, str]) -> float | None:
    """By how much the score of the first completion is higher. None: there are no scores of both."""
    for start in SCORES:
        one, other = (certainties.finite(record.get(f"{start}{name[-1]}")) for name in names)
        if one is not None and other is not None:
            return one - other
    return None


def _said_in(
    record: JsonObject, field: str, names: tuple[str, str], models: list[str], limits: ReadLimits
) -> Preference | None:
    """The preference in a field: a text of one side, the name of a model, or a word. Raises BadRecordError."""
    if field in ("chosen", "preferred_response") and (side := _repeated(record, names, field)):
        return side
    value = record[field]
    if value != "" and models[0] != models[1] and value in models:  # "" names no model, not the one without a name
        return "first" if value == models[0] else "second"
    return preference_named(value, field, names, from_zero=limits.other_scale)


def refuse_contradiction(record: JsonObject, outcome: str, said: Any, said_in: Callable[[str], Any]) -> None:
    """Raises BadRecordError if a later field for an outcome names another one than the field that was read.

    said_in: what such a field says; BadRecordError: it is about something else. So may be a number, and a tie under any
    name but two: "same" and "neither" are said of anything.
    """
    for field in OUTCOMES[OUTCOMES.index(outcome) + 1 :] if outcome and said is not None else ():
        if record.get(field) is None or parsing.as_word(record[field]) in NUMBERS:
            continue
        try:
            other = said_in(field)
        except BadRecordError:
            continue
        is_of_another = other in ("tie", "both_bad") and field not in ("preference", "winner")
        if other not in (None, said) and not is_of_another:
            reason = gettext_noop("The fields %(first)s and %(second)s name different outcomes.")
            raise BadRecordError("preference", reason, field, first=repr(outcome), second=repr(field))


def scale_of_outcome(record: Mapping[str, Any]) -> Scale:
    """Whether the outcome of a record shows that its file counts completions from 0."""
    return scale_of_count(record.get(outcome_in(record)))


def scale_of_count(value: Any) -> Scale:
    """The same for an outcome. A file that begins without outcomes may go on with numbers."""
    word = parsing.as_word(value)
    if word == "0":
        return "other"
    return "open" if value is None or (len(word) == 1 and word.isdecimal()) else ""


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
