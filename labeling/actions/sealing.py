"""Our part of allauth's second factors: their secrets lie encrypted, and passkeys know us by our host name."""

from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlsplit

from allauth.account.utils import user_pk_to_url_str
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.crypto import salted_hmac


class SealingAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """A copy of the database alone makes nobody's codes."""

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """This site, as passkeys know it: by its host name alone."""
        return {"id": urlsplit(f"//{context.request.get_host()}").hostname or "", "name": "Chosen"}

    def get_public_key_credential_user_entity(self, user: AbstractBaseUser) -> dict[str, Any]:
        """The account, as the list of passkeys on a device shows it: without the e-mail address."""
        name = user.get_username()
        return {"id": user_pk_to_url_str(user).encode(), "display_name": name, "name": name}

    def encrypt(self, text: str) -> str:
        return _keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret; a random one if none of today's keys opens it: no code is right then, and an admin resets it."""
        try:
            return _keys().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return str(generate_totp_secret())  # never a constant: anybody could make its codes


def sealed_anew(encrypted_text: str) -> str:
    """The same secret under the key of today; the text as it is if none of today's keys opens it."""
    try:
        return _keys().rotate(encrypted_text.encode()).decode()
    except InvalidToken:
        return encrypted_text


def _keys() -> MultiFernet:
    """The key of today, with which secrets are sealed, and the earlier ones."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet(
        Fernet(urlsafe_b64encode(salted_hmac("second factor", "", secret, algorithm="sha256").digest()))
        for secret in secrets
    )
