"""Signing in as Django does it, with rate limits against guessing passwords.

It is a backend rather than a view, so it covers every way in (the page, Django's admin). Only failures count. During
the wait even the right password is refused without a check, so that the response reveals nothing.
"""

import math
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from common.buckets import BUCKETS, clock
from labeling.models import User

WAIT = "sign_in_wait"
"""The attribute of a request with the whole seconds to wait. Requests that need not wait do not have it."""


class PatientBackend(ModelBackend):
    """Refuses too many failures within a minute: for one name from one address, or from one address in all."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if request is None or not username:  # not over HTTP: a test, a command
            return super().authenticate(request, username=username, password=password, **kwargs)
        limits = _limits(address_of(request), username)
        wait = max((BUCKETS.wait(name, most, clock()) for name, most in limits), default=0.0)
        if wait:
            setattr(request, WAIT, math.ceil(wait))
            raise PermissionDenied
        user = super().authenticate(request, username=username, password=password, **kwargs)
        if user is None:
            for name, most in limits:
                BUCKETS.take(name, most, clock())
        return user


def address_of(request: HttpRequest) -> str:
    """The address of the client. Behind a proxy: the one that the proxy itself added, not those that it was sent."""
    if settings.BEHIND_PROXY:
        address = str(request.headers.get("X-Forwarded-For", "")).rpartition(",")[2].strip()
        if address:
            return address
    return str(request.META.get("REMOTE_ADDR", ""))


def seconds_to_wait(request: HttpRequest, act: str, name: str) -> int:
    """Counts an act on that name from this client, under the limits of signing in; returns the seconds to wait.

    For other acts that could be used to guess or to pester. All of them count, not only failures. 0: no wait.
    """
    limits = [
        ((act, address_of(request), name.lower()), settings.SIGN_IN_LIMITS["name"]),
        ((act, address_of(request)), settings.SIGN_IN_LIMITS["address"]),
    ]
    return math.ceil(max((BUCKETS.take(each, most, clock()) for each, most in limits if most), default=0.0))


def _limits(address: str, username: str) -> list[tuple[tuple[str, ...], int]]:
    limits = [
        (("sign-in", address, username.lower()), settings.SIGN_IN_LIMITS["name"]),
        (("sign-in", address), settings.SIGN_IN_LIMITS["address"]),
    ]
    return [(name, most) for name, most in limits if most]
