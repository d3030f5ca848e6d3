"""How often one token, or one person's browser, may call: a token bucket each, by what the call is.

The limits keep a client that runs away from being felt by the others, and are far above what people do; for that it is
enough that each server process counts for itself (see `common.buckets`).
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
"""Which limit a scope falls under; of the others, GET is "read" and the rest is "write"."""


class Limit(BaseThrottle):
    """The limits of the settings (API_LIMITS: calls a minute by kind; 0: none)."""

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
