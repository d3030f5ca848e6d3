"""The settings of django-allauth for signing in with a provider."""

from typing import Any

OIDC = "oidc"
"""The provider's id, in the addresses of its pages and in the rows of accounts, whatever its name is."""


def oidc_provider(issuer: str, name: str, client_id: str, secret: str) -> dict[str, Any]:
    """The provider as allauth wants it; none without an issuer. PKCE: a stolen code is of no use."""
    if not issuer:
        return {}
    app = {
        "provider_id": OIDC,
        "name": name,
        "client_id": client_id,
        "secret": secret,
        "settings": {"server_url": issuer.rstrip("/"), "oauth_pkce_enabled": True},
    }
    return {"openid_connect": {"APPS": [app]}}
