"""A client that calls too often waits as long as the response says; the others notice nothing."""

from typing import Any

import pytest

from common.buckets import Buckets
from tests.clients import Calling
from tests.people import stage


def test_a_bucket_gives_a_minutes_worth_and_fills_up_again() -> None:
    buckets = Buckets()
    assert [buckets.take(("a",), 3, 100.0) for _ in range(3)] == [0, 0, 0]
    assert buckets.take(("a",), 3, 100.0) == pytest.approx(20)
    assert buckets.take(("b",), 3, 100.0) == 0
    assert buckets.take(("a",), 3, 119.0) == pytest.approx(1)
    assert buckets.take(("a",), 3, 120.0) == 0
    assert buckets.take(("a",), 3, 120.0) > 0
    assert [buckets.take(("a",), 3, 9999.0) for _ in range(4)] == [0, 0, 0, 20]


def test_the_buckets_longest_unused_make_room() -> None:
    buckets = Buckets(most=2)
    for name in ("a", "b", "a", "c"):
        buckets.take((name,), 2, 0.0)
    assert buckets.take(("a",), 2, 0.0) > 0  # kept: it is empty
    assert buckets.take(("b",), 2, 0.0) == 0  # forgotten, so it was full


def test_too_many_calls_are_a_problem_that_says_how_long_to_wait(calling: Calling, settings: Any) -> None:
    settings.API_LIMITS = {**settings.API_LIMITS, "read": 2}
    scene = stage(comparisons=1)
    alice, bob = calling(scene.alice), calling(scene.bob)
    answers = [alice.get("/api/v1/me/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    refused = answers[-1]
    assert refused["Content-Type"] == "application/problem+json"
    assert 1 <= int(refused["Retry-After"]) <= 30
    assert refused.json()["type"] == "/problems/throttled"
    assert refused.json()["detail"] == f"Too many calls. Try again in {refused['Retry-After']} seconds."
    # Judging has a separate limit, and so has every other user.
    assert alice.post("/api/v1/campaigns/sums/assignments/next/").status_code == 200
    assert bob.get("/api/v1/me/").status_code == 200


def test_a_limit_of_zero_is_none(calling: Calling, settings: Any) -> None:
    settings.API_LIMITS = dict.fromkeys(settings.API_LIMITS, 0)
    alice = calling(stage().alice)
    assert {alice.get("/api/v1/me/").status_code for _ in range(5)} == {200}
