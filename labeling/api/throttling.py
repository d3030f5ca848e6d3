"""How often one token, or one person's browser, may call: a token bucket each, by what the call is.

The buckets are kept in the memory of the server process. So a limit costs a dictionary look-up and no statement and no
round trip, which is what the way of a judgment can afford, and it needs nothing that could be down (the broker may
well be RabbitMQ). What it costs is exactness: each process counts for itself, so with N processes a client that is
spread over all of them may call up to N times as often. The limits keep a client that runs away from being felt by
the others, and are far above what people do; for that it is enough.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from labeling.models import ApiToken, Scope

KINDS = {Scope.JUDGE: "judge", Scope.IMPORT: "files", Scope.EXPORT: "files"}
"""Which limit a scope falls under; of the others, GET is "read" and the rest is "write"."""


class Buckets:
    """Token buckets by name, the most recently used kept. A bucket starts full and fills up in a minute."""

    def __init__(self, most: int = 20_000) -> None:
        self.most = most
        self._buckets: OrderedDict[tuple[str, ...], tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def take(self, name: tuple[str, ...], per_minute: int, now: float) -> float:
        """Takes one; returns 0, or how many seconds there is none. now: seconds of a clock that never goes back."""
        with self._lock:
            left, at = self._buckets.pop(name, (float(per_minute), now))
            left = min(float(per_minute), left + (now - at) * per_minute / 60)
            wait = 0.0 if left >= 1 else (1 - left) * 60 / per_minute
            self._buckets[name] = (left - 1 if not wait else left, now)
            if len(self._buckets) > self.most:
                self._buckets.popitem(last=False)
        return wait


BUCKETS = Buckets()


class Limit(BaseThrottle):
    """The limits of the settings (API_LIMITS: calls a minute by kind; 0: none)."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def allow_request(self, request: Request, view: APIView) -> bool:
        kind = _kind(request, view)
        per_minute = settings.API_LIMITS[kind]
        if not per_minute:
            return True
        self.seconds = BUCKETS.take((kind, *_caller(request)), per_minute, time.monotonic())
        return not self.seconds

    def wait(self) -> float:
        # Whole seconds, rounded up: whoever waits as told is let in.
        return float(math.ceil(self.seconds))


def _caller(request: Request) -> tuple[str, str]:
    if isinstance(request.auth, ApiToken):
        return "token", str(request.auth.pk)
    return "person", str(request.user.pk)


def _kind(request: Request, view: APIView) -> str:
    scopes: Mapping[str, Scope] = getattr(view, "scopes", {})
    scope = scopes.get(str(request.method), Scope.READ)
    return KINDS.get(scope, "read" if request.method in ("GET", "HEAD", "OPTIONS") else "write")
