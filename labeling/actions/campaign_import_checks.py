"""Checks of the values in a file of a whole campaign, against the columns that they are for."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models

from common.phrases import Marked, Phrase, gettext_noop
from labeling.exchange import OF_LINE

Key = TypeVar("Key")
Value = TypeVar("Value")
MOST_SHOWN, NAME_SHOWN = 300, 80
"""Characters of messages, and of a name."""


class WrongLine(Exception):
    """A line that cannot be imported. The sentence has a place for its number: %(line)s."""

    def __init__(self, number: int, sentence: Marked, **values: Any) -> None:
        super().__init__(Phrase(sentence, line=number, **values))


class NotBefore(LookupError):
    """A line names something that no line before it holds. phrase: which, as a part of a sentence."""

    def __init__(self, phrase: Phrase) -> None:
        super().__init__(phrase)
        self.phrase = phrase


class Known(dict[Key, Value]):
    """The rows of the lines so far, by name. Looking for anything else raises NotBefore.

    sentence: has a place for the name: %(name)s.
    """

    def __init__(self, sentence: Marked) -> None:
        super().__init__()
        self.sentence = sentence

    def __missing__(self, key: Key) -> Value:
        raise NotBefore(Phrase(self.sentence, name=repr(key)[:NAME_SHOWN]))


TYPES: tuple[tuple[type[models.Field[Any, Any]], tuple[type, ...]], ...] = (
    (models.BooleanField, (bool,)),
    (models.IntegerField, (int,)),
    (models.FloatField, (int, float)),
    (models.CharField, (str,)),
    (models.TextField, (str,)),
)
"""The JSON values of columns. Django's own checks would turn others into text or numbers."""


def check_row(number: int, row: models.Model) -> None:
    """Raises WrongLine for values that the columns of a row cannot have. References are those that we made."""
    unchecked = []
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        is_empty = (value is None and field.null) or (isinstance(field, models.JSONField) and value in ({}, []))
        if field.is_relation or field.primary_key or is_empty:
            unchecked.append(field.name)
            continue
        if not _is_of_type(field, value):
            text = gettext_noop("Line %(line)s: %(name)s is %(value)s, which is of another type.")
            raise WrongLine(number, text, name=field.name, value=repr(str(value)[:60]))
    try:
        row.clean_fields(exclude=unchecked)
    except ValidationError as error:
        raise WrongLine(number, OF_LINE, reason=messages_of(error)) from error


def _is_of_type(field: models.Field[Any, Any], value: Any) -> bool:
    if isinstance(field, ArrayField):
        return isinstance(value, list) and all(_is_of_type(field.base_field, each) for each in value)
    known = [types for kind, types in TYPES if isinstance(field, kind)]
    return all(isinstance(value, types) and (bool in types or not isinstance(value, bool)) for types in known)


def messages_of(error: ValidationError) -> str:
    """The messages of Django's checks, each with the fields that it is about."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)[:MOST_SHOWN]
    return "; ".join(f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items())[:MOST_SHOWN]


def moment(text: Any) -> datetime:
    """The time that a text in ISO 8601 names, with its zone. Raises ValueError, TypeError."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"the time {text!r} has no time zone")
    return at


def moment_or_none(text: Any) -> datetime | None:
    """The same, where a time may be missing."""
    return None if text is None else moment(text)
