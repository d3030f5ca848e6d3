"""Authentication of API calls by bearer token. Tokens are looked up by their hash."""

from datetime import datetime

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from common.buckets import BUCKETS, clock
from common.database.prepared import Prepared
from labeling.models import ApiToken, User
from labeling.signing_in import address_of


def _valid_tokens(key_hash: str, now: datetime) -> QuerySet[ApiToken]:
    unexpired = Q(expires_at=None) | Q(expires_at__gt=now)
    current = ApiToken.objects.filter(unexpired, revoked_at=None, user__is_active=True)
    return current.select_related("user").filter(key_hash=key_hash)


VALID_TOKENS = Prepared(_valid_tokens, key_hash=str, now=datetime)


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer chosen_...`. Browsers are authenticated by their session instead."""

    keyword = b"bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != self.keyword:
            return None
        if len(parts) != 2:
            raise AuthenticationFailed("Send the header as: Authorization: Bearer <token>.")
        now = timezone.now()
        token = VALID_TOKENS.first(key_hash=ApiToken.hash_key(parts[1].decode("latin-1")), now=now)
        if token is None:
            _count_failure(request)
            raise AuthenticationFailed("This token is unknown, revoked or expired. Create a new one.")
        # At most one write a minute: a busy client must not turn every read into a write.
        if token.last_used_at is None or (now - token.last_used_at).total_seconds() > 60:
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _count_failure(request: Request) -> None:
    """Raises Throttled after too many invalid tokens from one address."""
    most = settings.SIGN_IN_LIMITS["token"]
    wait = BUCKETS.take(("bad-token", address_of(request._request)), most, clock()) if most else 0.0
    if wait:
        raise Throttled(wait)
