"""Changes of agreement over time."""

import pytest

from labeling.stats import (
    difference,
    drift,
    proportion,
)

Patterns = dict[tuple[int, ...], int]


def test_a_change_over_time_is_the_last_third_minus_the_first() -> None:
    good: Patterns = {(2, 0, 0): 60, (0, 0, 2): 30, (1, 0, 1): 10}
    bad: Patterns = {(2, 0, 0): 40, (0, 0, 2): 20, (1, 0, 1): 40}
    result = drift({"2026-03-01": good, "2026-03-03": bad, "2026-03-02": good})
    assert [point.name for point in result.points] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert result.points[0].agreement.value == pytest.approx(0.9)
    assert result.change.value == pytest.approx(-0.3)
    assert result.change.high is not None
    assert result.change.high < 0
    assert result.change.comparisons == 200


def test_one_stretch_or_none_has_no_change() -> None:
    assert drift({"1": {(2, 0, 0): 3}}).change.reason
    assert drift({}).change.reason == "No comparison has two votes yet."
    assert drift({"1": {(1, 0, 0): 3}, "2": {(2, 0, 0): 3}}).change.reason


def test_the_interval_of_a_difference_is_newcombes() -> None:
    # Newcombe 1998, "Interval estimation for the difference between independent proportions", table II, method 10.
    estimate = difference(proportion(56, 70), proportion(48, 80))
    assert estimate.value == pytest.approx(0.2)
    assert estimate.low == pytest.approx(0.0524, abs=5e-5)
    assert estimate.high == pytest.approx(0.3339, abs=5e-5)
