"""Wilson's interval: published values, its defining equation, and the ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.stats import InvalidCounts, proportion, wilson_interval


def test_known_intervals() -> None:
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
    for successes, trials, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (1, 29, 0.0061, 0.1718)):
        assert wilson_interval(successes, trials) == pytest.approx((low, high), abs=5e-5)
    assert wilson_interval(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_ends_are_where_the_observed_share_is_just_not_surprising(counts: tuple[int, int]) -> None:
    successes, trials = counts
    for end in wilson_interval(successes, trials):
        assert abs(successes / trials - end) == pytest.approx(1.959964 * (end * (1 - end) / trials) ** 0.5, abs=1e-6)


@given(st.floats(0, 50), st.floats(0, 50))
def test_it_mirrors_and_stays_within_zero_and_one(successes: float, failures: float) -> None:
    low, high = wilson_interval(successes, successes + failures)
    mirrored = wilson_interval(failures, failures + successes)
    assert 0 <= low <= high <= 1
    assert (1 - high, 1 - low) == pytest.approx(mirrored, abs=1e-9)


def test_without_trials_everything_is_possible() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
    nothing = proportion(0, 0)
    assert nothing.value is None
    assert nothing.reason == "There is nothing to count yet."


def test_a_win_rate_counts_ties_half() -> None:
    figure = proportion(60 + 10 / 2, 100)
    assert figure.value == pytest.approx(0.65)
    assert figure.low is not None
    assert figure.low < 0.65
    assert (figure.comparisons, figure.votes) == (100, 100)


def test_impossible_counts_are_refused() -> None:
    for successes, trials in ((-1, 3), (4, 3), (float("nan"), 3)):
        with pytest.raises(InvalidCounts):
            wilson_interval(successes, trials)
    with pytest.raises(InvalidCounts):
        wilson_interval(1, 2, level=1.0)
