"""The messages of SAML 2.0: our request to sign somebody in, and the person whom the provider's answer names.

Needs python3-saml, which only installations with SAML have (`make install-saml`): imported where it is used.
"""

from typing import Any, NamedTuple

from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from django.http import HttpRequest
from django.urls import reverse
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Names
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

from labeling.web.saml_signatures import fault_of_signatures

LONGEST = 300_000
"""Characters of an answer. Those of real providers have some thousands."""

LONGEST_NAME = 191
"""Characters of an identifier: what the table of accounts holds."""

BEARER_DATA = (
    f"/samlp:Response/saml:Assertion/saml:Subject/saml:SubjectConfirmation[@Method='{Names.CM_BEARER}']"
    "/saml:SubjectConfirmationData"
)
SECURITY = {
    "rejectDeprecatedAlgorithm": True,
    "signatureAlgorithm": Names.RSA_SHA256,
    "digestAlgorithm": Names.SHA256,
    "requestedAuthnContext": False,  # how people prove who they are is the provider's to decide
    "wantNameId": False,  # an attribute may be the name
    "wantAttributeStatement": False,  # the address may be the name
    "allowRepeatAttributeName": True,
    "allowSingleLabelDomains": True,
    "metadataValidUntil": "",  # providers that read it once would refuse it two days later
    "metadataCacheDuration": "",
}
DAMAGED = (
    OneLogin_Saml2_Error,
    OneLogin_Saml2_ValidationError,
    SyntaxError,  # lxml's, for what is no XML
    ValueError,  # no base64; a document type, which could hold entities
    LookupError,
    TypeError,
    AttributeError,
)
"""Errors that the library raises before it checks an answer."""


class AnswerRefused(Exception):
    """An answer that signs nobody in. The text is for the log: it says what the operator may have to change."""


class Answer(NamedTuple):
    """Whom a provider names. is_confirmed: whether it says that it confirmed the address; None: it does not say."""

    request_id: str
    uid: str
    address: str
    is_confirmed: bool | None


def sign_in_request(request: HttpRequest, app: SocialApp) -> tuple[str, str]:
    """The address at the provider that holds our request, and the request's id, which the answer must name.

    Raises ValueError for settings that the library refuses.
    """
    auth = OneLogin_Saml2_Auth(_arrived(request), _settings(request, app))
    address: str = auth.login(return_to="")
    return address, auth.get_last_request_id()


def read_answer(request: HttpRequest, app: SocialApp) -> Answer:
    """The posted answer, if the provider has signed it, for us, just now and for a request. Raises AnswerRefused.

    Whether the request was this browser's is still to be checked.
    """
    posted = request.POST.get("SAMLResponse", "")
    if not 0 < len(posted) <= LONGEST:
        raise AnswerRefused(f"it has {len(posted)} characters")
    try:
        response = OneLogin_Saml2_Response(_settings(request, app), posted)
        request_id = response.get_in_response_to()
        if not request_id:
            raise AnswerRefused("nobody here asked for it: people begin at our sign-in page, not at the provider's")
        if fault := fault_of_signatures(response.document):
            raise AnswerRefused(fault)
        if not response.is_valid(_arrived(request), request_id):
            raise AnswerRefused(response.get_error())
        _require_ours(response, request, request_id)
        return _answer(response, request_id, SAMLProvider(request, app=app))
    except DAMAGED as error:
        raise AnswerRefused(f"it cannot be read: {error}") from error


def metadata(request: HttpRequest, app: SocialApp) -> bytes:
    """Our own description, which providers read. Raises ValueError for settings that the library refuses."""
    found: str | bytes = _settings(request, app).get_sp_metadata()
    return found.encode() if isinstance(found, str) else found


def _require_ours(response: OneLogin_Saml2_Response, request: HttpRequest, request_id: str) -> None:
    """Checks the parts of an answer that the standard demands, and that the library lets be absent."""
    if _address(request, "saml_metadata") not in response.get_audiences():
        raise AnswerRefused("it has no audience")
    # The assertion is the only one, and signed itself or within a signed response: the library has made sure.
    data = OneLogin_Saml2_XML.query(response.document, BEARER_DATA)
    ours = [
        one.get("InResponseTo") == request_id
        and one.get("Recipient") == _address(request, "saml_answer")
        and bool(one.get("NotOnOrAfter"))
        for one in data
    ]
    if not ours or not all(ours):
        raise AnswerRefused("its assertion does not say for which request, for which address and until when it is")


def _answer(response: OneLogin_Saml2_Response, request_id: str, provider: SAMLProvider) -> Answer:
    uid = provider.extract_uid(response)
    if not uid:
        raise AnswerRefused("it has no identifier: choose a persistent NameID at the provider, or an attribute")
    if len(uid) > LONGEST_NAME:
        raise AnswerRefused(f"the person's identifier has {len(uid)} characters, more than {LONGEST_NAME}")
    if uid == response.get_nameid() and response.get_nameid_format() == Names.NAMEID_TRANSIENT:
        raise AnswerRefused("it names the person otherwise each time: choose a persistent NameID at the provider")
    told = provider.extract_common_fields(response)
    confirmed = told.get("email_verified")
    return Answer(request_id, uid, told.get("email") or "", confirmed if isinstance(confirmed, bool) else None)


def _settings(request: HttpRequest, app: SocialApp) -> OneLogin_Saml2_Settings:
    """Raises ValueError if the library refuses them."""
    provider = app.settings["provider"]
    certificates = provider["certificates"]
    if not certificates:
        raise ValueError("SAML_CERTIFICATE has no certificate")
    try:
        return OneLogin_Saml2_Settings(_values(request, provider, certificates))
    except OneLogin_Saml2_Error as error:
        raise ValueError(str(error)) from error


def _values(request: HttpRequest, provider: dict[str, Any], certificates: list[str]) -> dict[str, Any]:
    return {
        "strict": True,
        "security": SECURITY,
        "sp": {
            "entityId": _address(request, "saml_metadata"),
            "assertionConsumerService": {
                "url": _address(request, "saml_answer"),
                "binding": Names.BINDING_HTTP_POST,
            },
            "NameIDFormat": Names.NAMEID_UNSPECIFIED,
        },
        "idp": {
            "entityId": provider["entity_id"],
            "singleSignOnService": {"url": provider["sso_url"], "binding": Names.BINDING_HTTP_REDIRECT},
            "x509cert": certificates[0],
            "x509certMulti": {"signing": certificates},  # the next one beside the current one
        },
    }


def _address(request: HttpRequest, name: str) -> str:
    return request.build_absolute_uri(reverse(name))


def _arrived(request: HttpRequest) -> dict[str, Any]:
    """Where the request came in, as the library wants it."""
    return {
        "https": "on" if request.is_secure() else "off",
        "http_host": request.get_host(),
        "script_name": request.path,
        "get_data": {},
        "post_data": {},
    }
