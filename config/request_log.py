"""The request, job and person (by pseudonym) of a log line. With LOG_FORMAT=json each line is one object."""

import json
import logging
import re
import time
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, unquote

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import LazyObject, empty

HEADER = "X-Request-ID"
GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
"""The ids of a proxy that are taken over."""

request_of_line: ContextVar[HttpRequest | None] = ContextVar("request_of_line", default=None)
job_of_line: ContextVar[str] = ContextVar("job_of_line", default="")

logger = logging.getLogger("chosen.requests")


class RequestLogMiddleware:
    """Gives each request an id, which the response tells too. In JSON, logs each request as one line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get(HEADER, "")
        request.log_id = given if GIVEN.fullmatch(given) else uuid.uuid4().hex  # type: ignore[attr-defined]
        token, begun = request_of_line.set(request), time.perf_counter()
        try:
            response = self.get_response(request)
            response.headers.setdefault(HEADER, request.log_id)  # type: ignore[attr-defined]
            if settings.LOG_FORMAT == "json":
                logger.info("%s %s", request.method, route_of(request), extra={"figures": _figures(response, begun)})
            return response
        finally:
            request_of_line.reset(token)


def _figures(response: HttpResponseBase, begun: float) -> dict[str, Any]:
    return {"status": response.status_code, "ms": round(1000 * (time.perf_counter() - begun), 1)}


def route_of(request: HttpRequest) -> str:
    """The name of the address that was asked for, never the address itself: those hold names and secrets."""
    match = request.resolver_match
    return (match.view_name if match else "") or "unknown"


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, logger, message; and request, person and job, where there are any."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        about = getattr(record, "request", None)  # Django's lines about a request name it
        request = about if isinstance(about, HttpRequest) else request_of_line.get()
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _by_route(record.getMessage(), request),
            **_belonging(),
            **getattr(record, "figures", {}),
        }
        if record.exc_info:
            line["exception"] = _by_route(self.formatException(record.exc_info), request)
        return json.dumps(line, ensure_ascii=False, default=str)


def _by_route(text: str, request: HttpRequest | None) -> str:
    """The text with the route in place of the request's address, which may hold names: Django's own lines have it."""
    if request is None or len(request.path) < 2:
        return text
    for address in (request.get_full_path(), unquote(request.get_full_path()), request.path, quote(request.path)):
        text = text.replace(address, route_of(request))
    return text


def _belonging() -> dict[str, str]:
    request = request_of_line.get()
    found = {"job": job_of_line.get(), "request": getattr(request, "log_id", ""), "person": _pseudonym(request)}
    return {name: value for name, value in found.items() if value}


def _pseudonym(request: HttpRequest | None) -> str:
    """Of the person, if the request has asked who it is: a log line never asks the database."""
    user = request.__dict__.get("user") if request else None
    if isinstance(user, LazyObject):
        user = user.__dict__.get("_wrapped")
    return getattr(user, "pseudonym", "") if user is not empty else ""
