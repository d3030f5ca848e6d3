"""Two-step sign-in: set up on the account page, asked for after the password, demanded by a setting."""

import re
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from labeling.models import Event, KnownPlace, User
from tests.clients import Visiting
from tests.labeling.authenticator_app import KEY, code_of, with_app
from tests.people import PASSWORD, person, stage

pytestmark = pytest.mark.django_db

PAGE = "/you/second-factor/"
CHANGE = "/you/second-factor/change/"


def first_step(name: str = "alice", after: str = "") -> Client:
    """A browser that has sent the right password."""
    browser = Client()
    answer = browser.post("/login/", {"username": name, "password": PASSWORD, "next": after})
    assert answer.headers["Location"] == "/login/code/"
    return browser


def alice_with_app() -> User:
    alice = person("alice")
    with_app(alice, timezone.now() - timedelta(minutes=5))
    return alice


def now_code(*, steps: int = 0) -> str:
    return code_of(KEY, timezone.now() + timedelta(seconds=30 * steps))


def test_an_app_is_set_up_with_the_key_of_the_page_and_recovery_codes_are_shown_once(visiting: Visiting) -> None:
    alice = person("alice")
    browser, elsewhere = visiting(alice), visiting(alice)
    assert elsewhere.get("/you/").status_code == 200
    page = browser.get(PAGE).content.decode()
    key = re.search(r'data-testid="totp-secret">([A-Z2-7 ]+)<', page)
    assert key is not None
    assert 'src="data:image/svg+xml;base64,' in page
    code = code_of(key[1].replace(" ", ""), timezone.now())
    for wrong in ({"code": "000000", "password": PASSWORD}, {"code": code, "password": "wrong"}):
        refused = browser.post(PAGE, wrong).content.decode()
        assert key[1] in refused
        assert not Authenticator.objects.exists()
    done = browser.post(PAGE, {"code": code, "password": PASSWORD}).content.decode()
    codes = re.findall(r"(?:^|>)(\d{8})$", done, re.MULTILINE)
    assert len(set(codes)) == 10
    assert f'href="data:text/plain;charset=utf-8,{codes[0]}%0A' in done
    again = browser.get(PAGE).content.decode()
    assert codes[0] not in again
    assert "10 recovery codes are left" in again
    assert elsewhere.get("/you/").status_code == 302  # signed in with the password alone


def test_without_a_password_the_code_alone_turns_it_on(visiting: Visiting) -> None:
    alice = person("alice")
    alice.set_unusable_password()
    alice.save()
    browser = visiting(alice)
    browser.get(PAGE)
    answer = browser.post(PAGE, {"code": code_of(browser.session["totp_secret"], timezone.now())})
    assert "Your recovery codes" in answer.content.decode()


def test_after_the_password_a_code_signs_in_where_one_wanted_to_go() -> None:
    alice = alice_with_app()
    browser = first_step(after="/you/")
    assert browser.get("/you/").status_code == 302  # the password alone opens nothing
    assert not Event.objects.filter(verb="user.signed_in").exists()
    assert not KnownPlace.objects.exists()
    assert "wrong" in browser.post("/login/code/", {"code": "000000"}).content.decode()
    answer = browser.post("/login/code/", {"code": now_code()})
    assert answer.headers["Location"] == "/you/"
    assert browser.get("/you/").status_code == 200
    event = Event.objects.get(verb="user.signed_in")
    assert (event.actor, event.after) == (alice, {"new_place": True, "second_factor": "totp"})


def test_a_recovery_code_signs_in_too() -> None:
    codes = with_app(person("alice"), timezone.now())
    assert first_step().post("/login/code/", {"code": codes[0]}).headers["Location"] == "/"


def test_who_has_none_signs_in_with_the_password_alone() -> None:
    person("bob")
    answer = Client().post("/login/", {"username": "bob", "password": PASSWORD})
    assert answer.headers["Location"] == "/"


def test_the_second_step_begins_with_the_first_and_ends_with_the_account_or_its_password() -> None:
    alice = alice_with_app()
    assert Client().get("/login/code/").headers["Location"] == "/login/"
    browser = first_step()
    alice.set_password("another horse, another battery")
    alice.save()
    assert browser.post("/login/code/", {"code": now_code()}).headers["Location"] == "/login/"
    alice.set_password(PASSWORD)
    alice.save()
    browser = first_step()
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert browser.post("/login/code/", {"code": now_code()}).headers["Location"] == "/login/"
    assert browser.get("/you/").status_code == 302


def test_guesses_from_many_browsers_count_together() -> None:
    alice_with_app()
    browsers = [first_step() for _ in range(2)]
    for number in range(5):
        assert browsers[number % 2].post("/login/code/", {"code": "000000"}).status_code == 200
    refused = first_step().post("/login/code/", {"code": now_code()})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 15
    assert "Too many attempts" in refused.content.decode()


@pytest.mark.parametrize("proof", ["password", "code"])
def test_it_is_turned_off_with_the_password_or_a_code(visiting: Visiting, proof: str) -> None:
    browser = visiting(alice_with_app())
    for wrong in ("not my password", "000000"):
        page = browser.post(CHANGE, {"act": "off", "proof": wrong}).content.decode()
        assert "neither your password nor a code" in page
    assert Authenticator.objects.exists()
    answer = browser.post(CHANGE, {"act": "off", "proof": PASSWORD if proof == "password" else now_code()})
    assert answer.headers["Location"] == "/you/"
    assert not Authenticator.objects.exists()


def test_new_recovery_codes_need_a_proof_as_well(visiting: Visiting) -> None:
    alice_with_app()
    browser = visiting(User.objects.get(username="alice"))
    assert "Your recovery codes" not in browser.post(CHANGE, {"act": "renew", "proof": "x"}).content.decode()
    assert "Your recovery codes" in browser.post(CHANGE, {"act": "renew", "proof": PASSWORD}).content.decode()


def test_guessing_the_password_there_leads_to_a_wait(visiting: Visiting) -> None:
    browser = visiting(alice_with_app())
    seen = [browser.post(CHANGE, {"act": "off", "proof": f"guess {number}"}).status_code for number in range(6)]
    assert seen == [200] * 5 + [429]


def test_an_admin_resets_it_on_the_page_of_the_account(visiting: Visiting) -> None:
    scene = stage()
    with_app(scene.alice, timezone.now())
    theirs, root = visiting(scene.alice), visiting(scene.root)
    assert theirs.get("/you/").status_code == 200
    assert "Reset it" in root.get("/people/alice/").content.decode()
    assert visiting(scene.maya).post("/people/alice/second-factor/reset/").status_code == 403
    root.post("/people/alice/second-factor/reset/")
    assert not Authenticator.objects.exists()
    assert theirs.get("/you/").status_code == 302
    assert "Reset it" not in root.get("/people/alice/").content.decode()


def test_where_it_is_demanded_nothing_else_opens_before_it_is_on(visiting: Visiting, settings: Any) -> None:
    settings.SECOND_FACTOR = "leads"
    scene = stage()
    maya, alice = visiting(scene.maya), visiting(scene.alice)
    for path in ("/", f"/campaigns/{scene.campaign.slug}/", "/you/", "/tokens/", "/glossary/"):
        assert maya.get(path).headers["Location"] == PAGE
    assert visiting(scene.root).get("/admin/").headers["Location"] == PAGE
    assert maya.post("/tokens/", {"name": "x"}).headers["Location"] == PAGE
    problem = maya.get("/api/v1/me/")
    assert (problem.status_code, problem.json()["type"]) == (403, "/problems/second-factor-required")
    assert "Your role needs it" in maya.get(PAGE).content.decode()
    assert alice.get("/").status_code == 200
    code = with_app(scene.maya, timezone.now())[0]
    maya = first_step("maya")
    maya.post("/login/code/", {"code": code})
    assert maya.get("/you/").status_code == 200
    assert maya.get("/api/v1/me/").status_code == 200


def test_where_it_is_demanded_a_session_that_was_never_asked_has_ended(visiting: Visiting, settings: Any) -> None:
    settings.SECOND_FACTOR = "off"
    scene = stage()
    code = with_app(scene.maya, timezone.now())[0]
    maya = Client()
    assert maya.post("/login/", {"username": "maya", "password": PASSWORD}).headers["Location"] == "/"
    settings.SECOND_FACTOR = "leads"
    problem = maya.get("/api/v1/me/")
    assert (problem.status_code, problem.json()["type"]) == (401, "/problems/second-step-missing")
    answer = maya.post("/login/", {"username": "maya", "password": PASSWORD, "next": "/you/"})
    assert maya.get(answer.headers["Location"]).status_code == 200  # in the page that was open, signed in as before
    other = visiting(scene.maya)
    assert other.get("/you/passkeys/").headers["Location"] == "/login/?next=/you/passkeys/"
    assert other.get("/login/").wsgi_request.user.is_anonymous
    assert maya.post("/login/code/", {"code": code}).headers["Location"] == "/you/"
    assert maya.get("/you/passkeys/").status_code == 200


def test_somebody_else_signs_in_where_a_user_is_signed_in(visiting: Visiting) -> None:
    alice_with_app()
    bob = person("bob")
    browser = visiting(bob)
    browser.post("/login/", {"username": "alice", "password": PASSWORD})
    assert browser.get("/you/").status_code == 302  # Bob is signed out, and Alice not yet in
    assert browser.post("/login/code/", {"code": now_code()}).headers["Location"] == "/"
    assert browser.get("/you/").wsgi_request.user.get_username() == "alice"
    assert browser.get("/login/code/").headers["Location"] == "/"
    assert Event.objects.get(verb="user.signed_out").actor == bob


def test_a_session_that_was_never_used_ends_with_all_others(visiting: Visiting) -> None:
    bob = person("bob")
    fresh = Client()
    fresh.post("/login/", {"username": "bob", "password": PASSWORD})
    browser = visiting(bob)
    browser.get(PAGE)
    code = code_of(browser.session["totp_secret"], timezone.now())
    assert "Your recovery codes" in browser.post(PAGE, {"code": code, "password": PASSWORD}).content.decode()
    assert fresh.get("/you/").status_code == 302


def test_a_mistyped_password_is_no_wrong_code(visiting: Visiting) -> None:
    browser = visiting(alice_with_app())
    for proof in ("mistyped", "12345", "1234567"):
        browser.post(CHANGE, {"act": "off", "proof": proof})
    assert not Event.objects.filter(verb="user.code_failed").exists()
    browser.post(CHANGE, {"act": "off", "proof": "000 000"})
    assert Event.objects.filter(verb="user.code_failed").count() == 1


def test_tokens_work_as_they_did(calling: Any, settings: Any) -> None:
    settings.SECOND_FACTOR = "all"
    alice = person("alice")
    assert calling(alice).get("/api/v1/me/").status_code == 200
    with_app(alice)
    assert calling(alice).get("/api/v1/me/").status_code == 200


def test_switched_off_nobody_is_asked_and_nothing_is_offered(visiting: Visiting, settings: Any) -> None:
    alice = alice_with_app()
    settings.SECOND_FACTOR = "off"
    answer = Client().post("/login/", {"username": "alice", "password": PASSWORD})
    assert answer.headers["Location"] == "/"
    browser = visiting(alice)
    assert browser.get(PAGE).status_code == 404
    assert browser.post(CHANGE, {"act": "off", "proof": PASSWORD}).status_code == 404
    assert Authenticator.objects.exists()
    assert "Two-step" not in browser.get("/you/").content.decode()
