"""Signatures of webhooks, as Standard Webhooks defines them: v1, HMAC-SHA256 over "id.timestamp.body"."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"


def new_secret(seed: str | None = None) -> str:
    """A random secret of 256 bits, or one made of this seed (hexadecimal, which is base64 as well)."""
    return PREFIX + (seed or base64.b64encode(secrets.token_bytes(32)).decode())


def signed_headers(message_id: str, timestamp: int, body: bytes, signing_secrets: Iterable[str]) -> dict[str, str]:
    """The headers of a message. timestamp: seconds since 1970. signing_secrets: there is a signature with each."""
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = [f"v1,{_signature(secret, content)}" for secret in signing_secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
