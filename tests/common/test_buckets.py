"""A bucket starts full and refills within a minute."""

import pytest

from common.buckets import Buckets


def test_a_full_bucket_gives_all_its_tokens_and_then_says_how_long_to_wait() -> None:
    buckets = Buckets()
    assert [buckets.take(("a",), 3, now=100.0) for _ in range(3)] == [0, 0, 0]
    assert buckets.take(("a",), 3, now=100.0) == pytest.approx(20.0)
    assert buckets.take(("a",), 3, now=110.0) == pytest.approx(10.0)
    assert buckets.take(("a",), 3, now=120.0) == 0


def test_names_are_apart() -> None:
    buckets = Buckets()
    assert buckets.take(("a",), 1, now=0.0) == 0
    assert buckets.take(("a",), 1, now=0.0) == pytest.approx(60.0)
    assert buckets.take(("b",), 1, now=0.0) == 0


def test_a_bucket_never_holds_more_than_a_minute_gives() -> None:
    buckets = Buckets()
    buckets.take(("a",), 2, now=0.0)
    assert [buckets.take(("a",), 2, now=3600.0) == 0 for _ in range(3)] == [True, True, False]


def test_of_too_many_names_those_used_least_recently_are_forgotten() -> None:
    buckets = Buckets(most=2)
    for name in "abc":
        buckets.take((name,), 1, now=0.0)
    assert buckets.take(("c",), 1, now=0.0) > 0
    assert buckets.take(("a",), 1, now=0.0) == 0
