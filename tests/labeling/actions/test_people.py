"""Accounts and tokens."""

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError

from common.errors import Invalid, NotAllowed
from labeling.actions.people import UsernameTaken, check_role_for_token, create_token, create_user, revoke_token
from labeling.models import ApiToken, Event, Role, User
from tests.people import NOON, person


def test_a_password_is_made_up_and_shown_once() -> None:
    user, password = create_user(username="maya", role="lead", acting_user=None, now=NOON)
    assert password is not None
    assert authenticate(username="maya", password=password) == user
    assert password not in str(Event.objects.get(verb="user.created").after)
    assert user.pseudonym.startswith("annotator-")


def test_an_admin_may_use_the_admin_and_nobody_else() -> None:
    root, lead = person("root", Role.ADMIN), person("maya", Role.LEAD)
    assert (root.is_staff, root.is_superuser) == (True, True)
    assert (lead.is_staff, lead.is_superuser) == (False, False)


def test_a_simulated_annotator_has_no_password_and_gets_no_token() -> None:
    robot, password = create_user(username="robot", role="annotator", is_simulated=True, acting_user=None, now=NOON)
    assert (password, robot.has_usable_password()) == (None, False)
    with pytest.raises(Invalid):
        create_token(user=robot, name="t", acting_user=None, now=NOON)


@pytest.mark.parametrize(
    ("username", "role", "password"),
    [("", "lead", None), ("a b", "lead", None), ("a" * 151, "lead", None), ("maya", "boss", None),
     ("maya", "lead", "short"), ("maya", "lead", "password1234"), ("maya-the-lead", "lead", "maya-the-lead")],
)  # fmt: skip
def test_what_makes_no_account_is_refused(username: str, role: str, password: str | None) -> None:
    with pytest.raises(Invalid):
        create_user(username=username, role=role, password=password, acting_user=None, now=NOON)
    assert not User.objects.exists()


def test_a_name_is_given_once() -> None:
    person("maya")
    with pytest.raises(UsernameTaken):
        person("maya")


def test_only_admins_make_accounts() -> None:
    with pytest.raises(NotAllowed):
        create_user(username="x", role="admin", acting_user=person("maya", Role.LEAD), now=NOON)
    create_user(username="x", role="annotator", acting_user=person("root", Role.ADMIN), now=NOON)


def test_only_the_hash_of_a_key_is_kept() -> None:
    alice = person("alice")
    token, key = create_token(user=alice, name="laptop", acting_user=alice, now=NOON)
    assert key.startswith("chosen_")
    assert token.key_hash == ApiToken.hash_key(key)
    assert key not in str([*ApiToken.objects.values(), *Event.objects.values()])


def test_tokens_are_made_for_oneself_and_by_admins() -> None:
    alice, bob, root = person("alice"), person("bob"), person("root", Role.ADMIN)
    with pytest.raises(NotAllowed):
        create_token(user=alice, name="t", acting_user=bob, now=NOON)
    token, _ = create_token(user=alice, name="t", acting_user=root, now=NOON)
    with pytest.raises(NotAllowed):
        revoke_token(token=token, acting_user=bob, now=NOON)
    for _ in range(2):
        assert revoke_token(token=token, acting_user=alice, now=NOON).revoked_at == NOON
    assert Event.objects.filter(verb="token.revoked").count() == 1


def test_no_two_keys_are_the_same() -> None:
    alice = person("alice")
    token, _ = create_token(user=alice, name="a", acting_user=alice, now=NOON)
    with pytest.raises(IntegrityError):
        ApiToken.objects.create(user=alice, name="b", key_hash=token.key_hash, created_at=NOON)


def test_a_token_makes_annotators_only() -> None:
    root = person("root", Role.ADMIN)
    token, _ = create_token(user=root, name="people", scopes=["people"], acting_user=root, now=NOON)
    for role in (Role.LEAD, Role.ADMIN):
        check_role_for_token(role, None)
        with pytest.raises(NotAllowed, match="only create annotators"):
            check_role_for_token(role, token)
    check_role_for_token(Role.ANNOTATOR, token)
