"""Of names that look alike, asked for at the same moment, one is given."""

from functools import partial

import pytest

from labeling.actions.people import UsernameTaken, create_user
from labeling.models import Role, User
from tests.concurrency.threads import all_at_once
from tests.people import NOON

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.serial]


def gets(username: str) -> bool:
    try:
        create_user(username=username, role=Role.ANNOTATOR, acting_user=None, now=NOON)
    except UsernameTaken:
        return False
    return True


def test_of_six_that_look_alike_one_is_given() -> None:
    names = ["alice", "Alice", "ALICE", "aIice", "a1ice", "\u00e1lice"]
    assert sum(all_at_once([partial(gets, name) for name in names])) == 1
    assert User.objects.count() == 1
