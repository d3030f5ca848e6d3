"""The size of request bodies: small, except where a lead sends a file, and never more than the disk can hold.

Django reads a form as soon as anything asks for one of its values, and its check against forged requests does so before
the view runs. So the size is checked before that, by the announced length: without one no body is read at all.
"""

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from common.disk import is_full, room_needed
from labeling.api.problems import problem_outside_views
from labeling.models import User


class BodyLimitMiddleware:
    """Refuses a body over `BODY_LIMIT` bytes unread, with 413. Must come before the check against forged requests."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> HttpResponse | None:
        announced = request.META.get("CONTENT_LENGTH") or "0"
        length = int(announced) if announced.isdecimal() else 0
        sends_a_file = request.method in ("POST", "PUT") and _takes_files(view)
        if sends_a_file and is_full(settings.VAR_DIR):
            return _refusal(request, 507, "The server's disk has no room for this file. Tell an admin.")
        if length <= settings.BODY_LIMIT:
            return None
        if not _may_send_a_file(request, view):
            return _refusal(request, 413, f"The body exceeds {settings.BODY_LIMIT:,} bytes. Only files may be larger.")
        disk = shutil.disk_usage(tempfile.gettempdir())
        if length > disk.free - room_needed(disk.total):
            return _refusal(request, 507, "The server's disk has no room for this file. Tell an admin.")
        return None


def _takes_files(view: Callable[..., HttpResponseBase]) -> bool:
    return getattr(getattr(view, "cls", None), "takes_files", False) or getattr(view, "takes_files", False)


def _may_send_a_file(request: HttpRequest, view: Callable[..., HttpResponseBase]) -> bool:
    if getattr(getattr(view, "cls", None), "takes_files", False):
        return True  # a view of the API finds out who calls before it reads the file
    user = request.user
    return getattr(view, "takes_files", False) and isinstance(user, User) and user.is_lead


def _refusal(request: HttpRequest, status: int, sentence: str) -> HttpResponse:
    answer: HttpResponse
    if request.path.startswith("/api/"):
        answer = problem_outside_views("body-too-large" if status == 413 else "no-room", status, sentence)
    else:
        answer = render(request, "413.html", {"no_room": status == 507}, status=status)
    return answer
