"""Clients of the people on stage: a browser in which somebody is signed in, and a program with somebody's token."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django.test import Client
    from rest_framework.test import APIClient

    from labeling.models import User

# Strings: conftest.py imports this before Django is set up.
Visiting = Callable[["User | None"], "Client"]
Calling = Callable[["User | None"], "APIClient"]


@pytest.fixture
def visiting() -> Visiting:
    """A browser in which somebody is signed in; None: nobody."""
    from django.test import Client

    def client_of(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    return client_of


@pytest.fixture
def calling() -> Calling:
    """A client that calls the API with a token of its own; None: without one."""
    from rest_framework.test import APIClient

    from labeling.actions.people import create_token
    from tests.people import NOON

    def client_of(user: User | None) -> APIClient:
        client: Any = APIClient()
        if user is not None:
            _, key = create_token(user=user, name="test", acting_user=user, now=NOON)
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
        return client  # type: ignore[no-any-return]

    return client_of
