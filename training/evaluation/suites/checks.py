"""Checks of a scenario: what a text must, or must not, be like. Automatic ones are decided here.

A check answers passed, failed or unknown. A check that cannot be carried out (a pattern that takes too long, a schema
that never ends) is unknown with its reason: the failure of an evaluator is never a low score.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import regex
from jsonschema import SchemaError, ValidationError

from common.text.patterns import compiled
from training.evaluation.suites.errors import WrongScenario, gettext_noop
from training.evaluation.suites.schemas import check_schema, first_fault, strict_json

Outcome = Literal["passed", "failed", "unknown"]
Unit = Literal["characters", "words"]

SECONDS = 1.0
"""The longest that one check may take on one text."""
PATTERN_CHARACTERS = 1000
QUESTION_CHARACTERS = 4000
SCHEMA_CHARACTERS = 20_000
REASON_CHARACTERS = 200

TOO_SLOW = gettext_noop("The pattern took longer than a second on this text.")
TOO_SLOW_SCHEMA = gettext_noop("The schema took longer than a second on this text.")
WAITS_FOR_PERSON = gettext_noop("A person has not answered yet.")
WAITS_FOR_JUDGE = gettext_noop("The model judge has not answered yet.")
NOT_CARRIED_OUT = gettext_noop("The check could not be carried out: %(error)s")
FAILED_PATTERN = gettext_noop("It lacks “%(pattern)s”.")
FAILED_FORBIDDEN = gettext_noop("It has “%(found)s”, which “%(pattern)s” forbids.")
TOO_SHORT = {
    "characters": gettext_noop("It has %(count)s characters; at least %(least)s are needed."),
    "words": gettext_noop("It has %(count)s words; at least %(least)s are needed."),
}
TOO_LONG = {
    "characters": gettext_noop("It has %(count)s characters; at most %(most)s are allowed."),
    "words": gettext_noop("It has %(count)s words; at most %(most)s are allowed."),
}
NOT_JSON = gettext_noop("It is not JSON: %(error)s")
NOT_BY_SCHEMA = gettext_noop("It does not follow the schema: %(error)s")

TEXT_NEEDED = gettext_noop("A check of kind “%(kind)s” needs “%(name)s”: a text of at most %(most)s characters.")
BAD_PATTERN = gettext_noop("The pattern “%(pattern)s” cannot be read: %(error)s")
BAD_LENGTH = gettext_noop("A length check needs “least” or “most”, whole numbers from 0, the least not above the most.")
BAD_UNIT = gettext_noop("The unit of a length is characters or words.")
BAD_SCHEMA = gettext_noop("The schema cannot be used: %(error)s")
LONG_SCHEMA = gettext_noop("A schema has at most %(most)s characters.")
UNKNOWN_KIND = gettext_noop("There is no check of kind “%(kind)s”. There are: %(kinds)s.")
UNKNOWN_FIELD = gettext_noop("A check of kind “%(kind)s” has no field “%(name)s”.")
NOT_AN_OBJECT = gettext_noop("A check is a JSON object with a kind.")
NOT_YES_OR_NO = gettext_noop("“ignore_case” is true or false.")


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """The outcome of one check on one text. text: the reason, empty if passed; it may name values."""

    outcome: Outcome
    text: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"outcome": self.outcome, "text": self.text, "values": dict(self.values)}


PASSED = CheckOutcome("passed")


@dataclass(frozen=True, slots=True)
class PatternCheck:
    """A regular expression that a text must have, or must not have where it is forbidden."""

    pattern: str
    ignore_case: bool = True
    forbidden: bool = False

    @property
    def kind(self) -> str:
        return "forbidden" if self.forbidden else "pattern"

    def __post_init__(self) -> None:
        try:
            self._compiled()
        except Exception as error:  # regex raises others beside its own, such as RecursionError
            raise WrongScenario(BAD_PATTERN, pattern=self.pattern, error=_short(error)) from error

    def _compiled(self) -> Any:
        return compiled(self.pattern, regex.IGNORECASE if self.ignore_case else 0)

    def outcome(self, text: str) -> CheckOutcome:
        try:
            found = self._compiled().search(text, timeout=SECONDS)
        except TimeoutError:
            return CheckOutcome("unknown", TOO_SLOW)
        if (found is None) == self.forbidden:
            return PASSED
        if found is None:
            return CheckOutcome("failed", FAILED_PATTERN, {"pattern": self.pattern})
        values = {"pattern": self.pattern, "found": found.group(0)[:REASON_CHARACTERS]}
        return CheckOutcome("failed", FAILED_FORBIDDEN, values)

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "pattern": self.pattern, **({} if self.ignore_case else {"ignore_case": False})}


@dataclass(frozen=True, slots=True)
class LengthCheck:
    """Bounds of a text's length, in characters or words, both inclusive."""

    least: int | None
    most: int | None
    unit: Unit
    kind: str = "length"

    def outcome(self, text: str) -> CheckOutcome:
        count = len(text) if self.unit == "characters" else len(text.split())
        if self.least is not None and count < self.least:
            return CheckOutcome("failed", TOO_SHORT[self.unit], {"count": count, "least": self.least})
        if self.most is not None and count > self.most:
            return CheckOutcome("failed", TOO_LONG[self.unit], {"count": count, "most": self.most})
        return PASSED

    def as_json(self) -> dict[str, Any]:
        bounds = {name: value for name, value in (("least", self.least), ("most", self.most)) if value is not None}
        return {"kind": "length", **bounds, "unit": self.unit}


@dataclass(frozen=True, slots=True)
class SchemaCheck:
    """A JSON schema (draft 2020-12) that the whole text must follow."""

    schema: Mapping[str, Any]
    kind: str = "json_schema"

    def __post_init__(self) -> None:
        try:
            if len(json.dumps(self.schema, allow_nan=False)) > SCHEMA_CHARACTERS:
                raise WrongScenario(LONG_SCHEMA, most=SCHEMA_CHARACTERS)
            check_schema(self.schema)
        except (SchemaError, RecursionError, TypeError, ValueError) as error:
            if isinstance(error, WrongScenario):
                raise
            raise WrongScenario(BAD_SCHEMA, error=_short(error)) from error

    def outcome(self, text: str) -> CheckOutcome:
        try:
            value = strict_json(text)
        except (ValueError, RecursionError) as error:
            return CheckOutcome("failed", NOT_JSON, {"error": _short(error)})
        try:
            fault = first_fault(self.schema, value, SECONDS)
        except TimeoutError:
            return CheckOutcome("unknown", TOO_SLOW_SCHEMA)
        if fault is None:
            return PASSED
        return CheckOutcome("failed", NOT_BY_SCHEMA, {"error": _short(fault)})

    def as_json(self) -> dict[str, Any]:
        return {"kind": "json_schema", "schema": dict(self.schema)}


@dataclass(frozen=True, slots=True)
class PersonCheck:
    """A question about the text that a person answers with yes (it passes) or no."""

    question: str
    kind: str = "person"

    def outcome(self, text: str) -> CheckOutcome:
        return CheckOutcome("unknown", WAITS_FOR_PERSON)

    def as_json(self) -> dict[str, Any]:
        return {"kind": "person", "question": self.question}


@dataclass(frozen=True, slots=True)
class JudgeCheck:
    """A written rubric that a model judge applies to the text."""

    rubric: str
    kind: str = "judge"

    def outcome(self, text: str) -> CheckOutcome:
        return CheckOutcome("unknown", WAITS_FOR_JUDGE)

    def as_json(self) -> dict[str, Any]:
        return {"kind": "judge", "rubric": self.rubric}


Check = PatternCheck | LengthCheck | SchemaCheck | PersonCheck | JudgeCheck

FIELDS = {
    "pattern": ("pattern", "ignore_case"),
    "forbidden": ("pattern", "ignore_case"),
    "length": ("least", "most", "unit"),
    "json_schema": ("schema",),
    "person": ("question",),
    "judge": ("rubric",),
}
"""The kinds of checks, and the fields of each beside its kind."""


def parse_check(given: Any) -> Check:
    """The check that a JSON object describes. Raises WrongScenario."""
    if not isinstance(given, Mapping):
        raise WrongScenario(NOT_AN_OBJECT)
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in FIELDS:
        raise WrongScenario(UNKNOWN_KIND, kind=kind, kinds=", ".join(FIELDS))
    if strange := next((name for name in given if name != "kind" and name not in FIELDS[kind]), None):
        raise WrongScenario(UNKNOWN_FIELD, kind=kind, name=strange)
    if kind in ("pattern", "forbidden"):
        ignore_case = given.get("ignore_case", True)
        if not isinstance(ignore_case, bool):
            raise WrongScenario(NOT_YES_OR_NO)
        pattern = _text(given, "pattern", PATTERN_CHARACTERS)
        return PatternCheck(pattern, ignore_case, forbidden=kind == "forbidden")
    if kind == "length":
        return _length(given)
    if kind == "json_schema":
        if not isinstance(given.get("schema"), Mapping):
            raise WrongScenario(BAD_SCHEMA, error="a JSON object is needed")
        return SchemaCheck(given["schema"])
    if kind == "person":
        return PersonCheck(_text(given, "question", QUESTION_CHARACTERS))
    return JudgeCheck(_text(given, "rubric", QUESTION_CHARACTERS))


def _text(given: Mapping[str, Any], name: str, most: int) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > most or "\x00" in value:
        raise WrongScenario(TEXT_NEEDED, kind=given["kind"], name=name, most=most)
    return value


def _length(given: Mapping[str, Any]) -> LengthCheck:
    least, most, unit = given.get("least"), given.get("most"), given.get("unit", "characters")
    bounds = [bound for bound in (least, most) if bound is not None]
    whole = all(isinstance(bound, int) and not isinstance(bound, bool) and bound >= 0 for bound in bounds)
    if not bounds or not whole or bounds != sorted(bounds):
        raise WrongScenario(BAD_LENGTH)
    if unit not in ("characters", "words"):
        raise WrongScenario(BAD_UNIT)
    return LengthCheck(least, most, unit)


def outcomes_of(checks: tuple[Check, ...], text: str) -> list[CheckOutcome]:
    """The outcome of each check, in order. One that fails itself is unknown, and the others are still carried out."""
    return [_carried_out(check, text) for check in checks]


def _carried_out(check: Check, text: str) -> CheckOutcome:
    try:
        return check.outcome(text)
    except Exception as error:  # whatever a library raises, the model did nothing wrong
        return CheckOutcome("unknown", NOT_CARRIED_OUT, {"error": f"{type(error).__name__}: {_short(error)}"})


def overall(outcomes: list[Outcome]) -> Outcome:
    """The outcome of a scenario: failed if a check failed, else unknown if one is unknown or there is none."""
    if "failed" in outcomes:
        return "failed"
    return "unknown" if "unknown" in outcomes or not outcomes else "passed"


def _short(error: Exception) -> str:
    message = error.message if isinstance(error, ValidationError | SchemaError) else str(error)
    return " ".join(message.split())[:REASON_CHARACTERS] or type(error).__name__
