"""What goes wrong in the domain, named. Raised by actions; turned into an answer once, at the edge."""

from collections.abc import Mapping


class DomainError(Exception):
    """The base of all domain errors: a sentence for people that says what to do.

    type: a stable name for programs. status: the HTTP status an edge answers with.
    fields: which inputs are wrong and why, where that can be said.
    """

    type = "error"
    status = 400

    def __init__(self, message: str, *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields: Mapping[str, str] = fields or {}


class NotAllowed(DomainError):
    """This person may see it, and may not do that."""

    type = "not-allowed"
    status = 403


class NotFound(DomainError):
    """It does not exist, or this person must not know that it does."""

    type = "not-found"
    status = 404


class Conflict(DomainError):
    """It cannot be done in the state that things are in."""

    type = "conflict"
    status = 409


class Invalid(DomainError):
    """What was sent makes no sense; nothing was changed."""

    type = "invalid"
    status = 422
