"""A token opens what it was made for, to whom it was made, for as long as it was made."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.utils import timezone
from rest_framework.test import APIClient

from common.errors import Invalid
from labeling.actions.people import create_token
from labeling.api.base import Scoped
from labeling.models import ApiToken, Scope, User
from tests.clients import Calling
from tests.people import NOON, stage
from tests.roles.table import METHODS, patterns


def client_with(user: User, *scopes: str, **rules: Any) -> Any:
    """A client whose token has these scopes."""
    client = APIClient()
    _, key = create_token(user=user, name="t", scopes=scopes, acting_user=user, now=NOON, **rules)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    return client


def test_every_view_of_the_api_declares_a_scope_for_each_of_its_methods() -> None:
    views = {str(pattern.name): view_of(pattern) for pattern in patterns(get_resolver().url_patterns)}
    ours = {name: view for name, view in views.items() if name.startswith("api-") or name == "schema"}
    assert len(ours) > 30
    for name, view in ours.items():
        assert issubclass(view, Scoped), name
        methods = {method for method in METHODS if hasattr(view, method.lower())}
        assert methods == set(view.scopes), name


def view_of(pattern: URLPattern) -> Any:
    return getattr(pattern.callback, "cls", None) or getattr(pattern.callback, "view_class", None)


def test_a_token_opens_what_its_scopes_name_and_nothing_else() -> None:
    scene = stage(comparisons=1)
    reader, judge = client_with(scene.alice, "read"), client_with(scene.alice, "judge")
    assert reader.get("/api/v1/campaigns/sums/").status_code == 200
    refused = reader.post("/api/v1/campaigns/sums/assignments/next/")
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/scope-missing")
    assert refused.json()["detail"] == "This token lacks the scope judge. It has read."
    assert judge.post("/api/v1/campaigns/sums/assignments/next/").status_code == 200
    assert judge.get("/api/v1/campaigns/sums/").status_code == 403
    assert judge.get("/api/v1/schema/").status_code == 403


def test_a_scope_gives_nobody_more_than_they_may() -> None:
    scene = stage()
    assert client_with(scene.alice, *Scope.values).get("/api/v1/campaigns/sums/export/").status_code == 403


def test_a_session_needs_no_scope() -> None:
    scene = stage(comparisons=1)
    browser = Client()
    browser.force_login(scene.alice)
    assert browser.post("/api/v1/campaigns/sums/assignments/next/").status_code == 200


def test_a_token_hands_on_no_more_than_it_has_and_for_no_longer() -> None:
    scene = stage()
    ends = timezone.now() + timedelta(days=1)
    client = client_with(scene.alice, "people", "read", expires_at=ends)
    body = {"name": "child", "scopes": ["read"], "expires_at": ends.isoformat()}
    assert client.post("/api/v1/tokens/", body, format="json").status_code == 201
    for beyond in ({"scopes": ["read", "judge"]}, {"expires_at": None}):
        refused = client.post("/api/v1/tokens/", body | beyond, format="json")
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-allowed")
    assert ApiToken.objects.filter(name="child").count() == 1


def test_an_expired_token_opens_nothing() -> None:
    scene = stage()
    client = client_with(scene.alice, "read", expires_at=NOON + timedelta(seconds=1))
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
