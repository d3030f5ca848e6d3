"""Accounts and their keys."""

import hashlib

from labeling.models import ApiToken, Role, User


def test_a_key_is_random_or_made_of_its_secret_and_stored_as_a_hash() -> None:
    assert ApiToken.new_key() != ApiToken.new_key()
    assert ApiToken.new_key("s") == "chosen_s"
    assert ApiToken.hash_key("chosen_s") == hashlib.sha256(b"chosen_s").hexdigest()


def test_admins_may_lead_too_and_pseudonyms_say_nothing() -> None:
    assert [User(role=role).is_lead for role in (Role.ANNOTATOR, Role.LEAD, Role.ADMIN)] == [False, True, True]
    one, other = User(username="maya"), User(username="maya")
    assert "maya" not in one.pseudonym
    assert one.pseudonym != other.pseudonym
