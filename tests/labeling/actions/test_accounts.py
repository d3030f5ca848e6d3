"""One's own account: password, address, sessions."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from common.errors import Invalid
from labeling.actions.accounts import (
    LinkOver,
    change_password,
    confirm_address,
    end_sessions,
    forget_sessions,
    live_sessions,
    note_session,
    remove_address,
)
from labeling.actions.mails import address_token
from labeling.actions.people import create_token
from labeling.models import BrowserSession, Event, User
from tests.people import PASSWORD, person

pytestmark = pytest.mark.django_db
NEW = "another horse, another battery"


def session_of(user: User, agent: str = "Firefox") -> str:
    """The key of a new session of the user."""
    client = Client()
    client.force_login(user)
    key = str(client.session.session_key)
    note_session(user=user, session_key=key, user_agent=agent, now=timezone.now())
    return key


def test_a_new_password_ends_the_other_sessions_of_its_owner_only() -> None:
    alice, bob = person("alice"), person("bob")
    kept, other, bobs = session_of(alice), session_of(alice), session_of(bob)
    change_password(user=alice, password=NEW, kept_session=kept, acting_user=alice, now=timezone.now())
    alice.refresh_from_db()
    assert alice.check_password(NEW)
    assert set(Session.objects.values_list("session_key", flat=True)) == {kept, bobs}
    assert set(BrowserSession.objects.values_list("session_key", flat=True)) == {kept, bobs}
    assert other not in {kept, bobs}
    assert Event.objects.filter(verb="user.password_changed", actor=alice).count() == 1


def test_a_weak_password_changes_nothing() -> None:
    alice = person("alice")
    with pytest.raises(Invalid, match="too short"):
        change_password(user=alice, password="short", acting_user=alice, now=timezone.now())
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_an_address_is_confirmed_once_and_never_logged() -> None:
    alice = person("alice")
    token = address_token(alice, "alice@example.org")
    assert confirm_address(token=token, now=timezone.now()).email == "alice@example.org"
    for used in (token, "forged"):
        with pytest.raises(LinkOver):
            confirm_address(token=used, now=timezone.now())
    remove_address(user=alice, now=timezone.now())
    remove_address(user=alice, now=timezone.now())
    with pytest.raises(LinkOver, match="expired or was used"):
        confirm_address(token=address_token(User(pk=alice.pk, email="x@example.org"), "b@c.org"), now=timezone.now())
    events = Event.objects.filter(verb="user.address_changed")
    assert events.count() == 2
    assert "example.org" not in str(list(events.values()))


def test_sessions_are_ended_one_by_one_or_all_others() -> None:
    alice, bob = person("alice"), person("bob")
    this, laptop, phone = session_of(alice), session_of(alice, "Laptop"), session_of(alice, "Phone")
    bobs = session_of(bob)
    now = timezone.now()
    foreign = BrowserSession.objects.get(session_key=bobs).pk
    assert end_sessions(user=alice, session_id=foreign, kept_session=this, acting_user=alice, now=now) == 0
    one = BrowserSession.objects.get(session_key=laptop).pk
    assert end_sessions(user=alice, session_id=one, kept_session=this, acting_user=alice, now=now) == 1
    assert {row.session_key for row in live_sessions(alice, now=now)} == {this, phone}
    assert end_sessions(user=alice, kept_session=this, acting_user=alice, now=now) == 1
    assert set(Session.objects.values_list("session_key", flat=True)) == {this, bobs}


def test_expired_sessions_are_forgotten() -> None:
    alice = person("alice")
    session_of(alice)
    late = timezone.now() + timedelta(days=30)
    assert list(live_sessions(alice, now=late)) == []
    assert forget_sessions(now=timezone.now()) == 0
    assert forget_sessions(now=late) == 1
    assert not Session.objects.exists()


def test_a_new_password_ends_the_tokens_too_if_asked() -> None:
    alice = person("alice")
    token, _ = create_token(user=alice, name="laptop", acting_user=alice, now=timezone.now())
    for revoke_tokens in (False, True):
        token.refresh_from_db()
        assert token.revoked_at is None
        change_password(user=alice, password=NEW, revoke_tokens=revoke_tokens, acting_user=alice, now=timezone.now())
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert Event.objects.filter(verb="token.revoked").count() == 1
