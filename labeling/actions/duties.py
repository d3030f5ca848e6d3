"""Duties after signing in, before anything else: a second factor to set up."""

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import gettext_lazy

from common.errors import NotAllowed
from labeling.actions.second_factor import has_second_factor, must_have_second_factor
from labeling.models import User

HAS_SECOND_FACTOR = "has_second_factor"
"""In a session: its user has one. Their other sessions end when that changes, so the database is asked once."""


class SecondFactorRequired(NotAllowed):
    type = "second-factor-required"
    sentence = gettext_lazy("Your role here needs two-step sign-in. Open your account page and turn it on first.")


def duty_of(user: User, session: SessionBase) -> NotAllowed | None:
    """The error of the first thing that this user has to do; None: nothing. session: of the browser.

    A session that came by a provider owes no second factor: the provider asks for its own.
    """
    if settings.SECOND_FACTOR in ("leads", "all") and must_have_second_factor(user):
        methods = {record["method"] for record in session.get(AUTHENTICATION_METHODS_SESSION_KEY, ())}
        if "socialaccount" not in methods and not _has_one(user, session):
            return SecondFactorRequired()
    return None


def _has_one(user: User, session: SessionBase) -> bool:
    if not session.get(HAS_SECOND_FACTOR) and has_second_factor(user):
        session[HAS_SECOND_FACTOR] = True
    return bool(session.get(HAS_SECOND_FACTOR))
