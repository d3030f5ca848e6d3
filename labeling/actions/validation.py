"""The rules that a row's model states (lengths, ranges, choices, `clean`), checked before the row is written."""

from collections.abc import Collection
from typing import TypeVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils.translation import gettext

from common.errors import Invalid
from labeling.models import Winner

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


def check_winner(winner: str) -> None:
    """Raises Invalid unless a verdict can have this winner."""
    if winner not in Winner.values:
        known = ", ".join(Winner.values)
        raise Invalid(
            gettext("There is no winner %(winner)s. Known are %(known)s.") % {"winner": repr(winner), "known": known},
            fields={"winner": gettext("One of %(known)s.") % {"known": known}},
        )


def checked_text(name: str, text: str, *, most: int) -> str:
    """A text of somebody, without spaces around it. Raises Invalid for an empty, a too long, or an unstorable one."""
    text = text.strip()
    if not text:
        raise Invalid.of(name, gettext("Write something first."))
    if len(text) > most:
        raise Invalid.of(name, gettext("The text has at most %(most)s characters.") % {"most": most})
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise Invalid.of(
            name, gettext("The text holds a character that cannot be stored (NUL or half a surrogate pair).")
        )
    return text


def checked_reason(reason: str) -> str:
    """The reason for a decision, without spaces around it. Raises Invalid for an empty one."""
    if not reason.strip():
        raise Invalid.of("reason", gettext("Give a reason: it is kept in the log."))
    return reason.strip()
