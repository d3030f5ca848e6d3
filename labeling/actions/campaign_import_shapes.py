"""The shape of each line of the dialect `full`: its fields, whether they may be missing or null, and what is in them.

A line is checked as it is read, so everything behind this door finds the objects, lists and names that it expects.
`check_row` then compares the values with the columns that they are for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.phrases import Marked, Phrase, gettext_noop
from labeling.actions.campaign_import_checks import WrongLine
from labeling.exchange import JsonObject
from labeling.queries.campaign_record import ANSWER, EVENT, MEMBERSHIP_TIMES, ROUND
from labeling.queries.whole_campaign import COMPARISON, COMPLETION, JUDGMENT

VALUE_SHOWN = 60
"""Characters of a wrong value that a refusal shows."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of JSON value. words: for people, as in “must be a text”."""

    words: Marked
    holds: Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Field:
    """A field. shape: of the object that it is, or of each object in the list that it is; None: of none."""

    kind: Kind
    shape: Mapping[str, Field] | None = None
    may_be_null: bool = False
    may_be_missing: bool = False


def _is_time(value: Any) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


ANYTHING = Kind(gettext_noop("any value"), lambda value: True)
TEXT = Kind(gettext_noop("a text"), lambda value: isinstance(value, str))
NUMBER = Kind(gettext_noop("a whole number"), lambda value: isinstance(value, int) and not isinstance(value, bool))
TIME = Kind(gettext_noop("a time with its zone, as in 2026-11-30T09:00:00+00:00"), _is_time)
OBJECT = Kind(gettext_noop("an object"), lambda value: isinstance(value, dict))
LIST = Kind(gettext_noop("a list"), lambda value: isinstance(value, list))

VALUE = Field(ANYTHING)  # checked with its column
OPTIONAL = Field(ANYTHING, may_be_missing=True)
NAME, NAME_OR_NULL = Field(TEXT), Field(TEXT, may_be_null=True)
AT, AT_OR_NULL = Field(TIME), Field(TIME, may_be_null=True)
VERSION = Field(NUMBER, may_be_null=True)


def fields(*names: str, of: Field = VALUE) -> dict[str, Field]:
    """Several fields of one kind."""
    return dict.fromkeys(names, of)


def _known(*names: str) -> Field:
    setter = Field(TEXT, may_be_null=True, may_be_missing=True)
    return Field(OBJECT, fields(*names) | {"set_at": AT, "set_by": setter}, may_be_null=True)


_COMPLETION = fields(*COMPLETION) | {
    "text": NAME,
    "turns": Field(LIST, may_be_null=True, may_be_missing=True),
    "created_at": AT,
}
_ENTRY = fields("text", "answer") | {"published_by": NAME, "published_at": AT}
_QUESTION = fields("text", "status", "answer") | {
    "asked_at": AT,
    "decided_by": NAME_OR_NULL,
    "decided_at": AT_OR_NULL,
    "read_at": AT_OR_NULL,
    "faq": Field(OBJECT, _ENTRY, may_be_null=True),
}
_JUDGMENT = fields(*JUDGMENT, of=OPTIONAL) | {
    "choice": NAME,
    "criteria": Field(OBJECT),
    "guideline_version": VERSION,
    "created_at": AT,
    "superseded_at": AT_OR_NULL,
}
_ASSIGNMENT = fields("status", "slot", "left") | {
    "arm": OPTIONAL,
    "kind": NAME,
    "annotator": NAME,
    "leased_at": AT,
    "guideline_version": VERSION,
    "judgments": Field(LIST, _JUDGMENT),
    "questions": Field(LIST, _QUESTION, may_be_missing=True),
}
_VERDICT = fields("winner", "confidence", "settled_by", "reason") | {"settled_by_user": NAME_OR_NULL, "settled_at": AT}
_PRACTICE = _known("use", "winner", "explanation")
_MEMBERSHIP = fields("role", "read_version", of=OPTIONAL) | fields(
    *MEMBERSHIP_TIMES, of=Field(TIME, may_be_null=True, may_be_missing=True)
)
SHAPES: Mapping[str, Mapping[str, Field]] = {
    "campaign": {"name": NAME},
    "guidelines": fields("text", "demand") | {"number": Field(NUMBER), "created_at": AT}
    | {"created_by": Field(TEXT, may_be_missing=True)},
    "annotator": {
        "pseudonym": NAME,
        "is_simulated": VALUE,
        "is_outside": OPTIONAL,
        "membership": Field(OBJECT, _MEMBERSHIP, may_be_null=True, may_be_missing=True),
        "readings": Field(LIST, {"number": Field(NUMBER), "read_at": AT}, may_be_missing=True),
    },
    "prompt": fields("external_id", "tags", "metadata") | {
        "messages": Field(LIST, {}),
        "created_at": AT,
        "retired_at": AT_OR_NULL,
        "completions": Field(LIST, _COMPLETION),
    },
    "comparison": fields(*COMPARISON, "retired_with_prompt") | {
        "arm": OPTIONAL,
        "prompt": NAME,
        "a": Field(OBJECT, _COMPLETION),
        "b": Field(OBJECT, _COMPLETION),
        "created_at": AT,
        "verdict": Field(OBJECT, _VERDICT, may_be_null=True),
        "gold": _known("winner", "reason"),
        "practice": _PRACTICE,
        "assignments": Field(LIST, _ASSIGNMENT),
    },
    "round": fields(*ROUND) | {
        "annotator": NAME,
        "guideline_version": VERSION,
        "started_at": AT,
        "finished_at": AT_OR_NULL,
        "answers": Field(LIST, fields(*ANSWER) | {"pair": NAME, "answered_at": AT_OR_NULL}),
    },
    "faq": _ENTRY,
    "grouping": {
        "name": NAME,
        "was_found": VALUE,
        "at": AT,
        "groups": Field(LIST, {"name": NAME, "members": Field(LIST)}),
    },
    "event": fields(*EVENT) | {"at": AT, "actor": NAME, "before": Field(OBJECT), "after": Field(OBJECT)},
}  # fmt: skip
"""The fields of each type of line. Files of earlier versions lack those that may be missing."""


def check_shape(number: int, line: JsonObject) -> None:
    """Raises WrongLine, which names the field, where a line lacks one that it needs or has another kind of value."""
    _check(number, "", line, SHAPES[line["type"]])


def _check(number: int, place: str, found: JsonObject, shape: Mapping[str, Field]) -> None:
    for name, field in shape.items():
        if name not in found:
            if field.may_be_missing:
                continue
            raise WrongLine(number, gettext_noop("Line %(line)s: the field %(name)s is missing."), name=place + name)
        value = found[name]
        if value is None and field.may_be_null:
            continue
        if not field.kind.holds(value):
            raise _wrong(number, place + name, value, field.kind)
        if field.shape is None:
            continue
        if field.kind is OBJECT:
            _check(number, f"{place}{name}.", value, field.shape)
            continue
        for position, one in enumerate(value, 1):
            if not isinstance(one, dict):
                raise _wrong(number, f"{place}{name}[{position}]", one, OBJECT)
            _check(number, f"{place}{name}[{position}].", one, field.shape)


def _wrong(number: int, place: str, value: Any, kind: Kind) -> WrongLine:
    shown = json.dumps(value, ensure_ascii=False)[:VALUE_SHOWN]
    text = gettext_noop("Line %(line)s: the field %(name)s must be %(kind)s, and is %(value)s.")
    return WrongLine(number, text, name=place, kind=Phrase(kind.words), value=shown)
