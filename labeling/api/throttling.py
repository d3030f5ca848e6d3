"""Rate limits for each token and each person's browser: one token bucket for each kind of call.

The limits keep a runaway client from slowing down the others and are far above what people need. For that it is enough
that each server process counts separately (see `common.buckets`).
"""

import math
from collections.abc import Mapping

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from common.buckets import BUCKETS, clock
from labeling.models import ApiToken, Scope

KINDS = {Scope.JUDGE: "judge", Scope.IMPORT: "files", Scope.EXPORT: "files"}
"""The limit for a scope. For other scopes GET counts as "read" and every other method as "write"."""


class Limit(BaseThrottle):
    """The limits from the settings (API_LIMITS: calls per minute by kind; 0: no limit)."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def allow_request(self, request: Request, view: APIView) -> bool:
        kind = _kind(request, view)
        per_minute = settings.API_LIMITS[kind]
        if not per_minute:
            return True
        self.seconds = BUCKETS.take((kind, *_caller(request)), per_minute, clock())
        return not self.seconds

    def wait(self) -> float:
        # Rounded up to whole seconds: a client that waits this long is never refused again.
        return float(math.ceil(self.seconds))


def _caller(request: Request) -> tuple[str, str]:
    if isinstance(request.auth, ApiToken):
        return "token", str(request.auth.pk)
    return "person", str(request.user.pk)


def _kind(request: Request, view: APIView) -> str:
    scopes: Mapping[str, Scope] = getattr(view, "scopes", {})
    scope = scopes.get(str(request.method), Scope.READ)
    return KINDS.get(scope, "read" if request.method in ("GET", "HEAD", "OPTIONS") else "write")
