"""Signing in with a provider of SAML: its answer, which a browser posts here, and the end of the sign-in.

An answer comes from another site, so browsers send no cookie of ours with it. It is checked where it arrives; whom it
names goes on in a signed cookie to the page that finds the browser's session, and in it the request that it answers.
"""

import json
import logging

from allauth.account.models import EmailAddress
from allauth.socialaccount.helpers import complete_social_login
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.signing import BadSignature
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from labeling.models import User
from labeling.signing_in import failures_of_network
from labeling.web.edge import form_of, too_soon
from labeling.web.providers import did_not_sign_in, does_not_answer, is_of_domain, refused, saml_provider

logger = logging.getLogger(__name__)

COOKIE = "saml-answer"
KEPT_FOR = 120
"""Seconds from one address to the next."""


@csrf_exempt  # the provider's signature is the proof, and the request that the answer names
@never_cache
@form_of("login")
def saml_answer(request: HttpRequest) -> HttpResponse:
    """Takes the provider's answer and leads on. Refusals count as failed sign-ins of the network."""
    provider = saml_provider(request)
    with failures_of_network(request) as attempt:
        if attempt.wait:
            return too_soon(refused(request, "", 429, wait=attempt.wait), attempt.wait)
        response = _checked(request, provider)
        attempt.succeeded = response.status_code < 400
    return response


@never_cache
@require_safe
def saml_finish(request: HttpRequest) -> HttpResponse:
    """Signs in the person whom the answer names, in the browser that asked for it, once."""
    provider = saml_provider(request)
    with failures_of_network(request) as attempt:
        if attempt.wait:
            return too_soon(refused(request, "", 429, wait=attempt.wait), attempt.wait)
        response = _finished(request, provider)
        attempt.succeeded = response.status_code < 400
    response.delete_cookie(COOKIE, path=request.path)
    return response


@require_safe
def saml_metadata(request: HttpRequest) -> HttpResponse:
    """The description of this installation that a provider reads. Its address is our name there."""
    provider = saml_provider(request)  # without one its packages may be absent
    from labeling.web.saml_messages import metadata

    try:
        described = metadata(request, provider.app)
    except ValueError as error:
        return does_not_answer(request, provider.name, error)
    return HttpResponse(described, content_type="application/samlmetadata+xml")


def _checked(request: HttpRequest, provider: SAMLProvider) -> HttpResponse:
    from labeling.web.saml_messages import AnswerRefused, read_answer

    try:
        answer = read_answer(request, provider.app)
    except AnswerRefused as error:
        logger.warning("An answer of the provider of SAML was refused: %.300r", str(error))
        return did_not_sign_in(request, provider.name)
    response = redirect("saml_finish")
    is_confirmed = answer.is_confirmed
    if is_confirmed is None:
        is_confirmed = is_of_domain(answer.address, settings.SAML_TRUSTED_DOMAINS)
    response.set_signed_cookie(
        COOKIE,
        json.dumps([answer.request_id, answer.uid, answer.address, is_confirmed]),
        max_age=KEPT_FOR,
        path=reverse("saml_finish"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def _finished(request: HttpRequest, provider: SAMLProvider) -> HttpResponse:
    try:
        request_id, uid, address, is_confirmed = json.loads(str(request.get_signed_cookie(COOKIE, max_age=KEPT_FOR)))
        state = provider.unstash_redirect_state(request, request_id)
    except (KeyError, BadSignature, PermissionDenied):  # too late, twice, or another browser's
        return did_not_sign_in(request, provider.name)
    addresses = [EmailAddress(email=address, verified=is_confirmed, primary=True)] if address else []
    account = SocialAccount(provider=provider.sub_id, uid=uid, extra_data={})
    login = SocialLogin(user=User(), account=account, email_addresses=addresses, provider=provider)
    login.state = state
    response: HttpResponse = complete_social_login(request, login)
    return response
