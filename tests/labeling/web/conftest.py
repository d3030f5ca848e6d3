"""Everybody on stage opens pages with a session of their own."""

from collections.abc import Callable

import pytest
from django.test import Client

from labeling.models import User

Visiting = Callable[[User | None], Client]


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """The test database, rolled back afterwards."""


@pytest.fixture
def visiting() -> Visiting:
    """A browser in which somebody is signed in; None: nobody."""

    def client_of(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    return client_of
