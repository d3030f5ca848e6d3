"""Every error of the API in one shape: problem details (RFC 9457), with a stable type and a sentence that says what to
do."""

import logging
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.signals import got_request_exception
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from labeling.errors import DomainError

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:chosen:problem:"

logger = logging.getLogger("django.request")

SENTENCES = {
    exceptions.NotAuthenticated: "Sign in, or send a token: Authorization: Bearer <token>.",
    Http404: "There is nothing at this address.",
    PermissionDenied: "You may not do that.",
}


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response:
    """What DRF answers when a view raises."""
    if isinstance(error, DomainError):
        errors = [{"field": name, "detail": text} for name, text in error.fields.items()]
        return problem(error.type, error.status, error.message, errors=errors)
    if isinstance(error, exceptions.ValidationError):
        errors = list(_fields(error.detail))
        told = "; ".join(f"{one['field']}: {one['detail']}" if one["field"] else one["detail"] for one in errors)
        return problem("invalid", HTTPStatus.UNPROCESSABLE_ENTITY, told, errors=errors)
    if isinstance(error, Http404):
        return problem("not-found", HTTPStatus.NOT_FOUND, SENTENCES[Http404])
    if isinstance(error, PermissionDenied):
        return problem("not-allowed", HTTPStatus.FORBIDDEN, str(error) or SENTENCES[PermissionDenied])
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    return _unexpected(error, context)


def problem(kind: str, status: int, detail: str, *, errors: list[dict[str, str]] | None = None) -> Response:
    """An answer in the shape of all errors. errors: which inputs are wrong, where that can be said."""
    body: dict[str, Any] = {
        "type": f"{TYPE_PREFIX}{kind}",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return Response(body, status=int(status), content_type=MEDIA_TYPE)


def _of_framework(error: exceptions.APIException) -> Response:
    code = error.default_code.replace("_", "-")
    detail = SENTENCES.get(type(error)) or str(error.detail)
    answer = problem(code, error.status_code, detail)
    if header := getattr(error, "auth_header", None):
        answer["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        answer["Retry-After"] = str(int(wait))
    return answer


def _unexpected(error: Exception, context: Mapping[str, Any]) -> Response:
    """A fault of ours: logged whole, told in one sentence. The signal lets test clients and monitors see it."""
    request = context.get("request")
    logger.error("The API failed at %s", getattr(request, "path", "?"), exc_info=error)
    got_request_exception.send(sender=None, request=request)
    return problem("server-error", HTTPStatus.INTERNAL_SERVER_ERROR, "Something broke on our side. Try again later.")


def _fields(detail: Any, name: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested validation errors as a flat list; fields within fields are joined by dots."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            own = "" if key == "non_field_errors" else str(key)
            yield from _fields(inner, f"{name}.{own}".strip("."))
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            yield from _fields(inner, f"{name}.{number}" if isinstance(inner, Mapping) else name)
    else:
        yield {"field": name, "detail": str(detail)}
