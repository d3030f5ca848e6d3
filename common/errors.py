"""Domain errors: named where they are raised, turned into a response once, by the edge."""

from collections.abc import Mapping
from typing import ClassVar, Self

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """The base of all domain errors. Its message is a sentence for people that says what to do.

    type: a stable name for programs. status: the HTTP status of the response. sentence: the message, unless the raiser
    has a more exact one; it may have named places ("%(name)s"), whose values the raiser gives. The page about the type
    shows it as well. fields: the inputs that are wrong, each with a reason.
    """

    type = "error"
    status = 400
    sentence: ClassVar[str | Promise] = ""

    def __init__(self, message: str = "", *, fields: Mapping[str, str] | None = None, **values: object) -> None:
        self.message = message or str(self.sentence) % values
        super().__init__(self.message)
        self.fields: Mapping[str, str] = fields or {}

    @classmethod
    def meaning(cls) -> str:
        """The sentence of this type, with an ellipsis in each named place."""
        return str(cls.sentence) % _Ellipses()


class _Ellipses(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "…"


class NotAllowed(DomainError):
    """The person may know of it, and may not do this to it."""

    type = "not-allowed"
    status = 403
    sentence = _("You do not have permission to do this.")


class NotFound(DomainError):
    """It does not exist, or the person must not know that it does."""

    type = "not-found"
    status = 404
    sentence = _("There is nothing here, or nothing that you have access to.")


class Conflict(DomainError):
    """The state of things does not allow it."""

    type = "conflict"
    status = 409
    sentence = _("This is not possible in the present state.")


class Overtaken(Conflict):
    """Somebody else has saved what a form was filled in from."""


class SavedMeanwhile(Overtaken):
    """Somebody else has saved its next number."""

    type = "saved-meanwhile"
    sentence = _("Number %(number)s was saved meanwhile. Look at it; saving again puts yours in its place.")


class ChangedMeanwhile(Overtaken):
    """Somebody else has saved other values of the row itself.

    stored: those that differ from what the form was filled in from, by name.
    """

    type = "changed-meanwhile"
    sentence = _("Somebody saved these settings meanwhile. Look at them; saving again puts yours in their place.")

    def __init__(self, stored: Mapping[str, object]) -> None:
        self.stored = stored
        super().__init__(fields=dict.fromkeys(stored, str(_("Somebody changed this meanwhile."))))


class Invalid(DomainError):
    """The input is wrong."""

    type = "invalid"
    status = 422
    sentence = _("The input is not valid. Nothing was changed.")

    @classmethod
    def of(cls, name: str, reason: str) -> Self:
        """The error of one input: its reason is the message as well."""
        return cls(reason, fields={name: reason})
