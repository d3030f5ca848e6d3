"""Duties after signing in, before anything else: a password to choose, a second factor to set up."""

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import gettext_lazy

from common.errors import DomainError, NotAllowed
from labeling.actions.second_factor import has_second_factor, must_have_second_factor
from labeling.models import User

PASSED_SECOND_FACTOR = "passed_second_factor"
"""In a session: its user has given the second factor in it, or set it up."""


class PasswordChangeRequired(NotAllowed):
    type = "password-change-required"
    sentence = gettext_lazy("Somebody else set your password. Choose your own first: open /you/password/ in a browser.")


class SecondFactorRequired(NotAllowed):
    type = "second-factor-required"
    sentence = gettext_lazy("Your role here needs two-step sign-in. Open your account page and turn it on first.")


class SecondStepMissing(DomainError):
    """The account has a second factor, and this session was never asked for it, as when it was switched off here."""

    type = "second-step-missing"
    status = 401
    sentence = gettext_lazy("Sign in again: this browser has not given the second step of your account.")


def duty_of(user: User, session: SessionBase) -> DomainError | None:
    """The error of the first thing that this user has to do; None: nothing. session: of the browser.

    A session that came by a provider owes neither: the provider has its own password, and asks for its own second
    factor. Setting up a second factor asks for the password, so that comes after it.
    """
    methods = {record["method"] for record in session.get(AUTHENTICATION_METHODS_SESSION_KEY, ())}
    if "socialaccount" in methods:
        return None
    second = _second_factor_duty(user, session)
    if isinstance(second, SecondStepMissing):
        return second
    return PasswordChangeRequired() if owes_password(user) else second


def owes_password(user: User) -> bool:
    """Whether somebody else set the password with which this user signs in."""
    return user.must_change_password and settings.PASSWORD_SIGN_IN and user.has_usable_password()


def _second_factor_duty(user: User, session: SessionBase) -> DomainError | None:
    if settings.SECOND_FACTOR not in ("leads", "all") or not must_have_second_factor(user):
        return None
    if session.get(PASSED_SECOND_FACTOR):
        return None
    return SecondStepMissing() if has_second_factor(user) else SecondFactorRequired()
