"""The rules that a row's model states (lengths, ranges, choices, `clean`), checked before the row is written."""

from collections.abc import Collection
from typing import TypeVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models

from common.errors import Invalid

Row = TypeVar("Row", bound=models.Model)


def checked(row: Row, *, exclude: Collection[str] = (), refusal: type[Invalid] = Invalid) -> Row:
    """Returns the row if it keeps the rules of its model. Raises `refusal`, which names each wrong field.

    exclude: fields that are not checked.
    """
    try:
        # Uniqueness is the database's business: asking first would only narrow the race.
        row.clean_fields(exclude=set(exclude))
        row.clean()
    except ValidationError as error:
        fields = {name: " ".join(texts) for name, texts in error.message_dict.items()}
        texts = (text if name == NON_FIELD_ERRORS else f"{name}: {text}" for name, text in fields.items())
        raise refusal("; ".join(texts), fields=fields) from error
    return row
