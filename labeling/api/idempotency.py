"""`Idempotency-Key`: a call that creates something creates it once, however often it is sent.

A repeated key with the same body gets the same response (with `Idempotent-Replayed: true`); with another body or at
another address it is refused. The response is stored in the action's transaction, so neither ever exists without the
other. Refusals are not stored: they changed nothing, and the call may be retried.

A response that carries a secret (a token's key) is stored without it. The secret is derived from random bits that are
stored in its place, the Idempotency-Key and the server's secret key: a retry gets the same secret, the same key on
another day another one, and the database alone holds none of them.
"""

import json
import secrets
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from common.errors import Invalid
from labeling.actions.idempotency import claim_reply, keep_reply
from labeling.exchange import canonical_json
from labeling.models import ApiToken

HEADER, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
MAX_KEY = 255
SHORT = 20
"""Digits of the secret that a person types: a first password."""
SALT = "idempotency_salt"
"""The attribute of a request with the random bits of its stored response."""

Post = Callable[..., Response]


class WrongIdempotencyKey(Invalid):
    type = "idempotency-key-invalid"
    sentence = gettext_lazy("An Idempotency-Key has 1 to 255 visible ASCII characters, such as a UUID.")


class IdempotencyKeyReused(Invalid):
    type = "idempotency-key-reused"
    sentence = gettext_lazy("This Idempotency-Key was used for another call. Send each new call with a new key.")


def once(post: Post) -> Post:
    """Makes a POST accept an Idempotency-Key."""

    @wraps(post)
    def replying(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return post(view, request, *args, **kwargs)
        if not 1 <= len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
            raise WrongIdempotencyKey
        with transaction.atomic():
            stored = claim_reply(key=key, acting_user=view.person, now=timezone.now())
            setattr(request, SALT, stored.salt)
            if stored.status:
                if stored.request_hash != _request_hash(view, request):
                    raise IdempotencyKeyReused
                body = json.loads(_with_secrets(stored.body, request))
                return Response(body, status=stored.status, headers={REPLAYED: "true"})
            response = post(view, request, *args, **kwargs)
            if response.status_code >= 400:
                stored.delete()
                return response
            body = _without_secrets(_rendered(response.data), request)
            keep_reply(reply=stored, request_hash=_request_hash(view, request), status=response.status_code, body=body)
            return response

    replying.takes_idempotency_key = True  # type: ignore[attr-defined]
    return replying


def fresh_secret(request: Request) -> str:
    """256 bits in hexadecimal: random, or derived as above where the call has an Idempotency-Key."""
    key = request.headers.get(HEADER)
    if key is None:
        return secrets.token_hex(32)
    text = f"{request.user.pk} {getattr(request, SALT)} {key}"
    return salted_hmac("labeling.api.idempotency", text, algorithm="sha256").hexdigest()


def short_secret(request: Request) -> str:
    """The beginning of the same secret, for people to type."""
    return fresh_secret(request)[:SHORT]


def _placeholders(request: Request) -> list[tuple[str, str]]:
    """The secrets, the longer first, and what stands for each in a stored response, which cannot contain it itself."""
    salt = getattr(request, SALT)
    return [(fresh_secret(request), f"{{secret {salt}}}"), (short_secret(request), f"{{password {salt}}}")]


def _without_secrets(body: str, request: Request) -> str:
    for secret, placeholder in _placeholders(request):
        body = body.replace(secret, placeholder)
    return body


def _with_secrets(body: str, request: Request) -> str:
    for secret, placeholder in _placeholders(request):
        body = body.replace(placeholder, secret)
    return body


def _request_hash(view: Any, request: Request) -> str:
    """The hash of a call's address, body and rights: a reply with a secret is no answer to a token that may do less."""
    rights = ",".join(request.auth.scopes) if isinstance(request.auth, ApiToken) else ""
    digest = sha256(f"{request.method} {request.get_full_path()} {rights}\n".encode())
    file = view.file(request) if hasattr(view, "file") else None
    digest.update(file.digest().encode() if file is not None else canonical_json(request.data))
    return digest.hexdigest()


def _rendered(data: Any) -> str:
    return bytes(JSONRenderer().render(data)).decode()
