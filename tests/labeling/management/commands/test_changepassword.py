"""The command that sets a password: sessions and tokens of the account end with the old one."""

import getpass

import pytest
from django.core.management import call_command

from labeling.models import ApiToken, Event
from tests.clients import Calling
from tests.people import stage


def test_a_password_set_by_command_ends_sessions_and_tokens(calling: Calling, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = stage().alice
    program = calling(alice)
    monkeypatch.setattr(getpass, "getpass", lambda *_args, **_options: "another horse battery staple")
    call_command("changepassword", "alice")
    alice.refresh_from_db()
    assert alice.check_password("another horse battery staple")
    assert not ApiToken.objects.filter(user=alice, revoked_at=None).exists()
    assert program.get("/api/v1/me/").status_code == 401
    assert alice.must_change_password
    assert Event.objects.get(verb="user.password_changed").actor is None


def test_the_password_set_by_command_may_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    alice = stage().alice
    monkeypatch.setattr(getpass, "getpass", lambda *_args, **_options: "another horse battery staple")
    call_command("changepassword", "alice", "--keep-password")
    alice.refresh_from_db()
    assert not alice.must_change_password


def test_an_earlier_demand_is_over_once_a_password_set_by_command_may_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    alice = stage().alice
    given = iter(["another horse battery staple"] * 2 + ["yet another horse battery"] * 2)
    monkeypatch.setattr(getpass, "getpass", lambda *_args, **_options: next(given))
    call_command("changepassword", "alice")
    call_command("changepassword", "alice", "--keep-password")
    alice.refresh_from_db()
    assert not alice.must_change_password
    assert Event.objects.filter(verb="user.password_demand_lifted", subject_id=str(alice.pk), actor=None).count() == 1
