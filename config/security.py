"""Headers of every response: what a page may load (only our own files), and who may keep the response.

Also the answer to addresses that do not exist.
"""

import sys
from collections.abc import Callable

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.defaults import bad_request, page_not_found
from django.views.defaults import server_error as plain_server_error

from common.disk import NO_ROOM, is_for_want_of_room
from labeling.api.problems import DATABASE_AWAY, RETRY_AFTER, WRONG_REQUEST, problem_outside_views

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)


class ContentSecurityPolicyMiddleware:
    """Sets the policy on every response. Completions are hostile input: this is the second barrier after sanitising."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        if settings.SESSION_COOKIE_NAME in request.COOKIES or "Authorization" in request.headers:
            # People's texts: no shared cache may keep them, and no browser shows them after signing out.
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page, or under /api/ the problem."""
    if not request.path.startswith("/api/"):
        return page_not_found(request, exception)
    detail = "There is nothing at this address. The API description lists all addresses."
    return problem_outside_views("not-found", 404, detail)


def wrong_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page of a refused request, or under /api/ the problem: a host name that is not ours, a damaged address."""
    if not request.path.startswith("/api/"):
        return bad_request(request, exception)
    return problem_outside_views("wrong-request", 400, WRONG_REQUEST)


AWAY = (OperationalError, InterfaceError)
"""No connection to the database, a broken one, or a statement that took too long."""


def server_error(request: HttpRequest) -> HttpResponse:
    """The page of a server error. On a full disk it is a 507; while the database is away a 503. Nothing is lost."""
    error = sys.exc_info()[1]
    response: HttpResponse
    if is_for_want_of_room(error):
        if request.path.startswith("/api/"):
            return problem_outside_views("no-room", 507, NO_ROOM)
        return render(request, "507.html", status=507)
    if not isinstance(error, AWAY):
        return plain_server_error(request)
    if request.path.startswith("/api/"):
        response = problem_outside_views("database-away", 503, DATABASE_AWAY)
    else:
        response = render(request, "503.html", status=503)
    response["Retry-After"] = RETRY_AFTER
    return response
