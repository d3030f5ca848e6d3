"""A model's own rules (lengths, ranges, choices) checked before it is written, as a domain error."""

from collections.abc import Collection
from typing import TypeVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models

from common.errors import Invalid

Row = TypeVar("Row", bound=models.Model)


def checked(row: Row, *, exclude: Collection[str] = ()) -> Row:
    """The same row, if its values keep the rules of its fields. Raises Invalid, naming each field."""
    try:
        # Uniqueness is the database's business: asking first would only narrow the race.
        row.clean_fields(exclude=set(exclude))
    except ValidationError as error:
        fields = {name: " ".join(texts) for name, texts in error.message_dict.items()}
        told = "; ".join(text if name == NON_FIELD_ERRORS else f"{name}: {text}" for name, text in fields.items())
        raise Invalid(told, fields=fields) from error
    return row
