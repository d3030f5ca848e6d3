"""Passkeys: added on the account page, used after the password or in its place, removed after a proof."""

import json
import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from fido2.utils import websafe_encode

from labeling.actions.passkeys import passkeys_of, remove_passkey
from labeling.actions.second_factor import renew_recovery_codes
from labeling.models import Event, User
from tests.clients import Visiting
from tests.labeling.authenticator_device import Device
from tests.people import PASSWORD, person

pytestmark = pytest.mark.django_db

PAGE = "/you/passkeys/"
SIGN_IN = "/login/passkey/"


def options_of(browser: Client, path: str) -> dict[str, Any]:
    """The ceremony that a page begins."""
    page = browser.get(path).content.decode()
    found = re.search(r'id="passkey-options" type="application/json">(.*?)</script>', page)
    assert found is not None
    options: dict[str, Any] = json.loads(found[1])
    return options


def add(browser: Client, device: Device, **values: str) -> Any:
    credential = json.dumps(device.make(options_of(browser, PAGE)))
    return browser.post(PAGE, {"name": "Phone", "password": PASSWORD, "credential": credential} | values)


def use(browser: Client, device: Device, path: str = SIGN_IN) -> Any:
    return browser.post(path, {"credential": json.dumps(device.use(options_of(browser, path)))})


@pytest.fixture
def alice() -> User:
    return person("alice")


@pytest.fixture
def device(visiting: Visiting, alice: User) -> Device:
    """Alice's, with a passkey for her account."""
    device = Device()
    assert "Your recovery codes" in add(visiting(alice), device).content.decode()
    return device


def test_a_passkey_is_added_with_a_name_and_the_first_brings_recovery_codes(visiting: Visiting, alice: User) -> None:
    browser, elsewhere = visiting(alice), visiting(alice)
    assert elsewhere.get("/you/").status_code == 200
    page = add(browser, Device()).content.decode()
    assert "Your recovery codes" in page
    assert "Phone" in page
    assert elsewhere.get("/you/").status_code == 302
    assert add(browser, Device(), name="Laptop").headers["Location"] == PAGE  # codes are there already
    assert list(Authenticator.objects.filter(type="webauthn").values_list("data__name", flat=True)) == [
        "Phone",
        "Laptop",
    ]
    assert Event.objects.filter(verb="user.passkey_added", actor=alice).count() == 2


def test_adding_one_needs_the_password(visiting: Visiting, alice: User) -> None:
    assert "not your password" in add(visiting(alice), Device(), password="wrong").content.decode()
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize(
    "device",
    [
        Device("https://evil.example", site="evil.example"),
        Device("https://pages.testserver"),  # a name below ours
        Device("http://testserver"),
        Device(verifies=False),
    ],
    ids=["elsewhere", "below", "unencrypted", "unverified"],
)
def test_a_passkey_of_another_page_is_refused(visiting: Visiting, alice: User, device: Device) -> None:
    assert "was not accepted" in add(visiting(alice), device).content.decode()
    assert not Authenticator.objects.exists()


NOTHING = websafe_encode(b"")
CLIENT_DATA = websafe_encode(b'{"type":"webauthn.get","challenge":"eA","origin":"https://testserver"}')


def _answering(**response: str) -> str:
    return json.dumps({"id": "eA", "rawId": "eA", "type": "public-key", "response": response})


ANSWERS = {
    "nothing": "",
    "a part": "{",
    "a list": "[]",
    "null": "null",
    "a number": '{"id": 3}',
    "no response": '{"response": {}}',
    "a text": '"x"',
    "deep": "[" * 9_000 + "]" * 9_000,
    "long": " " * 30_000 + "{}",
    "infinite": '{"id": 1e999}',
    "many digits": '{"id": ' + "9" * 5_000 + "}",
    "a character that no table keeps": '{"id": "\\u0000"}',
    "no bytes": _answering(
        clientDataJSON=CLIENT_DATA, attestationObject=NOTHING, authenticatorData=NOTHING, signature="eA"
    ),
    "deep bytes": _answering(
        clientDataJSON=CLIENT_DATA,
        attestationObject=websafe_encode(b"\x81" * 5_000),
        authenticatorData=websafe_encode(b"\0" * 32 + b"\x85" + b"\0" * 4 + b"\x81" * 5_000),
        signature="eA",
        userHandle="enp6enp6enp6enp6",
    ),
    "deep client data": _answering(
        clientDataJSON=websafe_encode(b"[" * 5_000 + b"]" * 5_000),
        attestationObject=websafe_encode(b"\x1b"),
        authenticatorData=websafe_encode(b"\0" * 32 + b"\x85" + b"\0" * 4 + b"\xa1"),
        signature="eA",
    ),
}


@pytest.mark.parametrize("credential", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_that_is_none_is_refused(visiting: Visiting, alice: User, credential: str) -> None:
    added = visiting(alice).post(PAGE, {"name": "x", "password": PASSWORD, "credential": credential})
    assert "was not accepted" in added.content.decode()
    browser = Client()
    browser.get(SIGN_IN)
    assert "was not accepted" in browser.post(SIGN_IN, {"credential": credential}).content.decode()
    assert not Authenticator.objects.exists()


def test_it_signs_in_without_a_password_where_one_wanted_to_go(device: Device, alice: User) -> None:
    browser = Client()
    assert 'href="/login/passkey/?next=/you/"' in browser.get("/login/?next=/you/").content.decode()
    assert use(browser, device, SIGN_IN + "?next=/you/").headers["Location"] == "/you/"
    assert browser.get("/you/").status_code == 200
    event = Event.objects.get(verb="user.signed_in")
    assert (event.actor, event.after) == (alice, {"new_place": True, "second_factor": "webauthn"})
    assert use(Client(), device, SIGN_IN + "?next=https://evil.example/").headers["Location"] == "/"


def test_after_the_password_it_is_the_second_step(device: Device) -> None:
    browser = Client()
    answer = browser.post("/login/", {"username": "alice", "password": PASSWORD, "next": "/you/"})
    assert answer.headers["Location"] == "/login/code/"
    stranger = Device()
    stranger.user = device.user
    assert "was not accepted" in use(browser, stranger, "/login/code/").content.decode()
    assert use(browser, device, "/login/code/").headers["Location"] == "/you/"


def test_somebody_elses_passkey_is_no_second_step(visiting: Visiting, device: Device) -> None:
    bobs = Device()
    add(visiting(person("bob")), bobs)
    browser = Client()
    browser.post("/login/", {"username": "bob", "password": PASSWORD})
    assert "was not accepted" in use(browser, device, "/login/code/").content.decode()


def test_an_answer_counts_once_and_only_in_the_browser_that_asked(device: Device) -> None:
    browser, other = Client(), Client()
    answer = {"credential": json.dumps(device.use(options_of(browser, SIGN_IN)))}
    options_of(other, SIGN_IN)
    assert other.post(SIGN_IN, answer).status_code == 200
    assert browser.post(SIGN_IN, answer).status_code == 302
    browser.post("/logout/")
    assert browser.post(SIGN_IN, answer).status_code == 200


def test_without_finger_face_or_pin_it_replaces_no_password(device: Device) -> None:
    device.verifies = False
    assert "was not accepted" in use(Client(), device).content.decode()
    browser = Client()
    browser.post("/login/", {"username": "alice", "password": PASSWORD})
    assert use(browser, device, "/login/code/").status_code == 302


def test_a_page_below_ours_signs_nobody_in(device: Device) -> None:
    device.origin = "https://pages.testserver"
    assert "was not accepted" in use(Client(), device).content.decode()


def test_an_account_that_is_off_does_not_open(device: Device, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert "was not accepted" in use(Client(), device).content.decode()


@pytest.mark.parametrize("change", [{"SECOND_FACTOR": "off"}, {"PASSWORD_SIGN_IN": False}])
def test_where_they_are_off_nobody_signs_in_with_one(device: Device, settings: Any, change: dict[str, Any]) -> None:
    for name, value in change.items():
        setattr(settings, name, value)
    assert Client().get(SIGN_IN).status_code == 404
    if "SECOND_FACTOR" in change:
        key = Authenticator.objects.get(type="webauthn").pk
        browser = Client()
        browser.login(username="alice", password=PASSWORD)
        assert browser.post(f"/you/passkeys/{key}/remove/", {"proof": PASSWORD}).status_code == 404
        assert Authenticator.objects.filter(pk=key).exists()
    assert "/login/passkey/" not in Client().get("/login/").content.decode()


def test_refused_passkeys_count_as_failures_of_the_network(device: Device, settings: Any) -> None:
    settings.SIGN_IN_LIMITS = {**settings.SIGN_IN_LIMITS, "address": 2}
    browser = Client()
    assert [use(browser, Device()).status_code for _ in range(3)] == [200, 200, 429]


def test_it_is_removed_after_a_proof_and_the_recovery_codes_with_the_last(
    visiting: Visiting, device: Device, alice: User
) -> None:
    browser, key = visiting(alice), Authenticator.objects.get(type="webauthn").pk
    path = f"/you/passkeys/{key}/remove/"
    assert "neither your password" in browser.post(path, {"proof": "wrong"}).content.decode()
    assert visiting(person("bob")).post(path, {"proof": PASSWORD}).status_code == 404
    assert browser.post(path, {"proof": PASSWORD}).headers["Location"] == PAGE
    assert not Authenticator.objects.exists()
    assert Event.objects.get(verb="user.passkey_removed").actor == alice
    assert Client().post("/login/", {"username": "alice", "password": PASSWORD}).headers["Location"] == "/"


def test_without_a_password_it_is_the_second_step_only(device: Device, visiting: Visiting, alice: User) -> None:
    alice.set_unusable_password()
    alice.save()
    assert "was not accepted" in use(Client(), device).content.decode()
    browser = visiting(alice)
    page = browser.get(PAGE).content.decode()
    assert 'name="known_code"' in page
    assert "the second step of your sign-in" in page
    assert "Recovery code" in browser.get("/you/second-factor/").content.decode()
    assert "Phone" in add(browser, Device(), name="Second").content.decode()
    assert "code is wrong" in add(browser, Device(), name="Second", known_code="00000000").content.decode()
    assert passkeys_of(alice).count() == 1
    code = renew_recovery_codes(user=alice, acting_user=alice, now=timezone.now())[0]
    assert "was not accepted" in browser.post(PAGE, {"name": "x", "known_code": code}).content.decode()
    assert add(browser, Device(), name="Second", known_code=code).headers["Location"] == PAGE  # it was not used up
    assert passkeys_of(alice).count() == 2


def test_where_the_setting_is_off_removing_one_leaves_the_others(device: Device, alice: User, settings: Any) -> None:
    kept = Authenticator.objects.get(type="webauthn")
    other = Authenticator.objects.create(user=alice, type="webauthn", data=kept.data)
    settings.SECOND_FACTOR = "off"
    remove_passkey(user=alice, passkey_id=other.pk, acting_user=alice, now=timezone.now())
    assert Authenticator.objects.filter(user=alice).count() == 2  # the other one, and the recovery codes


def test_asking_for_one_keeps_a_session_for_minutes_and_signing_in_for_weeks(device: Device) -> None:
    browser = Client()
    browser.get(SIGN_IN)
    asked = Session.objects.get(session_key=browser.session.session_key)
    assert (asked.expire_date - timezone.now()).total_seconds() < 1000
    use(browser, device)
    signed_in = Session.objects.get(session_key=browser.session.session_key)
    assert (signed_in.expire_date - timezone.now()).days > 12
