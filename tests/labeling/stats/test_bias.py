"""Position and length bias: against plain definitions and known truths."""

import math
import random
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.stats import Bootstrap, length_bias, position_bias
from labeling.stats.bias import SLOPE_PRIOR, logistic_slope

FEW = Bootstrap(resamples=50)
rows = st.dictionaries(
    st.tuples(st.sampled_from([-1.2, -0.3, 0.0, 0.2, 0.8]), st.integers(0, 3), st.integers(0, 3)),
    st.integers(0, 6),
    max_size=12,
)


def test_the_share_of_the_left_side_has_wilsons_interval() -> None:
    share = position_bias(81, 263 - 81)
    assert share.value == pytest.approx(81 / 263)
    assert share.comparisons == 263
    assert share.low == pytest.approx(0.2553, abs=5e-5)
    assert share.high == pytest.approx(0.3662, abs=5e-5)
    assert position_bias(0, 0).reason


@settings(max_examples=60, deadline=None)
@given(rows)
def test_the_share_for_the_longer_one_is_counted_vote_by_vote(given: dict[tuple[float, int, int], int]) -> None:
    longer = shorter = 0
    for (ratio, a, b), count in given.items():
        if ratio:
            longer += count * (a if ratio > 0 else b)
            shorter += count * (b if ratio > 0 else a)
    share = length_bias(given, bootstrap=FEW).longer_preferred
    if longer + shorter:
        assert share.value == pytest.approx(longer / (longer + shorter))
        assert share.votes == longer + shorter
    else:
        assert (share.value, bool(share.reason)) == (None, True)


@settings(max_examples=60, deadline=None)
@given(rows)
def test_the_slope_is_where_the_log_posterior_is_highest(given: dict[tuple[float, int, int], int]) -> None:
    fitted = length_bias(given, bootstrap=FEW).slope.value

    def goal(slope: float) -> float:
        total = -(slope**2) / (2 * SLOPE_PRIOR**2)
        for (ratio, a, b), count in given.items():
            total -= count * (a * math.log1p(math.exp(-slope * ratio)) + b * math.log1p(math.exp(slope * ratio)))
        return total

    if fitted is not None:
        assert goal(fitted) >= max(goal(fitted - 1e-3), goal(fitted + 1e-3))


@settings(max_examples=40, deadline=None)
@given(rows)
def test_calling_a_b_and_b_a_changes_nothing(given: dict[tuple[float, int, int], int]) -> None:
    exchanged = {(-ratio, b, a): count for (ratio, a, b), count in given.items()}
    one, other = length_bias(given, bootstrap=FEW), length_bias(exchanged, bootstrap=FEW)
    for name in ("longer_preferred", "slope", "twice_as_long"):
        assert getattr(one, name).value == pytest.approx(getattr(other, name).value, abs=1e-9)


def votes_by_length(rng: random.Random, comparisons: int, slope: float) -> Counter[Any]:
    votes = Counter[Any]()
    for _ in range(comparisons):
        ratio = round(rng.gauss(0, 0.6), 1)
        a = sum(rng.random() < 1 / (1 + math.exp(-slope * ratio)) for _ in range(3))
        votes[(ratio, a, 3 - a)] += 1
    return votes


def test_a_liking_for_length_is_found_and_its_interval_holds_it() -> None:
    bias = length_bias(votes_by_length(random.Random(1), 3000, 0.83))
    assert bias.slope.value == pytest.approx(0.83, abs=0.08)
    assert bias.slope.low is not None
    assert bias.slope.high is not None
    assert bias.slope.low < 0.83 < bias.slope.high
    assert bias.twice_as_long.value == pytest.approx(0.64, abs=0.015)  # AlpacaEval's people
    assert bias.longer_preferred.low is not None
    assert bias.longer_preferred.low > 0.5


def test_without_a_liking_the_intervals_hold_nothing_about_as_often_as_they_say() -> None:
    rng, covered = random.Random(2), Counter[str]()
    for _ in range(200):
        bias = length_bias(votes_by_length(rng, 100, 0.0), bootstrap=Bootstrap(resamples=300))
        for name, nothing in (("longer_preferred", 0.5), ("slope", 0.0)):
            figure = getattr(bias, name)
            covered[name] += figure.low <= nothing <= figure.high
    assert all(0.9 <= count / 200 <= 0.985 for count in covered.values()), covered


def test_where_the_longer_one_always_won_the_slope_is_finite_and_wide() -> None:
    bias = length_bias({(0.5, 1, 0): 6, (-0.9, 0, 1): 4})
    assert bias.longer_preferred.value == 1.0
    assert bias.slope.value is not None
    assert 0 < bias.slope.value < 4 * SLOPE_PRIOR
    alike = length_bias({(0.5, 1, 0): 6}).slope
    assert alike.low is not None
    assert alike.high is not None
    assert alike.high - alike.low > 2


def test_extreme_ratios_overflow_nothing() -> None:
    slope = logistic_slope(np.array([1000.0, -1000.0]), np.array([[5.0, 0.0]]), np.array([[1.0, 7.0]]))
    assert np.isfinite(slope).all()
