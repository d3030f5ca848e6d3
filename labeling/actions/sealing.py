"""Secrets of second factors as they lie in the database: encrypted with a key that SECRET_KEY makes."""

from base64 import urlsafe_b64encode

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


class SealingAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """A copy of the database alone makes nobody's codes."""

    def encrypt(self, text: str) -> str:
        return _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret; a random one if none of today's keys opens it: no code is right then, and an admin resets it."""
        try:
            return _keys().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return str(generate_totp_secret())  # never a constant: anybody could make its codes


def _keys() -> MultiFernet:
    """The key of today, with which secrets are sealed, and the earlier ones."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        Fernet(urlsafe_b64encode(salted_hmac("second factor", "", secret, algorithm="sha256").digest()))
        for secret in secrets
    )
