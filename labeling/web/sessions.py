"""The browsers in which somebody is signed in: noted as they are used, listed and ended on the account page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.numbers import whole_number
from labeling.actions.accounts import end_sessions, live_sessions, note_session
from labeling.models import User
from labeling.web.edge import act, form_of, page, person
from labeling.web.user_agents import browser_name

NOTED_EVERY = 300
"""Seconds. The session itself remembers when it was noted, so the requests between cost nothing."""

NOTED_AT = "noted_at"

NEVER_NOTED = "/judgment/"
"""The end of the address of a judgment. People wait for it; the renewals of leases say as well that they are there."""


def note_this_session(request: HttpRequest, user: User) -> None:
    """Notes the session of the request. At its begin too: one that is not noted would outlive the end of all others."""
    if not request.session.session_key:
        request.session.save()
    key, now = request.session.session_key or "", timezone.now()
    note_session(user=user, session_key=key, user_agent=request.headers.get("User-Agent", ""), now=now)
    request.session[NOTED_AT] = [key, now.timestamp()]


class SessionActivityMiddleware:
    """Notes when and with which browser a session was last used."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not request.path.endswith(NEVER_NOTED):
            self._note(request)
        return self.get_response(request)

    def _note(self, request: HttpRequest) -> None:
        if SESSION_KEY not in request.session:
            return
        now = timezone.now()
        key, noted_at = request.session.get(NOTED_AT, ("", 0))
        if key == request.session.session_key and now.timestamp() - noted_at < NOTED_EVERY:
            return
        if isinstance(request.user, User) and request.session.session_key:
            note_this_session(request, request.user)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session in the list. is_this: of the request that shows it."""

    id: int
    browser: str
    opened_at: datetime
    seen_at: datetime
    is_this: bool


def session_rows(request: HttpRequest) -> list[SessionRow]:
    """The user's sessions: this one first, then the last used."""
    rows = [
        SessionRow(
            one.pk,
            browser_name(one.user_agent),
            one.opened_at,
            one.seen_at,
            is_this=one.session_key == request.session.session_key,
        )
        for one in live_sessions(person(request), now=timezone.now())
    ]
    return sorted(rows, key=lambda row: not row.is_this)


@page
@form_of("you")
def sessions_end(request: HttpRequest) -> HttpResponse:
    """Ends the session that the form names, or all but this one."""
    user, this = person(request), request.session.session_key or ""
    session_id = None if request.POST.get("others") else whole_number(request.POST.get("session", "")) or 0

    def errand() -> str:
        count = end_sessions(user=user, session_id=session_id, kept_session=this, acting_user=user, now=timezone.now())
        if not count:
            return _("There was no other session to end.")
        return ngettext("%(count)s session has ended.", "%(count)s sessions have ended.", count) % {"count": count}

    return act(request, errand, back=reverse("you"))
