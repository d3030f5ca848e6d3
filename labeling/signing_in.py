"""Signing in: as Django does it, but who guesses passwords is made to wait.

A backend rather than a view, so that every way in (the page, Django's admin) is covered. Only failures count. While
somebody has to wait, even the right password is refused, unlooked at: or the answer would tell it.
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
"""The attribute of a request that says how many whole seconds to wait; it is there only where one has to."""


class PatientBackend(ModelBackend):
    """Refuses whoever failed too often in a minute: with one name from one address, or from one address at all."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if request is None or not username:  # nobody is at the other end: a test, a command
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
    """Where a request comes from. Behind a proxy that is what the proxy itself has added, not what it was told."""
    if settings.BEHIND_PROXY:
        told = str(request.headers.get("X-Forwarded-For", "")).rpartition(",")[2].strip()
        if told:
            return told
    return str(request.META.get("REMOTE_ADDR", ""))


def _limits(address: str, username: str) -> list[tuple[tuple[str, ...], int]]:
    limits = [
        (("sign-in", address, username.lower()), settings.SIGN_IN_LIMITS["name"]),
        (("sign-in", address), settings.SIGN_IN_LIMITS["address"]),
    ]
    return [(name, most) for name, most in limits if most]
