"""Stamps of stored values: they tell which ones differ later."""

import pytest

from common.stamps import changed_since, stamp_of


def test_a_stamp_tells_which_values_differ_later() -> None:
    stamp = stamp_of({"overlap": 2, "criteria": [{"name": "kind"}], "quota": None})
    assert changed_since(stamp, {"overlap": 2, "criteria": [{"name": "kind"}], "quota": None}) == []
    assert changed_since(stamp, {"overlap": 3, "criteria": [], "quota": None}) == ["overlap", "criteria"]


def test_a_value_that_the_stamp_does_not_know_is_no_difference() -> None:
    assert changed_since(stamp_of({"overlap": 2}), {"overlap": 2, "quota": 5}) == []


@pytest.mark.parametrize("stamp", ["", "never", "[1]", "{", "2026-03-02T12:00:00"])
def test_what_is_no_stamp_tells_of_no_difference(stamp: str) -> None:
    assert changed_since(stamp, {"overlap": 3}) == []
