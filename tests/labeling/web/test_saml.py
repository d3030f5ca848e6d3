"""Signing in with a provider of SAML: a real one, whose answers have real signatures."""

import base64
import sys
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.urls import reverse
from lxml import etree

from config.sign_in import saml_provider
from labeling.models import Event, User
from tests.labeling.saml_provider import (
    AS_ADDRESS,
    ISSUER,
    MAIL,
    OTHERS,
    OURS,
    SAML,
    SSO,
    TRANSIENT,
    IdentityProvider,
    encoded,
    request_in,
)
from tests.labeling.web.test_providers import there
from tests.people import Stage, stage

HERE = "http://testserver"
METADATA = f"{HERE}/login/with/saml/metadata/"


@pytest.fixture
def provider(settings: Any) -> IdentityProvider:
    """The provider, switched on; it knows Alice."""
    settings.SOCIALACCOUNT_PROVIDERS = saml_provider(ISSUER, "Firm", SSO, OURS.certificate)
    settings.SAML_TRUSTED_DOMAINS = ["firm.example"]
    return IdentityProvider(attributes={MAIL: "Alice@Firm.example"})


@pytest.fixture
def scene(provider: IdentityProvider) -> Stage:
    scene = stage(comparisons=1)
    User.objects.filter(pk=scene.alice.pk).update(email="alice@firm.example")
    return scene


def asked(browser: Client, after: str = "") -> str:
    """From the sign-in page to the provider: the address there."""
    address = there(browser, after, "saml")
    assert address.startswith(f"{SSO}?SAMLRequest=")
    return address


def post(browser: Client, answer: str) -> Any:
    """The provider's page posts its answer. From there browsers send none of our cookies; on the way on they do."""
    arrived: Any = Client().post(reverse("saml_answer"), {"SAMLResponse": answer})
    if arrived.status_code != 302:
        return arrived
    browser.cookies.update(arrived.cookies)
    return browser.get(arrived.headers["Location"])


def sign_in(browser: Client, provider: IdentityProvider, after: str = "") -> Any:
    """The whole way: to the provider and back."""
    return post(browser, provider.answer(asked(browser, after)))


def refused(response: Any, text: str = "Firm did not sign you in.") -> None:
    assert response.status_code in (401, 403), response.content.decode()
    assert text in unescape(response.content.decode())
    assert response.wsgi_request.user.is_anonymous
    assert not SocialAccount.objects.exists()
    assert not Event.objects.filter(verb="user.signed_in").exists()


def test_without_a_provider_nothing_needs_its_packages_or_has_its_addresses(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "labeling.web.saml_messages", None)  # as where they are not installed
    settings.SOCIALACCOUNT_PROVIDERS = saml_provider("", "", "", "")
    assert "/login/with/" not in Client().get("/login/").content.decode()
    assert Client().post("/login/with/saml/").status_code == 404
    assert Client().post("/login/with/saml/answer/").status_code == 404
    for name in ("finish", "metadata"):
        assert Client().get(f"/login/with/saml/{name}/").status_code == 404


def test_somebody_with_a_trusted_address_gets_their_own_account(scene: Stage, provider: IdentityProvider) -> None:
    browser = Client()
    assert "Sign in with <bdi>Firm</bdi>" in browser.get("/login/").content.decode()
    response = sign_in(browser, provider, "/campaigns/sums/")
    assert (response.status_code, response.headers["Location"]) == (302, "/campaigns/sums/")
    assert browser.get("/").wsgi_request.user == scene.alice
    linked, signed_in = Event.objects.filter(verb__in=["user.provider_linked", "user.signed_in"]).order_by("pk")
    assert (linked.verb, linked.actor, linked.after) == ("user.provider_linked", scene.alice, {"provider": "saml"})
    assert (signed_in.actor, signed_in.after) == (scene.alice, {"new_place": True, "provider": "saml"})
    account = SocialAccount.objects.get()
    assert (account.provider, account.uid, account.extra_data) == ("saml", "4711", {})
    assert "saml-answer" not in {name for name, cookie in browser.cookies.items() if cookie.value}


def test_afterwards_the_provider_s_own_name_counts_and_no_address(scene: Stage, provider: IdentityProvider) -> None:
    sign_in(Client(), provider)
    provider.attributes = {}
    browser = Client()
    assert sign_in(browser, provider).status_code == 302
    assert browser.get("/").wsgi_request.user == scene.alice


@pytest.mark.parametrize("signs", [("Assertion",), ("Response",), ("Assertion", "Response")])
def test_a_signature_around_the_person_is_enough(
    scene: Stage, provider: IdentityProvider, signs: tuple[str, ...]
) -> None:
    provider.signs = signs
    assert sign_in(Client(), provider).status_code == 302


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("signs", (), id="unsigned"),
        pytest.param("pair", OTHERS, id="signed by somebody else"),
        pytest.param("valid_for", timedelta(minutes=-6), id="expired"),
        pytest.param("audience", "https://another.example/", id="for another audience"),
        pytest.param("omits", ("Audience",), id="for any audience"),
        pytest.param("issuer", "https://another.example/", id="of another issuer"),
        pytest.param("recipient", f"{HERE}/login/with/saml/answer/more/", id="for another address"),
        pytest.param("omits", ("Recipient",), id="for any address"),
        pytest.param("omits", ("NotOnOrAfter",), id="for ever"),
        pytest.param("omits", ("InResponseTo",), id="begun at the provider"),
        pytest.param("answers", "_of-nobody", id="for a request of nobody"),
        pytest.param("name_format", TRANSIENT, id="with another name each time"),
    ],
)
def test_an_answer_that_is_not_signed_for_us_now_signs_nobody_in(
    scene: Stage, provider: IdentityProvider, name: str, value: Any
) -> None:
    setattr(provider, name, value)
    refused(sign_in(Client(), provider))


def test_a_signed_assertion_for_no_request_is_not_taken_for_one(scene: Stage, provider: IdentityProvider) -> None:
    provider.omits = ("InResponseTo",)
    browser = Client()
    request = request_in(asked(browser))
    document = provider.document(request)
    document.attrib["InResponseTo"] = request.get("ID") or ""  # where the signature does not reach
    refused(post(browser, encoded(document)))


@pytest.mark.parametrize("text", ["", "no base64!", "bm8gWE1M", base64.b64encode(b"<a/>").decode(), "PGEv" * 100_000])
def test_what_is_no_answer_signs_nobody_in(scene: Stage, provider: IdentityProvider, text: str) -> None:
    refused(post(Client(), text))


def test_a_document_type_is_refused_before_it_is_read(scene: Stage, provider: IdentityProvider) -> None:
    bomb = b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    refused(post(Client(), base64.b64encode(bomb).decode()))


def test_an_answer_signs_in_once_and_only_the_browser_that_asked(scene: Stage, provider: IdentityProvider) -> None:
    browser, other = Client(), Client()
    answer = provider.answer(asked(browser))
    asked(other)  # another request is open there
    refused(post(other, answer))
    assert post(browser, answer).status_code == 302
    browser.post("/logout/")
    replayed = post(browser, answer)
    assert replayed.status_code == 401
    assert browser.get("/you/").wsgi_request.user.is_anonymous


def moved(document: etree._Element, where: str) -> etree._Element:
    """The signed assertion somewhere else in the document, and a forged one about somebody else in its place."""
    (signed,) = document.findall(f"{{{SAML}}}Assertion")
    forged = deepcopy(signed)
    signature = forged.find("{http://www.w3.org/2000/09/xmldsig#}Signature")
    assert signature is not None
    forged.remove(signature)
    forged.attrib["ID"] = "_forged"
    (name,) = forged.iter(f"{{{SAML}}}NameID")
    name.text = "root"
    document.replace(signed, forged)
    if where == "beside":
        document.append(signed)
    elif where == "before":
        document.insert(1, signed)
    elif where == "within":
        forged.append(signed)
    elif where == "within the signature":
        forged.insert(1, signature)
        etree.SubElement(signature, "{http://www.w3.org/2000/09/xmldsig#}Object").append(signed)
    elif where == "the same name":
        forged.attrib["ID"] = signed.attrib["ID"]
        etree.SubElement(document, "{urn:oasis:names:tc:SAML:2.0:protocol}Extensions").append(signed)
    return document


@pytest.mark.parametrize("where", ["beside", "before", "within", "within the signature", "the same name", "nowhere"])
def test_a_signed_assertion_is_no_wrapping_for_a_forged_one(
    scene: Stage, provider: IdentityProvider, where: str
) -> None:
    browser = Client()
    document = provider.document(request_in(asked(browser)))
    refused(post(browser, encoded(moved(document, where))))


def test_a_changed_value_breaks_the_signature_and_a_comment_cuts_no_name(
    scene: Stage, provider: IdentityProvider
) -> None:
    provider.attributes = {MAIL: "alice@firm.example.evil.example"}
    browser = Client()
    text = base64.b64decode(provider.answer(asked(browser)))
    refused(post(browser, base64.b64encode(text.replace(b".evil.example", b"")).decode()))
    cut = text.replace(b".evil.example", b"<!-- -->.evil.example")  # a signature does not see comments
    assert cut != text
    refused(post(browser, base64.b64encode(cut).decode()), "The provider has not confirmed your e-mail address.")


DSIG = "http://www.w3.org/2000/09/xmldsig#"
XSLT = (
    '<x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform"><x:template match="/"/></x:stylesheet>'
)
XPATH = f'<d:XPath xmlns:d="{DSIG}">count(//*[count(//*) > count(//node())]) = 0</d:XPath>'


def changed(document: etree._Element, name: str, algorithm: str, content: str = "") -> None:
    """Puts an algorithm into the last element of this name in the signature, with its content."""
    element = list(document.iter(f"{{{DSIG}}}{name}"))[-1]
    element.attrib["Algorithm"] = algorithm
    if content:
        element.append(etree.fromstring(content))


@pytest.mark.parametrize(
    ("name", "algorithm", "content"),
    [
        ("Transform", "http://www.w3.org/TR/1999/REC-xslt-19991116", XSLT),
        ("Transform", "http://www.w3.org/TR/1999/REC-xpath-19991116", XPATH),
        ("Transform", "http://www.w3.org/2002/06/xmldsig-filter2", ""),
        ("CanonicalizationMethod", "http://www.w3.org/TR/1999/REC-xslt-19991116", XSLT),
        ("SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1", ""),
        ("SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160", ""),
        ("DigestMethod", f"{DSIG}sha1", ""),
    ],
)
def test_no_other_algorithm_of_a_signature_is_run(
    scene: Stage, provider: IdentityProvider, caplog: Any, name: str, algorithm: str, content: str
) -> None:
    browser = Client()
    document = provider.document(request_in(asked(browser)))
    changed(document, name, algorithm, content)
    refused(post(browser, encoded(document)))
    assert f"the {name} '{algorithm}' is not allowed" in caplog.text


def again(document: etree._Element, name: str) -> None:
    """Doubles the last element of this name."""
    element = list(document.iter(f"{{{DSIG}}}{name}"))[-1]
    element.addnext(deepcopy(element))


def holding(document: etree._Element) -> None:
    (signature,) = document.iter(f"{{{DSIG}}}Signature")
    etree.SubElement(signature, f"{{{DSIG}}}Object")


def with_prefixes(document: etree._Element) -> None:
    prefixes = " ".join(f"p{number}" for number in range(60))
    method = f'<e:InclusiveNamespaces xmlns:e="http://www.w3.org/2001/10/xml-exc-c14n#" PrefixList="{prefixes}"/>'
    changed(document, "Transform", "http://www.w3.org/2001/10/xml-exc-c14n#", method)


def with_attributes(document: etree._Element) -> None:
    document.attrib.update({f"a{number}": "" for number in range(60)})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda document: again(document, "Reference"), "not exactly one reference"),
        (lambda document: again(document, "Transform"), "more than two transforms"),
        (holding, "holds an object"),
        (with_prefixes, "a short list of prefixes"),
        (with_attributes, "more than 50 attributes or namespaces"),
    ],
)
def test_a_signature_with_more_in_it_than_it_needs_is_not_checked(
    scene: Stage, provider: IdentityProvider, caplog: Any, change: Callable[[etree._Element], None], reason: str
) -> None:
    browser = Client()
    document = provider.document(request_in(asked(browser)))
    change(document)
    refused(post(browser, encoded(document)))
    assert reason in caplog.text


def test_an_address_that_nobody_vouches_for_opens_nothing(
    scene: Stage, provider: IdentityProvider, settings: Any
) -> None:
    for domains in ([], [""], ["example"], ["evil-firm.example"]):
        settings.SAML_TRUSTED_DOMAINS = domains
        refused(sign_in(Client(), provider), "The provider has not confirmed your e-mail address.")
    provider.attributes["http://schemas.auth0.com/email_verified"] = "false"
    settings.SAML_TRUSTED_DOMAINS = ["firm.example"]
    refused(sign_in(Client(), provider), "The provider has not confirmed your e-mail address.")
    provider.attributes["http://schemas.auth0.com/email_verified"] = "true"
    settings.SAML_TRUSTED_DOMAINS = []
    assert sign_in(Client(), provider).status_code == 302


def test_the_name_may_be_the_address(scene: Stage, provider: IdentityProvider) -> None:
    provider.name, provider.name_format, provider.attributes = "alice@firm.example", AS_ADDRESS, {}
    browser = Client()
    assert sign_in(browser, provider).status_code == 302
    assert browser.get("/").wsgi_request.user == scene.alice


SUBJECT = "urn:oasis:names:tc:SAML:attribute:subject-id"


def test_an_attribute_may_be_the_name_without_a_name_of_the_subject(scene: Stage, provider: IdentityProvider) -> None:
    provider.omits, provider.attributes[SUBJECT] = ("NameID",), "4711@firm.example"
    assert sign_in(Client(), provider).status_code == 302
    assert SocialAccount.objects.get().uid == "4711@firm.example"


@pytest.mark.parametrize(
    ("omits", "name", "reason"),
    [
        pytest.param(("NameID",), "4711", "it has no identifier", id="none"),
        pytest.param((), "", "it has no identifier", id="empty"),
        pytest.param((), "x" * 192, "identifier has 192 characters", id="too long"),
    ],
)
def test_an_identifier_that_no_account_can_have_signs_nobody_in(
    scene: Stage, provider: IdentityProvider, caplog: Any, omits: tuple[str, ...], name: str, reason: str
) -> None:
    provider.omits, provider.name = omits, name
    refused(sign_in(Client(), provider))
    assert reason in caplog.text


@pytest.mark.parametrize(
    ("address", "certificate"), [("https://login firm", OURS.certificate), (SSO, "")], ids=["address", "certificate"]
)
def test_settings_that_cannot_work_are_told_and_break_no_page(
    scene: Stage, settings: Any, caplog: Any, address: str, certificate: str
) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = saml_provider(ISSUER, "Firm", address, certificate)
    left = Client().post("/login/with/saml/")
    described = Client().get("/login/with/saml/metadata/")
    for response in (left, described):
        assert response.status_code == 502
        assert "Firm does not answer." in response.content.decode()
    assert caplog.text.count("The provider Firm is away or set up wrong") == 2
    refused(post(Client(), "PGEvPg=="))


def test_a_stranger_needs_an_allowed_domain_and_one_who_is_switched_off_stays_out(
    scene: Stage, provider: IdentityProvider, settings: Any
) -> None:
    provider.name, provider.attributes = "9", {MAIL: "eva@firm.example"}
    refused(sign_in(Client(), provider), "Nobody here has your e-mail address.")
    settings.SIGN_IN_DOMAINS = ["firm.example"]
    browser = Client()
    assert sign_in(browser, provider).status_code == 302
    eva = User.objects.get(username="eva")
    assert (eva.role, eva.has_usable_password()) == ("annotator", False)
    User.objects.filter(pk=eva.pk).update(is_active=False)
    off = sign_in(Client(), provider)
    assert off.status_code == 403
    assert "This account is switched off." in off.content.decode()


def test_failures_count_as_those_of_passwords_do(scene: Stage, provider: IdentityProvider, settings: Any) -> None:
    settings.SIGN_IN_LIMITS = settings.SIGN_IN_LIMITS | {"address": 2}
    assert [sign_in(Client(), provider).status_code for _ in range(3)] == [302] * 3
    SocialAccount.objects.all().delete()
    for _ in range(2):
        assert post(Client(), "damaged").status_code == 401
    assert post(Client(), provider.answer(asked(Client()))).status_code == 429


def test_the_next_certificate_is_taken_beside_the_current_one(
    scene: Stage, provider: IdentityProvider, settings: Any
) -> None:
    both = f"{OTHERS.certificate}{OURS.certificate}"
    settings.SOCIALACCOUNT_PROVIDERS = saml_provider(ISSUER, "Firm", SSO, both)
    for provider.pair in (OURS, OTHERS):
        assert sign_in(Client(), provider).status_code == 302


def test_providers_read_our_description(provider: IdentityProvider) -> None:
    response = Client().get("/login/with/saml/metadata/")
    assert response.headers["Content-Type"] == "application/samlmetadata+xml"
    described = etree.fromstring(response.content)
    assert described.get("entityID") == METADATA
    assert described.get("validUntil") is None  # providers that read it once go on
    (service,) = described.iter("{urn:oasis:names:tc:SAML:2.0:metadata}AssertionConsumerService")
    assert service.get("Location") == f"{HERE}/login/with/saml/answer/"


def test_a_request_of_ours_names_us_and_the_address_for_the_answer(provider: IdentityProvider) -> None:
    request = request_in(asked(Client()))
    assert request.findtext(f"{{{SAML}}}Issuer") == METADATA
    assert request.get("AssertionConsumerServiceURL") == f"{HERE}/login/with/saml/answer/"
