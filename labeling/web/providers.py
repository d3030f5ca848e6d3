"""Signing in with a provider: from the sign-in page to the provider, and back from one of OpenID Connect.

The way back from a provider of SAML is in `saml.py` beside this file.
"""

import logging
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import jwt
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount import app_settings
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from common.errors import DomainError
from labeling.actions.invitations import open_invitation
from labeling.actions.provider_sign_ins import user_of_provider
from labeling.models import Membership
from labeling.signing_in import failures_of_network
from labeling.web.edge import form_of, too_soon

logger = logging.getLogger(__name__)

OPENID_CONNECT, SAML = PROTOCOLS = ("openid_connect", "saml")
"""allauth's names. The id of a provider of SAML is the same."""

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Those with a public key: with any other, a token could be signed by whoever knows the client's id."""

CLAIMS = ["iss", "aud", "exp", "iat", "sub"]
KEPT_FOR = 300
LEEWAY = 60
"""Seconds by which two clocks may differ."""


def sign_in_providers() -> list[dict[str, str]]:
    """The providers that are switched on: `id` and `name`."""
    return [{"id": app["provider_id"], "name": app["name"]} for _protocol, app in _apps()]


def _apps() -> list[tuple[str, dict[str, Any]]]:
    """The providers with the names that allauth has for their protocols."""
    return [
        (protocol, app) for protocol in PROTOCOLS for app in app_settings.PROVIDERS.get(protocol, {}).get("APPS", [])
    ]


class ProviderAdapter(DefaultSocialAccountAdapter):
    """Providers come from the settings alone. Which account somebody gets is decided by our own action."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        return [
            SocialApp(provider=protocol, **app)
            for protocol, app in _apps()
            if provider in (None, protocol, app["provider_id"]) and client_id in (None, app["client_id"])
        ]

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        address = next(iter(sociallogin.email_addresses), None)
        try:
            user = user_of_provider(
                provider=sociallogin.account.provider,
                uid=sociallogin.account.uid,
                address=address.email if address else "",
                is_confirmed=bool(address and address.verified),
                is_invited=_comes_invited(sociallogin.state.get("next") or ""),
                now=timezone.now(),
            )
        except DomainError as error:
            raise ImmediateHttpResponse(refused(request, error.message, error.status)) from error
        sociallogin.user = sociallogin.account.user = user

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        raise ImmediateHttpResponse(did_not_sign_in(request, provider.name))


class OpenIdAdapter(OpenIDConnectOAuth2Adapter):
    """The protocol. Unlike allauth's, it checks the token's signature even of a token that it fetched itself."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """The provider's description of itself, asked for once in five minutes: anybody can press the button."""
        address = self.get_provider().server_url
        config: dict[str, Any] | None = cache.get(address)
        if config is None:
            config = self._get_json(address)
            cache.set(address, config, KEPT_FOR)
        return config

    def complete_login(self, request: HttpRequest, app: SocialApp, token: Any, **kwargs: Any) -> SocialLogin:
        claims = self._decode_id_token(app, kwargs["response"].get("id_token") or "")
        if "email" not in claims and "userinfo_endpoint" in self.openid_config:
            told = self._fetch_user_info(token.token)
            claims = {**told, **claims} if told.get("sub") == claims["sub"] else claims
        claims.setdefault("email_verified", _is_confirmed_otherwise(claims))
        login = self.get_provider().sociallogin_from_response(request, {"id_token": claims})
        login.account.extra_data = {}  # nothing about the person is kept but the provider's name for them
        return login

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        config = self.openid_config
        if config.get("issuer", "").rstrip("/") != app.settings["server_url"]:
            raise OAuth2Error("The provider names another issuer.")
        try:
            header = jwt.get_unverified_header(id_token)
            keys = jwt.PyJWKSet.from_dict(self._get_json(config["jwks_uri"])).keys
            key = next(one for one in keys if header.get("kid") in (None, one.key_id))
            claims: dict[str, Any] = jwt.decode(
                id_token,
                key,
                algorithms=ALGORITHMS,
                issuer=config["issuer"],
                audience=app.client_id,
                leeway=LEEWAY,
                options={"require": CLAIMS},
            )
        except (jwt.PyJWTError, StopIteration, KeyError) as error:
            raise OAuth2Error("The provider's token is not valid.") from error
        return claims

    def _get_json(self, address: str) -> dict[str, Any]:
        with ProviderAdapter().get_requests_session() as session:
            response = session.get(address)
            response.raise_for_status()
            found: dict[str, Any] = response.json()
        return found


@never_cache
@form_of("login")
def provider_sign_in(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Leads to the provider. By a page in between: the policy of our pages lets no form end elsewhere."""
    provider = saml_provider(request) if provider_id == SAML else _adapter(request, provider_id).get_provider()
    after = request.POST.get("next", "")
    hosts = {request.get_host()}
    is_ours = url_has_allowed_host_and_scheme(after, allowed_hosts=hosts, require_https=request.is_secure())
    leave = _saml_request if provider_id == SAML else _openid_request
    try:
        response = leave(request, provider, after if is_ours else None)
    except (OSError, KeyError, ValueError) as error:  # an OSError: what requests raises
        return does_not_answer(request, provider.name, error)
    address = response.headers.get("Location", "")
    if urlsplit(address).scheme not in ("http", "https"):
        return response  # allauth's own words on what is wrong
    return render(request, "labeling/leaving.html", {"address": address, "provider": provider.name})


def _openid_request(request: HttpRequest, provider: Any, after: str | None) -> HttpResponse:
    provider.oauth2_adapter_class = OpenIdAdapter
    response: HttpResponse = provider.redirect(request, process="login", next_url=after)
    return response


def _saml_request(request: HttpRequest, provider: Any, after: str | None) -> HttpResponse:
    from labeling.web.saml_messages import sign_in_request  # its packages are no installation's that needs no SAML

    address, request_id = sign_in_request(request, provider.app)
    provider.stash_redirect_state(request, "login", after, state_id=request_id)
    return HttpResponseRedirect(address)


@never_cache
@require_safe
def provider_callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Takes the person whom the provider sends back. Refusals count as failed sign-ins of the network."""
    adapter = _adapter(request, provider_id)
    with failures_of_network(request) as attempt:
        if attempt.wait:
            return too_soon(refused(request, "", 429, wait=attempt.wait), attempt.wait)
        try:
            response: HttpResponse = OAuth2CallbackView.adapter_view(adapter)(request)
        except (ValueError, KeyError):  # what a provider sent is not what the protocol says
            response = did_not_sign_in(request, adapter.get_provider().name)
        attempt.succeeded = response.status_code < 400
    return response


def _adapter(request: HttpRequest, provider_id: str) -> OpenIdAdapter:
    if provider_id not in {app["provider_id"] for protocol, app in _apps() if protocol == OPENID_CONNECT}:
        raise Http404
    return OpenIdAdapter(request, provider_id)


def saml_provider(request: HttpRequest) -> SAMLProvider:
    """The provider of SAML. Raises Http404."""
    app = next(iter(ProviderAdapter().list_apps(request, SAML)), None)
    if app is None:
        raise Http404
    return SAMLProvider(request, app=app)


def _is_confirmed_otherwise(claims: dict[str, Any]) -> bool:
    """Whether an address counts as confirmed though the provider speaks of that neither way, as Entra ID.

    There a claim can say that the company has proven to own the address's domain. Else the operator vouches for the
    domains whose addresses the provider alone gives out.
    """
    if str(claims.get("xms_edov", "")).lower() in ("1", "true"):
        return True
    return is_of_domain(str(claims.get("email") or ""), settings.OIDC_TRUSTED_DOMAINS)


def is_of_domain(address: str, domains: Iterable[str]) -> bool:
    """Whether an address is in one of some domains, which may have an @ before them."""
    domain = address.rpartition("@")[2].lower()
    return domain in {one.strip().lower().lstrip("@") for one in domains if one.strip(" @")}


def _comes_invited(after: str) -> bool:
    """Whether somebody comes from the page of an open invitation to annotate, and goes back there."""
    try:
        match = resolve(urlsplit(after).path)
    except Resolver404:
        return False
    if match.url_name != "invitation":
        return False
    try:
        invitation = open_invitation(match.kwargs["token"], now=timezone.now())
    except DomainError:
        return False
    return invitation.role != Membership.Role.LEAD


def does_not_answer(request: HttpRequest, name: str, error: Exception) -> HttpResponse:
    """The page for a provider that is away, or set up in a way that cannot work. The log says why."""
    logger.warning("The provider %s is away or set up wrong: %.300r", name, str(error))
    text = _("%(name)s does not answer. Try again in a moment, or use your password.") % {"name": name}
    return refused(request, text, 502)


def did_not_sign_in(request: HttpRequest, name: str) -> HttpResponse:
    """The page for an answer that proves nothing. The log may say why."""
    text = _("%(name)s did not sign you in. Try again, or use your password.") % {"name": name}
    return refused(request, text, 401)


def refused(request: HttpRequest, text: str, status: int, *, wait: int = 0) -> HttpResponse:
    """The page that signs nobody in. wait: seconds, in place of the text."""
    return render(request, "labeling/not_signed_in.html", {"text": text, "wait": wait}, status=status)
