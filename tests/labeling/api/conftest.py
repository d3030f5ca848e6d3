"""Everybody on stage calls the API with a token of their own."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from labeling.actions import create_token
from labeling.models import User
from tests.people import NOON

Calling = Callable[[User | None], APIClient]


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """The test database, rolled back afterwards."""


@pytest.fixture
def calling() -> Calling:
    """A client that calls as somebody; None: as nobody."""

    def client_of(user: User | None) -> APIClient:
        client: Any = APIClient()
        if user is not None:
            _, key = create_token(user=user, name="test", acting_user=user, now=NOON)
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
        return client  # type: ignore[no-any-return]

    return client_of
