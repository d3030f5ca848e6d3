"""Changing a password, and resetting a forgotten one."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from labeling.actions.mails import send_mail_request
from labeling.actions.people import create_token
from labeling.models import KnownPlace, MailRequest, User
from tests.clients import Visiting
from tests.people import PASSWORD, person
from tests.roles.rows import reset_link

NEW = "another horse, another battery"
CHANGE = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}


def test_a_changed_password_ends_the_sessions_elsewhere(visiting: Visiting) -> None:
    alice = person("alice")
    here, elsewhere = visiting(alice), visiting(alice)
    assert elsewhere.get("/you/").status_code == 200
    page = here.post("/you/password/", CHANGE, follow=True).content.decode()
    assert "Your password is changed" in page
    assert here.get("/you/").status_code == 200
    assert elsewhere.get("/you/").status_code == 302


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"old_password": "wrong"}, "entered incorrectly"),
        ({"new_password2": "something else entirely"}, "match"),
        ({"new_password1": PASSWORD, "new_password2": PASSWORD}, "This is your old password"),
        ({"new_password1": "short", "new_password2": "short"}, "too short"),
    ],
)
def test_what_is_wrong_with_it_is_said(visiting: Visiting, changes: dict[str, str], words: str) -> None:
    answer = visiting(person("alice")).post("/you/password/", CHANGE | changes)
    assert words in answer.content.decode()
    assert User.objects.get(username="alice").check_password(PASSWORD)


def test_guessing_the_old_password_leads_to_a_wait(visiting: Visiting) -> None:
    client = visiting(person("alice"))
    assert {client.post("/you/password/", CHANGE | {"old_password": "no"}).status_code for _ in range(5)} == {200}
    answer = client.post("/you/password/", CHANGE)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Too many attempts" in answer.content.decode()


def test_the_answer_to_a_reset_does_not_tell_whether_an_account_exists(visiting: Visiting) -> None:
    User.objects.filter(pk=person("alice").pk).update(email="alice@example.org")
    answers = [
        visiting(None).post("/password/", {"email": address}) for address in ("alice@example.org", "nobody@example.org")
    ]
    assert {(answer.status_code, answer.headers["Location"]) for answer in answers} == {(302, "/password/sent/")}
    assert MailRequest.objects.count() == 2
    assert [visiting(None).post("/password/", {"email": "x@y.org"}).status_code for _ in range(6)][-1] == 429
    page = visiting(None).post("/password/", {"email": "no address"}).content.decode()
    assert 'value="no address"' in page


def test_the_link_sets_a_password_once(visiting: Visiting) -> None:
    alice = person("alice")
    client, path = visiting(None), "/password/{}/{}/".format(*reset_link(alice))
    form = client.get(path).headers["Location"]
    assert "too short" in client.post(form, {"new_password1": "x", "new_password2": "x"}).content.decode()
    answer = client.post(form, {"new_password1": NEW, "new_password2": NEW}, follow=True)
    assert "Sign in with the new one" in answer.content.decode()
    assert User.objects.get(pk=alice.pk).check_password(NEW)
    assert "no longer valid" in visiting(None).get(path).content.decode()


def test_a_reset_ends_tokens_and_forgets_the_places_of_whoever_knew_the_old_password(visiting: Visiting) -> None:
    alice = person("alice")
    assert Client().post("/login/", {"username": "alice", "password": PASSWORD}).status_code == 302
    assert KnownPlace.objects.filter(user=alice).exists()
    alice.refresh_from_db()
    token, _key = create_token(user=alice, name="laptop", acting_user=alice, now=timezone.now())
    client = visiting(None)
    form = client.get("/password/{}/{}/".format(*reset_link(alice))).headers["Location"]
    page = client.post(form, {"new_password1": NEW, "new_password2": NEW}, follow=True).content.decode()
    assert "Your API tokens are revoked" in page
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert not KnownPlace.objects.filter(user=alice).exists()


def test_a_server_without_e_mail_says_so(visiting: Visiting, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    for client, path in ((visiting(None), "/password/"), (visiting(person("alice")), "/you/address/")):
        assert "not set up to send e-mail" in client.get(path).content.decode()
        client.post(path, {"email": "a@b.org"})
    assert not MailRequest.objects.exists()


def test_a_server_that_writes_e_mail_to_a_log_says_where_the_link_is(
    visiting: Visiting, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    User.objects.filter(pk=person("alice").pk).update(email="alice@example.org")
    client = visiting(None)
    asked = client.get("/password/").content.decode()
    assert "var/log/worker.log" in asked
    assert "We send" not in asked
    sent = client.post("/password/", {"email": "alice@example.org"}, follow=True).content.decode()
    assert "Check the worker&#x27;s log" in sent or "Check the worker's log" in sent
    assert "var/log/worker.log" in sent
    assert "mailbox" not in sent
    assert send_mail_request(mail_id=MailRequest.objects.get().pk, now=timezone.now())
    (path,) = re.findall(r"http://testserver(/password/\S+)", capsys.readouterr().out)
    assert "Choose a new password" in client.get(path, follow=True).content.decode()
