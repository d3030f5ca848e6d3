"""When a campaign will be done: a pace, its interval, and what is not known."""

import pytest

from labeling.stats import forecast


def test_the_pace_of_some_days_says_when_the_rest_is_done() -> None:
    result = forecast(300, [100, 100, 100, 100])
    assert result.per_day == 100
    assert result.days == 3
    assert (result.low, result.high) == (3, 3)  # every day was the same
    assert result.reason is None


def test_days_that_differ_widen_the_interval() -> None:
    result = forecast(100, [0, 0, 40, 10, 30, 0, 60])
    assert result.days == pytest.approx(5)
    assert result.low is not None
    assert result.high is not None
    assert result.low < 5 < result.high
    assert forecast(100, [0, 0, 40, 10, 30, 0, 60]) == result  # the same days, the same answer


def test_the_oldest_day_counts_for_as_much_of_it_as_there_was() -> None:
    assert forecast(60, [30, 30, 15], 0.5).per_day == pytest.approx(30)


def test_less_than_three_days_have_a_pace_and_no_interval() -> None:
    result = forecast(10, [3, 2], 0.25)
    assert result.per_day == 4
    assert result.days == 2.5
    assert result.low is None
    assert "fewer than three days" in str(result.reason)


def test_less_than_a_day_has_no_pace() -> None:
    result = forecast(10, [5], 0.25)
    assert (result.per_day, result.days, result.low) == (None, None, None)
    assert "a day of judgments" in str(result.reason)
    assert forecast(10, [5], 1.0).per_day == 5


def test_without_judgments_there_is_no_pace_and_without_work_nothing_to_foresee() -> None:
    assert forecast(10, []).days is None
    assert "Nobody" in str(forecast(10, [0, 0, 0]).reason)
    assert forecast(0, [5]).days == 0


def test_where_work_may_stop_altogether_the_end_is_open() -> None:
    result = forecast(50, [0] * 13 + [40])
    assert result.low is not None
    assert result.high is None
