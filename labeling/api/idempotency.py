"""`Idempotency-Key`: a call that makes something makes it once, however often it is sent.

The same key with the same body is given the same answer again (with `Idempotent-Replayed: true`); with another body or
at another address it is refused. The answer is kept in the transaction of the act, so there is no moment at which one
is there without the other. Refusals are not kept: what was refused changed nothing and may be tried again.

An answer that carries a secret (a token's key) is kept without it. The secret is made from the Idempotency-Key and
the server's own key, so that a retry is told the same one while the database knows neither.
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
from labeling.exchange import ByteStream, canonical_json

HEADER, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
MAX_KEY = 255
SECRET = "{secret}"  # noqa: S105 - what stands in its place

Post = Callable[..., Response]


class WrongIdempotencyKey(Invalid):
    type = "idempotency-key-invalid"
    sentence = gettext_lazy("An Idempotency-Key has 1 to 255 visible ASCII characters, such as a UUID.")


class IdempotencyKeyReused(Invalid):
    type = "idempotency-key-reused"
    sentence = gettext_lazy("This Idempotency-Key was sent before with another call. Send each call with its own key.")


class HashedFile:
    """A file on its way in, hashed while it is read."""

    def __init__(self, stream: ByteStream) -> None:
        self.stream = stream
        self.hash = sha256()

    def read(self, size: int = -1, /) -> bytes:
        piece = self.stream.read(size)
        self.hash.update(piece)
        return piece

    def digest(self) -> str:
        """Of the whole file: what nobody has read yet is read to its end."""
        while self.read(1 << 16):
            pass
        return self.hash.hexdigest()


def once(post: Post) -> Post:
    """Makes a POST that creates something take an Idempotency-Key."""

    @wraps(post)
    def replying(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return post(view, request, *args, **kwargs)
        if not 1 <= len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
            raise WrongIdempotencyKey
        with transaction.atomic():
            kept = claim_reply(key=key, acting_user=view.person, now=timezone.now())
            if kept.status:
                if kept.request_hash != _request_hash(view, request):
                    raise IdempotencyKeyReused
                body = json.loads(kept.body.replace(SECRET, fresh_secret(request)))
                return Response(body, status=kept.status, headers={REPLAYED: "true"})
            made = post(view, request, *args, **kwargs)
            if made.status_code >= 400:
                kept.delete()
                return made
            body = _rendered(made.data).replace(fresh_secret(request), SECRET)
            keep_reply(reply=kept, request_hash=_request_hash(view, request), status=made.status_code, body=body)
            return made

    replying.takes_idempotency_key = True  # type: ignore[attr-defined]
    return replying


def fresh_secret(request: Request) -> str:
    """256 bits in hexadecimal: random, or made from the call's Idempotency-Key and the server's own key."""
    key = request.headers.get(HEADER)
    if key is None:
        return secrets.token_hex(32)
    return salted_hmac("labeling.api.idempotency", f"{request.user.pk} {key}", algorithm="sha256").hexdigest()


def _request_hash(view: Any, request: Request) -> str:
    """Names the call: where it went and what it carried."""
    digest = sha256(f"{request.method} {request.get_full_path()}\n".encode())
    file = view.file(request) if hasattr(view, "file") else None
    digest.update(file.digest().encode() if file is not None else canonical_json(request.data))
    return digest.hexdigest()


def _rendered(data: Any) -> str:
    return bytes(JSONRenderer().render(data)).decode()
