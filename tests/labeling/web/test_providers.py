"""Signing in with a provider of OpenID Connect: a real one, over HTTP, that signs real tokens."""

import json
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.errors import NotAllowed
from config.sign_in import oidc_provider
from labeling.actions.erasure import erase_person
from labeling.actions.invitations import create_invitation
from labeling.actions.provider_sign_ins import user_of_provider
from labeling.models import Event, User
from tests.labeling.authenticator_app import with_app
from tests.labeling.oidc_provider import CLIENT, OTHER_KEY, SECRET, Provider, running_provider
from tests.people import NOON, PASSWORD, Stage, stage

ALICE = {"sub": "4711", "email": "Alice@Firm.example", "email_verified": True}


@pytest.fixture(scope="module")
def _provider() -> Iterator[Provider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def provider(_provider: Provider, settings: Any) -> Provider:
    """The provider, switched on; it knows Alice."""
    settings.SOCIALACCOUNT_PROVIDERS = oidc_provider(_provider.issuer, "Firm", CLIENT, SECRET)
    fresh = Provider(_provider.issuer)
    for name in ("claims", "changes", "told", "key", "algorithm", "codes"):
        setattr(_provider, name, getattr(fresh, name))
    _provider.claims = dict(ALICE)
    _provider.asked.clear()
    return _provider


@pytest.fixture
def scene(provider: Provider) -> Stage:
    scene = stage(comparisons=1)
    User.objects.filter(pk=scene.alice.pk).update(email="alice@firm.example")
    return scene


def there(browser: Client, after: str = "", provider: str = "oidc") -> str:
    """From the sign-in page to the provider: the address there."""
    page = browser.post(reverse("provider_sign_in", args=[provider]), {"next": after})
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.content.decode())
    assert found, page.content.decode()
    return unescape(found[1])


def sign_in(browser: Client, provider: Provider, after: str = "") -> Any:
    """The whole way: to the provider and back."""
    return browser.get(provider.authorize(there(browser, after)))


def refused(response: Any, text: str) -> None:
    assert response.status_code in (401, 403), response.content.decode()
    assert text in unescape(response.content.decode())
    assert response.wsgi_request.user.is_anonymous


def test_without_a_provider_the_page_offers_none(settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = oidc_provider("", "", "", "")
    assert reverse("provider_sign_in", args=["oidc"]) not in Client().get("/login/").content.decode()
    assert Client().post(reverse("provider_sign_in", args=["oidc"])).status_code == 404
    assert Client().get(reverse("openid_connect_callback", args=["oidc"])).status_code == 404


def test_somebody_whose_address_the_provider_confirmed_gets_their_own_account(scene: Stage, provider: Provider) -> None:
    browser = Client()
    assert "Sign in with <bdi>Firm</bdi>" in browser.get("/login/").content.decode()
    response = sign_in(browser, provider)
    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert browser.get("/").wsgi_request.user == scene.alice
    linked, signed_in = Event.objects.filter(verb__in=["user.provider_linked", "user.signed_in"]).order_by("pk")
    assert (linked.verb, linked.actor, linked.after) == ("user.provider_linked", scene.alice, {"provider": "oidc"})
    assert (signed_in.actor, signed_in.after) == (scene.alice, {"new_place": True, "provider": "oidc"})
    assert SocialAccount.objects.get().extra_data == {}
    assert sum(path.endswith("openid-configuration") for path in provider.asked) <= 1  # kept for a while
    assert scene.alice.has_usable_password()


def test_afterwards_the_provider_s_own_name_counts_and_no_address(scene: Stage, provider: Provider) -> None:
    sign_in(Client(), provider)
    provider.claims = {"sub": "4711"}
    User.objects.filter(pk=scene.bob.pk).update(email="alice@firm.example")
    browser = Client()
    assert sign_in(browser, provider).status_code == 302
    assert browser.get("/").wsgi_request.user == scene.alice
    assert Event.objects.filter(verb="user.provider_linked").count() == 1


def test_the_page_that_was_asked_for_comes_next_and_no_other_site(scene: Stage, provider: Provider) -> None:
    assert sign_in(Client(), provider, "/campaigns/sums/").headers["Location"] == "/campaigns/sums/"
    assert sign_in(Client(), provider, "https://evil.example/").headers["Location"] == "/"


def test_an_address_that_is_not_confirmed_opens_nothing(scene: Stage, provider: Provider) -> None:
    for claims in ({"email_verified": False}, {"email_verified": None}, {"email": None}):
        provider.changes = dict(claims)
        provider.told = {"sub": "4711"}
        refused(sign_in(Client(), provider), "The provider has not confirmed your e-mail address.")
    assert not SocialAccount.objects.exists()


def test_entra_tells_in_its_own_words_that_an_address_is_confirmed(scene: Stage, provider: Provider) -> None:
    told: list[dict[str, Any]] = [{}, {"xms_edov": False}, {"xms_edov": "0"}]
    for claims in (*told, {"xms_edov": True, "email_verified": False}):
        provider.claims = {"sub": "4711", "email": ALICE["email"], **claims}
        refused(sign_in(Client(), provider), "has not confirmed")
    for claim in (True, "1", 1):
        provider.claims = {"sub": f"of {claim!r}", "email": ALICE["email"], "xms_edov": claim}
        assert sign_in(Client(), provider).status_code == 302
        SocialAccount.objects.all().delete()


def test_a_domain_that_the_operator_vouches_for_is_believed_and_no_other(
    scene: Stage, provider: Provider, settings: Any
) -> None:
    provider.claims = {"sub": "4711", "email": ALICE["email"]}
    for domains in ([], [""], ["@"], ["example"], ["evil-firm.example"]):
        settings.OIDC_TRUSTED_DOMAINS = domains
        refused(sign_in(Client(), provider), "has not confirmed")
    settings.OIDC_TRUSTED_DOMAINS = ["other.example", "@Firm.example"]
    assert sign_in(Client(), provider).status_code == 302
    provider.claims["email_verified"] = False
    SocialAccount.objects.all().delete()
    refused(sign_in(Client(), provider), "has not confirmed")


def test_an_address_that_only_the_user_info_tells_is_taken_for_the_same_person_only(
    scene: Stage, provider: Provider
) -> None:
    provider.claims = {"sub": "4711"}
    provider.told = ALICE | {"sub": "somebody else"}
    refused(sign_in(Client(), provider), "has not confirmed")
    provider.told = dict(ALICE)
    assert sign_in(Client(), provider).status_code == 302


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example"},
        {"aud": "another client"},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"iat": None},
        {"sub": None},
    ],
)
def test_a_token_that_is_not_for_us_signs_nobody_in(scene: Stage, provider: Provider, changes: dict[str, Any]) -> None:
    provider.changes = changes
    refused(sign_in(Client(), provider), "Firm did not sign you in.")


def test_a_token_with_another_signature_signs_nobody_in(scene: Stage, provider: Provider) -> None:
    provider.key = OTHER_KEY
    refused(sign_in(Client(), provider), "Firm did not sign you in.")
    provider.key, provider.algorithm = CLIENT + "x" * 40, "HS256"
    refused(sign_in(Client(), provider), "Firm did not sign you in.")


def test_a_code_of_another_browser_or_a_second_use_signs_nobody_in(scene: Stage, provider: Provider) -> None:
    browser = Client()
    back = provider.authorize(there(browser))
    refused(Client().get(back), "Firm did not sign you in.")
    assert browser.get(back).status_code == 302
    browser.logout()
    refused(browser.get(back), "Firm did not sign you in.")
    refused(browser.get(back.partition("?")[0] + "?error=access_denied"), "Firm did not sign you in.")


def test_a_stranger_needs_an_allowed_domain_or_an_invitation(scene: Stage, provider: Provider, settings: Any) -> None:
    provider.claims = {"sub": "9", "email": "eva.muster@firm.example", "email_verified": True}
    refused(sign_in(Client(), provider), "Nobody here has your e-mail address.")
    settings.SIGN_IN_DOMAINS = ["other.example", "@Firm.example"]
    browser = Client()
    assert sign_in(browser, provider).status_code == 302
    user = browser.get("/").wsgi_request.user
    assert isinstance(user, User)
    assert (user.username, user.role, user.email) == ("eva.muster", "annotator", "eva.muster@firm.example")
    assert not user.has_usable_password()
    assert "None: you sign in with your company" in browser.get("/you/").content.decode()


@pytest.mark.parametrize(("role", "status"), [("annotator", 302), ("expert", 302), ("lead", 403)])
def test_an_invited_stranger_comes_back_to_the_invitation(
    scene: Stage, provider: Provider, role: str, status: int
) -> None:
    provider.claims = {"sub": "9", "email": "alice@else.example", "email_verified": True}
    until = timezone.now() + timedelta(days=1)
    _, token = create_invitation(
        campaign=scene.campaign, role=role, expires_at=until, acting_user=scene.maya, now=timezone.now()
    )
    page = reverse("invitation", args=[token])
    browser = Client()
    response = sign_in(browser, provider, page)
    assert response.status_code == status
    if status == 302:
        assert response.headers["Location"] == page
        assert browser.get(page).wsgi_request.user.get_username() == "alice-2"  # there is an Alice
        assert browser.post(page).status_code == 302
        assert scene.campaign.memberships.filter(user__username="alice-2", role=role).exists()
    provider.claims = provider.claims | {"sub": "10", "email": "ten@else.example"}
    refused(sign_in(Client(), provider, "/invitations/none/"), "Nobody here")


def test_reserved_names_are_given_to_nobody(scene: Stage, provider: Provider, settings: Any) -> None:
    settings.SIGN_IN_DOMAINS = ["firm.example"]
    provider.claims = {"sub": "9", "email": "erased-8@firm.example", "email_verified": True}
    browser = Client()
    sign_in(browser, provider)
    assert browser.get("/").wsgi_request.user.get_username() == "person-erased-8"


def test_two_accounts_with_the_address_and_one_that_is_off_are_refused(scene: Stage, provider: Provider) -> None:
    User.objects.filter(pk=scene.alice.pk).update(is_active=False)
    refused(sign_in(Client(), provider), "This account is switched off.")
    User.objects.filter(pk=scene.bob.pk).update(email="alice@firm.example")
    refused(sign_in(Client(), provider), "Several accounts here have your e-mail address.")


def test_an_address_that_was_somebody_else_s_at_the_provider_opens_no_account(scene: Stage, provider: Provider) -> None:
    now = scene.now
    given: Any = {"provider": "oidc", "address": "maya@firm.example", "is_confirmed": True, "is_invited": False}
    User.objects.filter(pk=scene.maya.pk).update(email="maya@firm.example")
    assert user_of_provider(uid="1", now=now, **given) == scene.maya
    with pytest.raises(NotAllowed, match="belongs to another person"):
        user_of_provider(uid="2", now=now, **given)
    assert user_of_provider(uid="1", now=now, **given) == scene.maya


def test_an_account_that_was_switched_off_later_stays_out(scene: Stage, provider: Provider) -> None:
    sign_in(Client(), provider)
    User.objects.filter(pk=scene.alice.pk).update(is_active=False)
    refused(sign_in(Client(), provider), "This account is switched off.")


def test_failures_count_as_those_of_passwords_do(scene: Stage, provider: Provider, settings: Any) -> None:
    settings.SIGN_IN_LIMITS = settings.SIGN_IN_LIMITS | {"address": 2}
    provider.key = OTHER_KEY
    for _ in range(2):
        refused(sign_in(Client(), provider), "Firm did not sign you in.")
    provider.key = Provider("").key
    response = sign_in(Client(), provider)
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0


def test_successes_do_not_count(scene: Stage, provider: Provider, settings: Any) -> None:
    settings.SIGN_IN_LIMITS = settings.SIGN_IN_LIMITS | {"address": 2}
    assert [sign_in(Client(), provider).status_code for _ in range(5)] == [302] * 5


def test_a_provider_that_does_not_answer_is_named(scene: Stage, settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = oidc_provider("http://127.0.0.1:9", "Firm", CLIENT, SECRET)
    response = Client().post(reverse("provider_sign_in", args=["oidc"]))
    assert response.status_code == 502
    assert "Firm does not answer." in response.content.decode()


def test_an_erased_person_is_a_stranger_to_the_provider(scene: Stage, provider: Provider) -> None:
    sign_in(Client(), provider)
    erase_person(person=scene.alice, confirmation="alice", acting_user=scene.alice, now=NOON)
    assert not SocialAccount.objects.exists()
    refused(sign_in(Client(), provider), "Nobody here has your e-mail address.")


def test_where_passwords_are_off_only_the_provider_signs_in(scene: Stage, provider: Provider, settings: Any) -> None:
    settings.PASSWORD_SIGN_IN = False
    browser = Client()
    page = browser.get("/login/").content.decode()
    assert "Sign in with <bdi>Firm</bdi>" in page
    assert 'name="password"' not in page
    entered = {"username": "root", "password": PASSWORD}
    for address in ("/login/", "/admin/login/"):
        assert browser.post(address, entered).wsgi_request.user.is_anonymous
    assert not Event.objects.filter(verb__in=["user.signed_in", "user.sign_in_failed"]).exists()
    until = timezone.now() + timedelta(days=1)
    _, token = create_invitation(campaign=scene.campaign, expires_at=until, acting_user=scene.maya, now=timezone.now())
    invited = reverse("invitation", args=[token])
    page = browser.post(invited, {"username": "eva", "password": PASSWORD}).content.decode()
    assert "This invitation requires an account." in page
    assert 'name="password"' not in page
    assert not User.objects.filter(username="eva").exists()
    assert sign_in(browser, provider, invited).headers["Location"] == invited
    assert browser.post(invited).status_code == 302
    assert scene.campaign.memberships.filter(user=scene.alice).exists()


def test_a_second_step_follows_and_the_session_holds_nothing_of_the_provider(scene: Stage, provider: Provider) -> None:
    now = timezone.now()
    code = with_app(scene.alice, now)[0]
    browser, abandoned = Client(), Client()
    assert sign_in(browser, provider, "/you/").headers["Location"] == "/login/code/"
    held = json.dumps(dict(browser.session.items()))
    assert not re.search("token|pbkdf2|firm.example|pseudonym", held), held
    assert browser.post("/login/code/", {"code": code}).headers["Location"] == "/you/"
    assert browser.get("/you/").wsgi_request.user == scene.alice
    event = Event.objects.filter(verb="user.signed_in").get()
    assert event.after == {"new_place": True, "provider": "oidc", "second_factor": "recovery_codes"}
    sign_in(abandoned, provider)
    key = abandoned.session.session_key
    erase_person(person=scene.alice, confirmation="alice", acting_user=scene.alice, now=now)
    assert not Session.objects.filter(session_key=key).exists()
