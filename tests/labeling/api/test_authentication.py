"""Tokens: whom they authenticate, for how long, and what is stored of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import URLPattern
from rest_framework.test import APIClient

from common.errors import Invalid
from labeling.actions.people import create_token
from labeling.models import ApiToken
from tests.clients import Calling
from tests.people import NOON, stage


def view_of(pattern: URLPattern) -> Any:
    return getattr(pattern.callback, "cls", None) or getattr(pattern.callback, "view_class", None)


def test_an_expired_token_opens_nothing(calling: Calling) -> None:
    scene = stage()
    client = calling(scene.alice, "read", expires_at=NOON + timedelta(seconds=1))
    answer = client.get("/api/v1/me/")
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/authentication-failed")


@pytest.mark.parametrize(
    "rules", [{"scopes": []}, {"scopes": ["read", "everything"]}, {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}]
)
def test_a_token_that_makes_no_sense_is_not_made(rules: dict[str, Any]) -> None:
    scene = stage()
    with pytest.raises(Invalid):
        create_token(user=scene.alice, name="t", acting_user=scene.alice, now=NOON, **rules)


def test_only_the_hash_of_a_key_is_kept_and_its_use_is_seen(calling: Calling) -> None:
    scene = stage()
    alice = calling(scene.alice)
    made = alice.post("/api/v1/tokens/", {"name": "laptop", "scopes": ["read"]}, format="json").json()
    row = ApiToken.objects.get(name="laptop")
    assert row.key_hash == ApiToken.hash_key(made["key"])
    assert made["key"] not in str(ApiToken.objects.values())
    assert row.last_used_at is None
    client: Any = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {made['key']}")
    client.get("/api/v1/me/")
    row.refresh_from_db()
    assert row.last_used_at is not None
