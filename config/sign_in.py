"""The settings of django-allauth for signing in with a provider."""

import re
from typing import Any

OIDC, SAML = "oidc", "saml"
"""A provider's id, in the addresses of its pages and in the rows of accounts, whatever its name is."""

IDENTIFIERS = (
    "urn:oasis:names:tc:SAML:attribute:subject-id",
    "urn:oasis:names:tc:SAML:attribute:pairwise-id",
    "http://schemas.microsoft.com/identity/claims/objectidentifier",
)
"""The attributes of SAML that name a person for ever. Without one, the NameID does."""
ADDRESSES = (
    "urn:oid:0.9.2342.19200300.100.1.3",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
    "email",
    "mail",
)
CONFIRMED = ("http://schemas.auth0.com/email_verified", "email_verified")

BETWEEN_CERTIFICATES = re.compile(r"-----[A-Z ]+-----|,")


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


def saml_provider(entity_id: str, name: str, sso_url: str, certificates: str) -> dict[str, Any]:
    """The provider of SAML in the same way; none without its entity id. certificates: one, or the next one too."""
    if not entity_id:
        return {}
    app = {
        "provider_id": SAML,
        "name": name,
        "client_id": SAML,
        "settings": {
            "provider": {
                "entity_id": entity_id,
                "sso_url": sso_url,
                "certificates": certificates_in(certificates),
            },
            "attribute_mapping": {
                "uid": list(IDENTIFIERS),
                "email": list(ADDRESSES),
                "email_verified": list(CONFIRMED),
            },
        },
    }
    return {"saml": {"APPS": [app]}}


def certificates_in(text: str) -> list[str]:
    """The certificates in base64, without the lines around them that PEM has."""
    return [body for part in BETWEEN_CERTIFICATES.split(text) if (body := "".join(part.split()))]
