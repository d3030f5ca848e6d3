"""A call that creates something creates it once, however often it is sent with the same Idempotency-Key."""

from typing import Any

import pytest
from django.utils import timezone

from labeling.actions.idempotency import forget_replies
from labeling.models import ApiToken, Campaign, Comparison, KeptReply, Role, User
from tests.clients import Calling
from tests.people import person, stage

CAMPAIGNS = "/api/v1/campaigns/"
IMPORT = "/api/v1/campaigns/sums/comparisons/import/"
FILE = b'{"prompt": "Hello?", "chosen": "Hello.", "rejected": "Go away."}\n'


def post(client: Any, path: str, body: Any, key: str) -> Any:
    return client.post(path, body, format="json", HTTP_IDEMPOTENCY_KEY=key)


def test_the_same_call_again_is_given_the_same_answer_and_makes_nothing(calling: Calling) -> None:
    maya = calling(stage().maya)
    first = post(maya, CAMPAIGNS, {"name": "Kind"}, "k1")
    again = post(maya, CAMPAIGNS, {"name": "Kind"}, "k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert ("Idempotent-Replayed" in first, again["Idempotent-Replayed"]) == (False, "true")
    assert Campaign.objects.filter(name="Kind").count() == 1


def test_the_same_key_with_another_body_or_address_is_refused(calling: Calling) -> None:
    maya = calling(stage().maya)
    post(maya, CAMPAIGNS, {"name": "Kind"}, "k1")
    for path, body in ((CAMPAIGNS, {"name": "Other"}), ("/api/v1/campaigns/sums/guidelines/", {"text": "Kind"})):
        refused = post(maya, path, body, "k1")
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert not Campaign.objects.filter(name="Other").exists()


def test_what_was_refused_may_be_tried_again_with_the_same_key(calling: Calling) -> None:
    maya = calling(stage().maya)
    assert post(maya, CAMPAIGNS, {"name": "", "slug": "kind"}, "k1").status_code == 422
    assert post(maya, CAMPAIGNS, {"name": "Kind", "slug": "kind"}, "k1").status_code == 201


def test_keys_of_two_people_are_two_keys(calling: Calling) -> None:
    scene = stage()
    for user in (scene.maya, scene.ada):
        assert post(calling(user), CAMPAIGNS, {"name": "Kind"}, "k1").status_code == 201
    assert Campaign.objects.filter(name="Kind").count() == 2


def test_a_file_counts_as_a_body(calling: Calling) -> None:
    maya: Any = calling(stage().maya)

    def send(content: bytes) -> Any:
        return maya.post(IMPORT, data=content, content_type="application/jsonl", HTTP_IDEMPOTENCY_KEY="k1")

    assert send(FILE).json()["created"] == 1
    again = send(FILE)
    assert (again.json()["created"], again["Idempotent-Replayed"]) == (1, "true")
    assert send(FILE.replace(b"Hello", b"Good day")).status_code == 422
    assert Comparison.objects.count() == 1


def test_a_secret_is_told_again_and_is_nowhere_in_the_database(calling: Calling) -> None:
    alice = calling(stage().alice)
    body = {"name": "laptop", "scopes": ["read"]}
    first, again = (post(alice, "/api/v1/tokens/", body, "k1").json() for _ in range(2))
    assert first["key"] == again["key"]
    assert ApiToken.objects.filter(name="laptop").count() == 1
    kept = KeptReply.objects.get()
    assert first["key"].removeprefix("chosen_") not in kept.body
    assert "k1" not in kept.key_hash
    assert post(alice, "/api/v1/tokens/", body, "k2").json()["key"] != first["key"]


def test_a_secret_is_not_told_again_to_a_token_that_may_do_less(calling: Calling) -> None:
    maya = stage().maya
    body = {"name": "all", "scopes": ["read", "export", "people"]}
    made = post(calling(maya, "read", "export", "people"), "/api/v1/tokens/", body, "k1")
    assert made.status_code == 201
    refused = post(calling(maya, "people"), "/api/v1/tokens/", body, "k1")
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert made.json()["key"] not in str(refused.json())


def test_a_made_up_password_is_told_again_and_is_nowhere_in_the_database(calling: Calling) -> None:
    root = calling(person("root", Role.ADMIN))
    body = {"username": "dora", "role": "annotator"}
    first, again = (post(root, "/api/v1/users/", body, "k1").json() for _ in range(2))
    assert first == again
    assert User.objects.get(username="dora").check_password(first["password"])
    kept = KeptReply.objects.get()
    assert first["password"] not in kept.body + kept.salt


def test_a_text_that_looks_like_a_place_for_a_secret_is_replayed_as_it_is(calling: Calling) -> None:
    alice = calling(stage().alice)
    body = {"name": "my {secret} {secret }", "scopes": ["read"]}
    first, again = (post(alice, "/api/v1/tokens/", body, "k1").json() for _ in range(2))
    assert (again["name"], again) == (body["name"], first)


@pytest.mark.parametrize("key", ["", "k" * 256, "k\xe9"])
def test_a_key_that_is_none_is_refused(calling: Calling, key: str) -> None:
    refused = post(calling(stage().maya), CAMPAIGNS, {"name": "Kind"}, key)
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/idempotency-key-invalid")


def test_answers_are_forgotten_when_nobody_retries_any_more(calling: Calling) -> None:
    maya = calling(stage().maya)
    post(maya, CAMPAIGNS, {"name": "Kind"}, "k1")
    assert forget_replies(now=timezone.now()) == 0
    KeptReply.objects.update(expires_at=timezone.now())
    # An expired reply does not count, even before it is deleted.
    assert post(maya, CAMPAIGNS, {"name": "Other"}, "k1").status_code == 201
    KeptReply.objects.update(expires_at=timezone.now())
    assert forget_replies(now=timezone.now()) == 1


def test_a_key_that_is_used_again_later_gives_another_secret(calling: Calling) -> None:
    alice = calling(stage().alice)
    body = {"name": "laptop", "scopes": ["read"]}
    first = post(alice, "/api/v1/tokens/", body, "1").json()["key"]
    KeptReply.objects.update(expires_at=timezone.now())
    second = post(alice, "/api/v1/tokens/", body, "1").json()["key"]
    assert len({first, second, first[:24], second[:24]}) == 4
