"""The user's own tokens: created, shown once, revoked."""

from labeling.models import ApiToken
from tests.clients import Visiting
from tests.people import NOON, stage


def test_a_token_is_made_shown_once_and_revoked(visiting: Visiting) -> None:
    scene = stage()
    browser = visiting(scene.alice)
    made = browser.post("/tokens/", {"name": "laptop", "scopes": ["read", "judge"], "days": "30"}).content.decode()
    token = ApiToken.objects.get(user=scene.alice)
    assert (token.scopes, token.expires_at is not None) == (["read", "judge"], True)
    key = made.partition('data-testid="token-key">')[2].partition("<")[0]
    assert ApiToken.hash_key(key) == token.key_hash
    again = browser.get("/tokens/")
    assert key not in again.content.decode()
    assert "laptop" in again.content.decode()
    assert "no-store" in again.headers["Cache-Control"]
    browser.post("/tokens/revoke/", {"token": token.pk})
    token.refresh_from_db()
    assert token.revoked_at is not None


def test_a_token_for_nothing_is_refused_beside_its_field(visiting: Visiting) -> None:
    page = visiting(stage().alice).post("/tokens/", {"name": "laptop", "days": "30"})
    assert "This field is required" in page.content.decode()
    assert not ApiToken.objects.exists()


def test_nobody_revokes_the_token_of_another(visiting: Visiting) -> None:
    scene = stage()
    token = ApiToken.objects.create(user=scene.bob, name="his", key_hash="x", scopes=["read"], created_at=NOON)
    assert visiting(scene.alice).post("/tokens/revoke/", {"token": token.pk}).status_code == 404
    token.refresh_from_db()
    assert token.revoked_at is None
