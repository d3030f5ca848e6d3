"""Every error of the API as problem details (RFC 9457): a stable type, and a sentence that says what to do.

The type is an address on this server; the page there explains the problem (labeling.api.views.problems).
"""

import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, JsonResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response

from common.disk import NO_ROOM, is_for_want_of_room
from common.errors import DomainError

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "/problems/"

DATABASE_AWAY = "The database does not answer. Send the call again in a few seconds."
RETRY_AFTER = "5"
WRONG_REQUEST = "The server does not answer under this host name, or the request is damaged."

logger = logging.getLogger("django.request")


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One type of problem, as its page shows it. meaning: the cause and what to do about it."""

    name: str
    status: int
    meaning: str | Promise

    @property
    def title(self) -> str:
        return HTTPStatus(self.status).phrase


OF_THE_FRAMEWORK = (
    ProblemType("parse-error", 400, _("The body is not what its content type says. Send well-formed JSON.")),
    ProblemType(
        "wrong-cursor", 400, _("The cursor is none of this list. Follow the addresses in `next` and `previous`.")
    ),
    ProblemType(
        "wrong-request", 400, _("The host name is none of this server's (ALLOWED_HOSTS), or the request is damaged.")
    ),
    ProblemType("not-authenticated", 401, _("Sign in, or send a token: Authorization: Bearer <token>.")),
    ProblemType("authentication-failed", 401, _("The token is unknown, revoked or expired. Create a new one.")),
    ProblemType(
        "permission-denied", 403, _("The CSRF token is missing: the call does not come from one of our pages.")
    ),
    ProblemType(
        "method-not-allowed", 405, _("This address does not support the method; the API description lists them.")
    ),
    ProblemType("not-acceptable", 406, _("Responses are JSON. Accept application/json.")),
    ProblemType("body-too-large", 413, _("Only imports may be this large. Send them as files.")),
    ProblemType(
        "no-room", 507, _("The server's disk has no room for this. Send it again once an admin has made room.")
    ),
    ProblemType("unsupported-media-type", 415, _("Send application/json, or the file itself for an import.")),
    ProblemType("import-refused", 422, _("Records were rejected, so nothing was imported; the report names them.")),
    ProblemType("throttled", 429, _("Too many calls in one minute. Wait for the seconds in Retry-After.")),
    ProblemType("database-away", 503, _("The database does not answer. Send the call again in a few seconds.")),
    ProblemType("server-error", 500, _("The server failed, and the error was logged. Try again later.")),
)


def problem_types() -> list[ProblemType]:
    """Every type of problem, by name: the domain's, with the sentences of their errors, and the framework's."""
    types = {one.name: one for one in OF_THE_FRAMEWORK}
    for kind in _kinds(DomainError):
        if kind.type != DomainError.type:
            types[kind.type] = ProblemType(kind.type, kind.status, kind.meaning())
    return sorted(types.values(), key=lambda one: one.name)


def _kinds(base: type[DomainError]) -> Iterator[type[DomainError]]:
    for kind in base.__subclasses__():
        yield from _kinds(kind)
        yield kind


SENTENCES = {
    exceptions.NotAuthenticated: "Sign in, or send a token: Authorization: Bearer <token>.",
    Http404: "There is nothing at this address.",
    PermissionDenied: "You may not do that.",
}


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """The response to an exception in a view."""
    if isinstance(error, DomainError):
        errors = [{"field": name, "detail": text} for name, text in error.fields.items()]
        return problem(error.type, error.status, error.message, errors=errors)
    if isinstance(error, exceptions.ValidationError):
        errors = list(_fields(error.detail))
        detail = "; ".join(f"{one['field']}: {one['detail']}" if one["field"] else one["detail"] for one in errors)
        return problem("invalid", HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=errors)
    if isinstance(error, Http404):
        return problem("not-found", HTTPStatus.NOT_FOUND, SENTENCES[Http404])
    if isinstance(error, PermissionDenied):
        return problem("not-allowed", HTTPStatus.FORBIDDEN, str(error) or SENTENCES[PermissionDenied])
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    if is_for_want_of_room(error):
        logger.error("The disk is full at %s: %s", getattr(context.get("request"), "path", "?"), error)
        return problem("no-room", HTTPStatus.INSUFFICIENT_STORAGE, NO_ROOM)
    if isinstance(error, (OperationalError, InterfaceError)):
        return _database_away(error, context)
    return _unexpected(error, context)


def problem(kind: str, status: int, detail: str, *, errors: list[dict[str, str]] | None = None) -> Response:
    """A problem details response. errors: the invalid inputs, if they are known."""
    body = _body(kind, status, detail)
    if errors:
        body["errors"] = errors
    return Response(body, status=int(status), content_type=MEDIA_TYPE)


def problem_outside_views(kind: str, status: int, detail: str) -> JsonResponse:
    """The same, for refusals that no view of the API makes: of an address, of a body, of a server in trouble."""
    return JsonResponse(_body(kind, status, detail), status=int(status), content_type=MEDIA_TYPE)


def _body(kind: str, status: int, detail: str) -> dict[str, Any]:
    title = HTTPStatus(status).phrase
    return {"type": f"{TYPE_PREFIX}{kind}", "title": title, "status": int(status), "detail": detail}


def _of_framework(error: exceptions.APIException) -> Response:
    code = error.default_code.replace("_", "-")
    detail = SENTENCES.get(type(error)) or str(error.detail)
    if isinstance(error, exceptions.Throttled):
        detail = f"Too many calls. Try again in {math.ceil(getattr(error, 'wait', None) or 1)} seconds."
    response = problem(code, error.status_code, detail)
    if header := getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        response["Retry-After"] = str(int(wait))
    return response


def _database_away(error: Exception, context: Mapping[str, Any]) -> Response:
    """503: no connection, a broken one, or a statement that took too long. A client tries again, nothing is lost."""
    logger.warning("The database is away at %s: %s", getattr(context.get("request"), "path", "?"), error)
    response = problem("database-away", HTTPStatus.SERVICE_UNAVAILABLE, DATABASE_AWAY)
    response["Retry-After"] = RETRY_AFTER
    return response


def _unexpected(error: Exception, context: Mapping[str, Any]) -> Response:
    """A server error: logged in full, reported in one sentence. The signal shows it to test clients and monitors."""
    request = context.get("request")
    logger.error("The API failed at %s", getattr(request, "path", "?"), exc_info=error)
    got_request_exception.send(sender=None, request=request)
    return problem("server-error", HTTPStatus.INTERNAL_SERVER_ERROR, "The server failed. Try again later.")


def _fields(detail: Any, name: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested validation errors as a flat list; names of nested fields are joined by dots."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            own = "" if key == "non_field_errors" else str(key)
            yield from _fields(inner, f"{name}.{own}".strip("."))
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            yield from _fields(inner, f"{name}.{number}" if isinstance(inner, Mapping) else name)
    else:
        yield {"field": name, "detail": str(detail)}
