"""Leads people who have to do something first to the page where they do it."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from common.errors import DomainError
from labeling.actions.duties import PasswordChangeRequired, SecondFactorRequired, SecondStepMissing, duty_of
from labeling.models import User

FREE = {"login", "account_login", "second_step", "logout", "set_language", "words", "offline_worker"}
"""The names of the addresses that stay open. The API says by itself what is missing (labeling.api.base)."""

PAGES: dict[type[DomainError], tuple[str, ...]] = {
    PasswordChangeRequired: ("password_change", "password_reset", "password_reset_sent", "password_reset_confirm"),
    SecondFactorRequired: ("second_factor", "second_factor_change", "passkeys", "passkey_remove"),
}
"""For each duty the addresses that stay open to people who have it. The first is the page where they do it."""


class DutiesMiddleware:
    """Redirects every page but those that a duty needs. A session without its second step has ended."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: Any) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or match.url_name in FREE or request.path.startswith("/api/"):
            return None
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or SESSION_KEY not in request.session:
            return None
        if not isinstance(request.user, User):
            return None
        duty = duty_of(request.user, request.session)
        if isinstance(duty, SecondStepMissing):
            logout(request)
            return redirect_to_login(request.get_full_path())
        pages = PAGES[type(duty)] if duty is not None else ()
        return redirect(pages[0]) if pages and match.url_name not in pages else None
