"""Guesses at the same moment count like guesses one after another."""

import pytest
from django.test import Client

from tests.concurrency.threads import all_at_once
from tests.people import PASSWORD, stage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.serial]


def guess() -> int:
    return Client().post("/login/", {"username": "alice", "password": "wrong"}).status_code


def test_of_twelve_guesses_at_once_five_are_looked_at() -> None:
    stage()
    assert sorted(all_at_once([guess] * 12)) == [200] * 5 + [429] * 7


def test_the_right_password_gives_back_what_it_took() -> None:
    stage()
    for _ in range(6):
        assert Client().post("/login/", {"username": "alice", "password": PASSWORD}).status_code == 302
    assert [guess() for _ in range(6)] == [200] * 5 + [429]
