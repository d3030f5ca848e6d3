"""Accounts and tokens through the API."""

from datetime import timedelta

from django.utils import timezone

from labeling.models import ApiToken
from tests.clients import Calling
from tests.people import stage


def test_a_token_hands_on_no_more_than_it_has_and_for_no_longer(calling: Calling) -> None:
    scene = stage()
    ends = timezone.now() + timedelta(days=1)
    client = calling(scene.alice, "people", "read", expires_at=ends)
    body = {"name": "child", "scopes": ["read"], "expires_at": ends.isoformat()}
    assert client.post("/api/v1/tokens/", body, format="json").status_code == 201
    for beyond in ({"scopes": ["read", "judge"]}, {"expires_at": None}):
        refused = client.post("/api/v1/tokens/", body | beyond, format="json")
        assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-allowed")
    assert ApiToken.objects.filter(name="child").count() == 1


def test_a_token_made_through_the_api_opens_it_and_its_key_is_shown_once(calling: Calling) -> None:
    scene = stage()
    alice = calling(scene.alice)
    made = alice.post("/api/v1/tokens/", {"name": "laptop", "scopes": ["read"]}, format="json").json()
    client = calling(None)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {made['key']}")
    assert client.get("/api/v1/me/").json() == {
        "username": "alice",
        "role": "annotator",
        "pseudonym": scene.alice.pseudonym,
    }
    assert "key" not in str(alice.get("/api/v1/tokens/").json())


def test_a_token_erases_its_owner_and_nobody_else(calling: Calling) -> None:
    scene = stage()
    client = calling(scene.root, "people")
    refused = client.post("/api/v1/users/alice/erasure/", {"confirmation": "alice"}, format="json")
    assert (refused.status_code, "Sign in to erase others" in refused.json()["detail"]) == (403, True)
    scene.alice.refresh_from_db()
    assert scene.alice.is_active
    own = calling(scene.alice, "people").post("/api/v1/users/alice/erasure/", {"confirmation": "alice"}, format="json")
    assert own.status_code == 200
