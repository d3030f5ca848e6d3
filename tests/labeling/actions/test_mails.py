"""E-mails about accounts: requested at once, written and sent by a worker, once."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone

from labeling.actions.mails import (
    address_token,
    can_send_mail,
    read_address_token,
    request_confirmation,
    request_password_reset,
    send_due_mails,
    send_mail_request,
)
from labeling.models import MailRequest, User
from tests.people import person

pytestmark = pytest.mark.django_db
SITE = "https://chosen.example"


@pytest.fixture
def alice() -> User:
    alice = person("alice")
    alice.email = "alice@example.org"
    alice.save()
    return alice


def reset(address: str, language: str = "en") -> MailRequest:
    return request_password_reset(address=address, site=SITE, language=language, now=timezone.now())


def test_a_reset_reaches_the_owner_of_the_address_once(alice: User) -> None:
    request = reset("Alice@example.org")
    assert send_mail_request(mail_id=request.pk, now=timezone.now())
    assert not send_mail_request(mail_id=request.pk, now=timezone.now())
    (message,) = mail.outbox
    assert message.to == ["alice@example.org"]
    assert "Hello alice" in message.body
    assert "for 4 hours" in message.body
    assert re.search(r"^https://chosen\.example/password/\w+/[\w-]+/$", str(message.body), re.MULTILINE)


def test_an_unknown_address_gets_nothing_and_looks_the_same(alice: User) -> None:
    known, unknown = reset("alice@example.org"), reset("nobody@example.org")
    assert (known.user, known.kind) == (unknown.user, unknown.kind)
    assert send_mail_request(mail_id=unknown.pk, now=timezone.now())
    assert mail.outbox == []


def test_messages_are_written_in_the_language_of_the_page(alice: User) -> None:
    send_mail_request(mail_id=reset("alice@example.org", "de").pk, now=timezone.now())
    request = request_confirmation(user=alice, address="new@example.org", site=SITE, language="de", now=timezone.now())
    send_mail_request(mail_id=request.pk, now=timezone.now())
    assert [message.subject for message in mail.outbox] == [
        "Ihr neues Passwort für Chosen",
        "Bestätigen Sie Ihre E-Mail-Adresse für Chosen",
    ]
    assert all("Guten Tag alice" in message.body for message in mail.outbox)
    assert mail.outbox[1].to == ["new@example.org"]


def test_what_could_not_be_sent_is_sent_later_and_forgotten_after_a_day(alice: User, settings: Any) -> None:
    request, working = reset("alice@example.org"), settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
    settings.EMAIL_PORT = 1  # nobody listens
    with pytest.raises(OSError, match="refused"):
        send_mail_request(mail_id=request.pk, now=timezone.now())
    assert send_due_mails(now=timezone.now()) == 1
    settings.EMAIL_BACKEND = working
    assert send_mail_request(mail_id=request.pk, now=timezone.now())
    assert send_due_mails(now=timezone.now()) == 0
    send_due_mails(now=timezone.now() + timedelta(days=1))
    assert not MailRequest.objects.exists()


def test_a_link_to_confirm_expires(alice: User, settings: Any) -> None:
    token = address_token(alice, "new@example.org")
    assert read_address_token(token) == {"user": alice.pk, "address": "new@example.org", "was": "alice@example.org"}
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert read_address_token(token) is None


def test_a_server_without_settings_sends_nothing(settings: Any) -> None:
    assert can_send_mail()
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    assert not can_send_mail()
