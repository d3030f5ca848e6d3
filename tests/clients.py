"""Clients of the people on stage: a browser with a signed-in user, and a program with a user's token."""

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
Calling = Callable[..., "APIClient"]


@pytest.fixture
def visiting() -> Visiting:
    """A browser in which a user is signed in; None: nobody is."""
    from django.test import Client

    def client_of(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    return client_of


def text_of(client: Client, path: str) -> str:
    """The HTML of a page."""
    return client.get(path).content.decode()


@pytest.fixture
def calling() -> Calling:
    """A client that calls the API with a new token (by default with every scope); user None: without a token."""
    from rest_framework.test import APIClient

    from labeling.actions.people import create_token
    from tests.people import NOON

    def client_of(user: User | None, *scopes: str, **rules: Any) -> APIClient:
        client: Any = APIClient()
        if user is not None:
            rules |= {"scopes": scopes} if scopes else {}
            _, key = create_token(user=user, name="test", acting_user=user, now=NOON, **rules)
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
        return client  # type: ignore[no-any-return]

    return client_of
