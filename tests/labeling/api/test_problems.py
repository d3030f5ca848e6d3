"""Every error has one shape, a stable type, and a sentence that says what to do."""

from unittest.mock import patch

import pytest
from rest_framework.test import APIClient

from tests.clients import Calling
from tests.people import stage

NEXT = "/api/v1/campaigns/sums/assignments/next/"


def test_without_signing_in_the_answer_says_how() -> None:
    answer = APIClient().post(NEXT)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "/problems/not-authenticated",
        "title": "Unauthorized",
        "status": 401,
        "detail": "Sign in, or send a token: Authorization: Bearer <token>.",
    }


@pytest.mark.parametrize("header", ["Bearer chosen_wrong", "Bearer", "Bearer a b", "Bearer \xe9\xff"])
def test_a_token_that_is_none_is_refused(header: str) -> None:
    client: APIClient = APIClient()
    client.credentials(HTTP_AUTHORIZATION=header)
    answer = client.post(NEXT)
    assert answer.status_code == 401
    assert answer.json()["type"] == "/problems/authentication-failed"


def test_what_is_wrong_in_a_body_is_named_by_field(calling: Calling) -> None:
    scene = stage(comparisons=1)
    held = scene.given(scene.alice)
    answer = calling(scene.alice).post(
        f"/api/v1/assignments/{held.pk}/judgment/",
        {"choice": "middle", "criteria": {"helpful": "no"}, "seconds": -1},
        format="json",
    )
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["type"] == "/problems/invalid"
    assert {error["field"] for error in problem["errors"]} == {"choice", "key", "criteria.helpful", "seconds"}


def test_what_the_campaign_does_not_allow_is_named_too(calling: Calling) -> None:
    scene = stage(comparisons=1, allow_tie=False)
    held = scene.given(scene.alice)
    answer = calling(scene.alice).post(
        f"/api/v1/assignments/{held.pk}/judgment/", {"choice": "tie", "key": "k"}, format="json"
    )
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid-judgment")
    assert answer.json()["errors"][0]["field"] == "choice"


def test_conflicts_have_types_of_their_own(calling: Calling) -> None:
    scene = stage(comparisons=1)
    held = scene.given(scene.alice)
    alice = calling(scene.alice)
    address = f"/api/v1/assignments/{held.pk}/judgment/"
    alice.post(address, {"choice": "left", "key": "1"}, format="json")
    answer = alice.post(address, {"choice": "left", "key": "2"}, format="json")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/already-judged")


def test_methods_and_media_types_that_are_not_there_are_told(calling: Calling) -> None:
    scene = stage()
    maya = calling(scene.maya)
    assert maya.put("/api/v1/campaigns/sums/").json()["type"] == "/problems/method-not-allowed"
    answer = maya.post("/api/v1/campaigns/", data=b"name=x", content_type="text/plain")
    assert (answer.status_code, answer.json()["type"]) == (415, "/problems/unsupported-media-type")


def test_a_fault_of_ours_is_a_problem_too_and_tells_nothing_of_the_inside(calling: Calling) -> None:
    scene = stage()
    alice = calling(scene.alice)
    alice.raise_request_exception = False
    with patch("labeling.api.views.assignments.next_assignments", side_effect=RuntimeError("secret")):
        answer = alice.post(NEXT)
    assert answer.status_code == 500
    assert answer.json()["type"] == "/problems/server-error"
    assert "secret" not in answer.content.decode()
