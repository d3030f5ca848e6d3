"""create_user makes an account, once."""

import json

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError

from labeling.models import ApiToken, User
from tests.labeling.management.running import run


def test_create_user_prints_a_password_that_works_and_a_token() -> None:
    out, _ = run("create_user", "maya", "--role", "lead", "--token")
    account = dict(line.split(": ", 1) for line in out.splitlines() if ": " in line)
    assert authenticate(username="maya", password=account["password"]) is not None
    assert ApiToken.objects.get().key_hash == ApiToken.hash_key(account["token"])
    user = User.objects.get()
    assert (user.role, user.must_change_password) == ("lead", True)


def test_the_password_of_an_account_for_oneself_may_stay() -> None:
    run("create_user", "maya", "--role", "lead", "--keep-password")
    assert not User.objects.get().must_change_password


def test_create_user_again_changes_nothing_and_another_role_is_refused() -> None:
    run("create_user", "maya", "--role", "lead")
    out, _ = run("create_user", "maya", "--role", "lead", "--json")
    assert json.loads(out) == {
        "username": "maya",
        "role": "lead",
        "created": False,
        "password": None,
        "token": None,
    }
    with pytest.raises(CommandError, match="already, as lead"):
        run("create_user", "maya", "--role", "admin")
