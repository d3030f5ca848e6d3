"""Bets on a bounded mean: against the plain product, Ville's bound, and the interval's promise."""

from math import exp, log, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.stats import InvalidCounts, betting_interval, first_reached, log_wealth
from labeling.stats.betting import STAKES

scores = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]), max_size=40)
means = st.floats(0.05, 1.0)


@settings(max_examples=80, deadline=None)
@given(scores, means)
def test_the_wealth_is_the_average_of_plain_products(x: list[float], mean: float) -> None:
    path = log_wealth(np.array(x), mean)
    for seen in range(1, len(x) + 1):
        products = [prod(1 + stake / mean * (one - mean) for one in x[:seen]) for stake in STAKES]
        assert path[seen - 1] == pytest.approx(log(sum(products) / len(products)), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(scores, scores, means)
def test_going_on_from_earlier_observations_gives_what_all_at_once_gives(
    earlier: list[float], later: list[float], mean: float
) -> None:
    together = log_wealth(np.array(earlier + later), mean)
    apart = log_wealth(np.array(later), mean, after=np.array(earlier))
    assert apart == pytest.approx(together[len(earlier) :], abs=1e-9)


@settings(max_examples=80, deadline=None)
@given(scores.filter(len), st.data())
def test_a_higher_score_adds_evidence_and_a_higher_mean_takes_some_away(x: list[float], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(x) - 1))
    higher = [*x[:place], data.draw(st.floats(x[place], 1.0)), *x[place + 1 :]]
    assert log_wealth(np.array(higher), 0.5)[-1] >= log_wealth(np.array(x), 0.5)[-1] - 1e-12
    low, high = sorted((data.draw(means), data.draw(means)))
    assert log_wealth(np.array(x), high)[-1] <= log_wealth(np.array(x), low)[-1] + 1e-12


@settings(max_examples=60, deadline=None)
@given(scores, means)
def test_the_order_does_not_change_the_wealth_at_the_end(x: list[float], mean: float) -> None:
    if x:
        assert log_wealth(np.array(sorted(x)), mean)[-1] == pytest.approx(log_wealth(np.array(x), mean)[-1], abs=1e-9)


@settings(max_examples=80, deadline=None)
@given(scores, st.sampled_from([0.01, 0.05, 0.2]))
def test_the_interval_holds_exactly_the_means_that_are_not_refuted(x: list[float], error: float) -> None:
    observations = np.array(x)
    low, high = betting_interval(observations, error=error)
    assert 0 <= low <= 1
    assert 0 <= high <= 1
    if not x:
        assert (low, high) == (0.0, 1.0)
        return
    for mean in (0.1, 0.3, 0.5, 0.6, 0.85):
        below = log_wealth(observations, mean)[-1] - log(1 / error)
        above = log_wealth(1 - observations, 1 - mean)[-1] - log(1 / error)
        assert (below >= 0) == (low >= mean) or abs(below) < 1e-9
        assert (above >= 0) == (high <= mean) or abs(above) < 1e-9


@settings(max_examples=60, deadline=None)
@given(scores)
def test_exchanging_the_sides_mirrors_the_interval(x: list[float]) -> None:
    low, high = betting_interval(np.array(x))
    assert betting_interval(1 - np.array(x)) == pytest.approx((1 - high, 1 - low), abs=1e-9)
    stricter = betting_interval(np.array(x), error=0.01)
    assert stricter[0] <= low + 1e-12
    assert stricter[1] >= high - 1e-12


@pytest.mark.parametrize(
    ("values", "chances"),
    [
        ([0.0, 1.0], [0.5, 0.5]),
        ([0.0, 0.5, 1.0], [0.3, 0.4, 0.3]),
        ([0.3, 1.0], [5 / 7, 2 / 7]),  # the mean is one half, its distribution is not symmetric
    ],
)
def test_a_true_claim_is_ever_refuted_no_more_often_than_the_error(values: list[float], chances: list[float]) -> None:
    generator = np.random.default_rng(4)
    x = generator.choice(values, p=chances, size=(1000, 200))
    for error in (0.05, 0.2):
        refuted = np.isfinite(first_reached(log_wealth(x, 0.5), log(1 / error))).mean()
        assert error / 5 < refuted < error + 2.5 * (error * (1 - error) / 1000) ** 0.5


def test_no_path_leaves_the_interval_more_often_than_promised_at_whatever_moment_one_looks() -> None:
    """With the true mean 0.35, in clusters of votes: the mean of three that share their prompt's win rate."""
    generator = np.random.default_rng(5)
    rates = generator.beta(0.7, 1.3, size=(800, 150, 1))
    x = (generator.random((800, 150, 3)) < rates).mean(axis=2)
    bound = log(1 / 0.05)
    below = np.isfinite(first_reached(log_wealth(1 - x, 0.65), bound))
    above = np.isfinite(first_reached(log_wealth(x, 0.35), bound))
    assert 0.01 < below.mean() < 0.07
    assert 0.01 < above.mean() < 0.07
    outside = [not low <= 0.35 <= high for low, high in (betting_interval(row) for row in x[:150])]
    assert np.mean(outside) < 0.1


def test_thousands_of_wins_overflow_nothing() -> None:
    x = np.ones(20_000)
    assert np.isfinite(log_wealth(x, 0.5)).all()
    assert np.isfinite(log_wealth(1 - x, 0.5)).all()
    low, high = betting_interval(x)
    assert low > 0.999
    assert high == 1


def test_the_first_bets_are_by_hand() -> None:
    # One win against a mean of one half: 1 + 2 c / 2 = 1 + c, over c = 1/40 ... 39/40, whose average is one half.
    assert exp(log_wealth(np.array([1.0]), 0.5)[0]) == pytest.approx(1.5)
    assert exp(log_wealth(np.array([0.0]), 0.5)[0]) == pytest.approx(0.5)
    assert exp(log_wealth(np.array([0.5]), 0.5)[0]) == pytest.approx(1.0)
    assert first_reached(np.array([[0.0, 2.0, 1.0], [0.0, 0.0, 0.0]]), 2.0).tolist() == [2.0, float("inf")]


@pytest.mark.parametrize("x", [[1.2], [-0.1], [float("nan")]])
def test_observations_outside_of_0_to_1_are_refused(x: list[float]) -> None:
    with pytest.raises(InvalidCounts):
        log_wealth(np.array(x), 0.5)
    with pytest.raises(InvalidCounts):
        betting_interval(np.array(x))


def test_impossible_means_and_errors_are_refused() -> None:
    for mean in (0.0, -0.5, 1.1):
        with pytest.raises(InvalidCounts):
            log_wealth(np.array([1.0]), mean)
    with pytest.raises(InvalidCounts):
        betting_interval(np.array([1.0]), error=0.0)
