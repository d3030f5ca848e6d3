"""The people that a lead can add: active accounts of people."""

import pytest

from labeling.models import User
from labeling.queries.people import addable_people
from tests.people import person

pytestmark = pytest.mark.django_db


def test_simulated_and_deactivated_accounts_cannot_be_added() -> None:
    alice, bob = person("alice"), person("bob")
    person("robot", is_simulated=True)
    User.objects.filter(pk=person("gone").pk).update(is_active=False)
    assert list(addable_people()) == [alice, bob]
    assert list(addable_people(besides=[alice.pk])) == [bob]
    assert list(addable_people(search="LIC")) == [alice]
