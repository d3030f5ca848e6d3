"""The typed door: every value of a record is read through these functions, which check its type and word refusals."""

import math
from collections.abc import Mapping
from typing import Any, Literal

from common.phrases import Marked, Phrase, gettext_noop, phrased
from common.prompt_fields import OF_TOOLS, UNKEPT, holds_nothing
from labeling.exchange.looks import look_alike, looks_empty
from labeling.exchange.records import JsonObject, Preference

GOLD: Mapping[str, Preference] = {
    "chosen": "first",
    "rejected": "second",
    "first": "first",
    "second": "second",
    "tie": "tie",
    "both_bad": "both_bad",
}
"""The values of a record's field `gold`."""

LONGEST_ID, LONGEST_NAME, LONGEST_WORD = 200, 120, 200
FLAGS = {"true": True, "1": True, "false": False, "0": False}
SIDE_FIELDS: Mapping[str, int] = {
    "id": LONGEST_ID,
    "prompt_id": LONGEST_ID,
    "question_id": LONGEST_ID,
    "annotator": LONGEST_NAME,
    "judge": LONGEST_NAME,
    "chosen_model": LONGEST_NAME,
    "rejected_model": LONGEST_NAME,
    "generator_1": LONGEST_NAME,
    "generator_2": LONGEST_NAME,
    "model_a": LONGEST_NAME,
    "model_b": LONGEST_NAME,
}
"""Fields that a record can do without, and their longest text. A value that cannot be used becomes metadata."""


class BadRecordError(Exception):
    """A record cannot be imported. It never leaves labeling.exchange: it becomes a `Rejected`. field: its cause.

    reason: a sentence for people, made of a phrase, or of its template and its values.
    """

    def __init__(self, code: str, sentence: Marked | Phrase, field: str = "", **values: Any) -> None:
        self.reason = phrased(sentence, values)
        super().__init__(self.reason)
        self.code = code
        self.field = field


def refuse_unkept(record: Mapping[str, Any]) -> None:
    """Raises BadRecordError for a field that changes what the model sees and cannot be kept."""
    for name in UNKEPT:
        if name in record and not holds_nothing(record[name]):
            reason = gettext_noop(
                "The record has the field %(name)s, which changes what the model sees and cannot be kept here."
            )
            raise BadRecordError("tools" if name in OF_TOOLS else "unkept_field", reason, name, name=repr(name))


def required(record: Mapping[str, Any], name: str) -> Any:
    """The value of a field. Raises BadRecordError, which names the field."""
    if name not in record:
        raise BadRecordError("missing_field", gettext_noop("The field %(name)s is missing."), name, name=repr(name))
    return record[name]


def required_text(record: Mapping[str, Any], name: str) -> str:
    """The value of a text field. Raises BadRecordError, which names the field."""
    value = required(record, name)
    if not isinstance(value, str):
        reason = gettext_noop("The field %(name)s is a JSON %(kind)s where text is expected.")
        raise BadRecordError("wrong_type", reason, name, name=repr(name), kind=kind_of(value))
    return value


def required_list(record: Mapping[str, Any], name: str) -> list[JsonObject]:
    """The value of a field that lists objects. Raises BadRecordError, which names the field."""
    value = required(record, name)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise BadRecordError(
            "wrong_type", gettext_noop("The field %(name)s must be a list of objects."), name, name=repr(name)
        )
    return value


def optional_number(record: Mapping[str, Any], name: str) -> float | None:
    """A finite number, also as text; None: absent, null or an empty text. Raises BadRecordError for anything else."""
    value = record.get(name)
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise ValueError
        if not math.isfinite(number := float(value)):
            raise ValueError
        return number
    except (ValueError, OverflowError) as error:
        reason = gettext_noop("The field %(name)s is %(value)s where a number is expected.")
        raise BadRecordError("wrong_type", reason, name, name=repr(name), value=shortened(value)) from error


def optional_confidence(record: Mapping[str, Any]) -> float | None:
    """The confidence of a verdict, as we export it, also as text. None: absent, or no number from 0.5 to 1.

    Any other value stays metadata.
    """
    try:
        value = optional_number(record, "confidence")
    except BadRecordError:
        return None
    return value if value is not None and 0.5 <= value <= 1 else None


def is_true(value: Any) -> bool:
    """Whether a value is true, also as the text that a table has."""
    return value is True or (isinstance(value, str) and value.strip().casefold() == "true")


def scale_of_confidence(record: Mapping[str, Any]) -> Literal["other", "open", ""]:
    """Whether a record's confidence is no probability; a 1 may be one, or the least of 1 to 5."""
    try:
        value = optional_number(record, "confidence")
    except BadRecordError:
        return ""
    return "other" if value is not None and value > 1 else "open" if value == 1 else ""


def as_name(value: Any, longest: int) -> str:
    """A short text or a number as text, 1.0 as "1". Empty: it is nothing of the kind, or too long."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = str(value)
    return text if len(text) <= longest else ""


def as_word(value: Any) -> str:
    """A word or a number as a word in lower case: "A " is "a", and "1.0", as pandas writes a number, is "1"."""
    word = as_name(value, LONGEST_WORD).strip().casefold()
    whole, point, zero = word.partition(".")
    return whole if point and zero == "0" and whole.isdecimal() else word


def optional_flag(record: Mapping[str, Any], name: str) -> bool:
    """Whether a field says true or 1, also as a table writes them. Raises BadRecordError for neither yes nor no."""
    value = record.get(name)
    if value is None or value == "":
        return False
    word = str(value).casefold() if isinstance(value, bool) else as_word(value)
    if word not in FLAGS:
        reason = gettext_noop("The field %(name)s is %(value)s where true or false, 1 or 0 is expected.")
        raise BadRecordError("wrong_type", reason, name, name=repr(name), value=shortened(value))
    return FLAGS[word]


def optional_name(record: Mapping[str, Any], name: str, longest: int) -> str:
    """The value of a side field as text. Empty: absent, or it cannot be used; then `rest` keeps it as metadata."""
    return as_name(record.get(name), longest)


def optional_gold(record: Mapping[str, Any]) -> Preference | None:
    """The known verdict of gold: first (chosen), second, tie or both_bad. None: not gold, or a reference answer."""
    value = record.get("gold")
    return GOLD.get(value) if isinstance(value, str) else None


def optional_tags(record: Mapping[str, Any], longest: int) -> tuple[str, ...]:
    """The tags of a prompt: a list of short texts. Empty: absent, or something else, which stays metadata."""
    value = record.get("tags")
    listed = value if isinstance(value, list) else []
    return tuple(listed) if all(isinstance(tag, str) and 0 < len(tag) <= longest for tag in listed) else ()


def rest(record: Mapping[str, Any], *used: str) -> JsonObject:
    """The fields of a record that are not in `used`, and side fields whose value could not be used."""
    return {
        name: value
        for name, value in record.items()
        if name not in used or (name in SIDE_FIELDS and _is_left_aside(name, value))
    }


def check_completions(first: str, second: str, names: tuple[str, str]) -> None:
    """Raises BadRecordError if a completion looks empty, or a person sees no difference between both."""
    for text, name in zip((first, second), names, strict=True):
        if looks_empty(text):
            raise BadRecordError(
                "empty_completion", gettext_noop("The completion %(name)s is empty."), name, name=repr(name)
            )
    if first.strip() == second.strip():
        raise BadRecordError(
            "identical_completions",
            gettext_noop("The completions %(first)s and %(second)s are identical."),
            first=repr(names[0]),
            second=repr(names[1]),
        )
    if look_alike(first, second):
        reason = gettext_noop("The completions %(first)s and %(second)s look the same to a person.")
        raise BadRecordError("identical_completions", reason, first=repr(names[0]), second=repr(names[1]))


def sole_text(value: Any) -> str | None:
    """The text, also as the only element of a list; None: it is something else."""
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return value[0]
    return value if isinstance(value, str) else None


def kind_of(value: Any) -> str:
    """The name of a value's JSON type."""
    if value is None:
        return "null"
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
    return kinds.get(type(value), "value")


def shortened(value: Any) -> str:
    """A value for a refusal, in at most 40 characters."""
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _is_left_aside(name: str, value: Any) -> bool:
    return value not in (None, "") and not as_name(value, SIDE_FIELDS[name])
