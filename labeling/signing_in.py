"""Signing in as Django does it, with rate limits against guessing passwords.

It is a backend rather than a view, so it covers every way in (the page, Django's admin). Only failures count. During
the wait even the right password is refused without a check, so that the response reveals nothing.
"""

import ipaddress
import math
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from labeling.actions.accounts import note_sign_out
from labeling.actions.sign_ins import give_back_failure, is_known, note_failure, take_failure
from labeling.models import User

WAIT = "sign_in_wait"
"""The attribute of a request with the whole seconds to wait. Requests that need not wait do not have it."""


Limit = tuple[tuple[str, ...], int]
"""A counted thing, and its failures per minute; 0: any number."""


class PatientBackend(ModelBackend):
    """Refuses too many failures within a minute: for one name, from one network, and for one name from one network.

    The right password is half a sign-in; the end of one is in labeling.web.login. Somebody who signs in from a network
    where they have signed in before is measured by the last limit only: neither guesses elsewhere at their name nor a
    colleague's failures keep them out.
    """

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if request is None or not username:  # not over HTTP: a test, a command
            return super().authenticate(request, username=username, password=password, **kwargs)
        if not settings.PASSWORD_SIGN_IN:  # every way in with one: the page, Django's admin
            raise PermissionDenied
        network, now = network_of(address_of(request)), timezone.now()
        own, *shared = _limits("sign-in", network, username)
        is_at_home = is_known(username=username, network=network)
        taken, wait = [], 0.0
        # Taken before the password is looked at, so that guesses at the same moment are counted too.
        for limit in (own, *shared):
            seconds = take_failure(*limit, now=now) if limit[1] else 0.0
            if not seconds:
                taken.append(limit)
            if limit is own or not is_at_home:
                wait = max(wait, seconds)
        if wait:
            _give_back(taken, now)
            setattr(request, WAIT, math.ceil(wait))
            raise PermissionDenied
        user = super().authenticate(request, username=username, password=password, **kwargs)
        if user is None:
            note_failure(username=username, now=now)
        else:
            _give_back(taken, now)
        return user


def signed_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    """Receives Django's signal: the view that signs out is Django's as well."""
    if user is not None and user.is_active:
        note_sign_out(user=user, now=timezone.now())


def address_of(request: HttpRequest) -> str:
    """The address of the client. Behind a proxy: the one that the proxy itself added, not those that it was sent."""
    if settings.BEHIND_PROXY:
        entry = str(request.headers.get("X-Forwarded-For", "")).rpartition(",")[2].strip()
        address = _without_port(entry)
        if _parsed(address) is not None:
            return address
    return str(request.META.get("REMOTE_ADDR", ""))


WITH_PORT = re.compile(r"\[(.*)\](?::\d+)?|([^:]*):\d+", re.DOTALL)
"""An address as some proxies write it: with a port, and brackets around one of IPv6."""


def network_of(address: str) -> str:
    """The network that counts as one client: of IPv6 the /64, in which anybody has all the addresses they want."""
    ip = _parsed(address)
    if ip is None:
        return address
    return str(ip) if ip.version == 4 else str(ipaddress.ip_network((int(ip) >> 64 << 64, 64)))


def _without_port(entry: str) -> str:
    found = WITH_PORT.fullmatch(entry)
    return found[1] or found[2] or "" if found else entry


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address; of IPv4 in the clothes of IPv6, that of IPv4. None: it is none."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    return ip.ipv4_mapped or ip if ip.version == 6 else ip


def seconds_to_wait(request: HttpRequest, act: str, name: str) -> int:
    """Counts an act on that name from this client, under the limits of signing in; returns the seconds to wait.

    For other acts that could be used to guess or to pester. All of them count, not only failures. 0: no wait.
    """
    limits, now = _limits(act, network_of(address_of(request)), name), timezone.now()
    return math.ceil(max((take_failure(each, most, now=now) for each, most in limits if most), default=0.0))


@dataclass
class Attempt:
    """A sign-in that is no password's. wait: seconds before the network may try again; 0: none."""

    wait: int
    succeeded: bool = False


@contextmanager
def failures_of_network(request: HttpRequest) -> Iterator[Attempt]:
    """Counts a sign-in from this network as failed unless it has succeeded at the end, with the failed passwords."""
    _own, limit, _account = _limits("sign-in", network_of(address_of(request)), "")
    attempt = Attempt(math.ceil(take_failure(*limit, now=timezone.now())) if limit[1] else 0)
    yield attempt
    if attempt.succeeded:
        _give_back([limit], timezone.now())


def _give_back(taken: Iterable[Limit], now: datetime) -> None:
    for name, most in taken:
        if most:
            give_back_failure(name, most, now=now)


def _limits(act: str, network: str, name: str) -> list[Limit]:
    """The counted things with their failures per minute: the name from the network first."""
    most = settings.SIGN_IN_LIMITS
    return [
        ((act, "both", network, name.lower()), most["name"]),
        ((act, "network", network), most["address"]),
        ((act, "name", name.lower()), most["account"]),
    ]
