"""Effects in clusters: against plain definitions, planted truths, and their own promise to be quiet."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.stats import (
    clustered_mean,
    clustered_ratio,
    clustered_share,
    clustered_slope,
    coin_tail,
    holm,
    wilson_interval,
)
from labeling.stats.clustered import student_quantile

outcomes = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=1, max_size=30)
points = st.lists(
    st.tuples(st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0]), st.floats(-3, 3, width=16), st.integers(0, 5)), max_size=25
)


def test_units_of_their_own_have_wilsons_interval_and_the_sign_test() -> None:
    effect = clustered_share([True] * 30 + [False] * 10, range(40))
    assert (effect.figure.low, effect.figure.high) == pytest.approx(wilson_interval(30, 40))
    assert effect.p_value == pytest.approx(2 * coin_tail(30, 40))
    assert (effect.figure.value, effect.figure.comparisons, effect.clusters) == (0.75, 40, 40)


@settings(max_examples=60, deadline=None)
@given(outcomes)
def test_every_unit_ten_times_says_no_more_than_once(rows: list[tuple[bool, int]]) -> None:
    once = clustered_share([won for won, _ in rows], list(range(len(rows))))
    tenfold = clustered_share([won for won, _ in rows] * 10, list(range(len(rows))) * 10)
    assert tenfold.figure.value == pytest.approx(once.figure.value)
    assert tenfold.figure.low is not None
    assert once.figure.low is not None
    assert tenfold.figure.low <= once.figure.low + 1e-9
    assert tenfold.p_value >= once.p_value - 1e-9


@settings(max_examples=60, deadline=None)
@given(outcomes)
def test_exchanging_success_and_failure_mirrors_the_share(rows: list[tuple[bool, int]]) -> None:
    clusters = [cluster for _, cluster in rows]
    one = clustered_share([won for won, _ in rows], clusters)
    other = clustered_share([not won for won, _ in rows], clusters)
    assert one.figure.low == pytest.approx(1 - (other.figure.high or 0.0))
    assert one.p_value == pytest.approx(other.p_value)


@settings(max_examples=80, deadline=None)
@given(points)
def test_the_slope_has_the_least_absolute_deviations(rows: list[tuple[float, float, int]]) -> None:
    x, y = (np.array([row[place] for row in rows], dtype=np.float64) for place in (0, 1))
    value = clustered_slope(x, y, [row[2] for row in rows]).figure.value
    if value is None:
        assert not x.any()
        return
    least, kept = np.abs(y - value * x).sum(), x != 0
    others = (value - 0.1, value + 0.1, *(y[kept] / x[kept]))
    assert all(least <= np.abs(y - slope * x).sum() + 1e-9 for slope in others)


@settings(max_examples=60, deadline=None)
@given(points, st.lists(st.booleans(), min_size=25, max_size=25))
def test_the_slope_does_not_depend_on_which_of_two_comes_first(
    rows: list[tuple[float, float, int]], exchanged: list[bool]
) -> None:
    """Within clusters all pairs are exchanged together: their signs are what a cluster is about."""
    x, y = (np.array([row[place] for row in rows], dtype=np.float64) for place in (0, 1))
    clusters = [row[2] for row in rows]
    signs = np.array([-1.0 if exchanged[cluster] else 1.0 for cluster in clusters])
    one, other = clustered_slope(x, y, clusters), clustered_slope(x * signs, y * signs, clusters)
    assert one == other


def test_a_planted_slope_is_found_in_heavy_noise_and_the_interval_holds_it() -> None:
    generator, held, quiet = np.random.default_rng(3), 0, 0
    for _ in range(200):
        clusters = np.repeat(np.arange(60), 2)
        x = generator.normal(size=120)
        y = 0.5 * x + generator.standard_t(2, size=120) * 0.5 + np.repeat(generator.normal(size=60) * 0.2, 2)
        y[0] = 1e6  # one wild margin
        effect = clustered_slope(x, y, clusters.tolist())
        assert effect.figure.low is not None
        assert effect.figure.high is not None
        held += effect.figure.low <= 0.5 <= effect.figure.high
        assert effect.p_value < 0.05
        quiet += clustered_slope(x, y - 0.5 * x, clusters.tolist()).p_value > 0.05
    assert 0.9 <= held / 200 <= 0.99
    assert 0.9 <= quiet / 200 <= 0.99


def test_few_pairs_give_a_slope_without_an_interval() -> None:
    effect = clustered_slope(np.array([1.0, 2.0]), np.array([1.0, 2.0]), ["p", "q"])
    assert (effect.figure.value, effect.figure.low, bool(effect.figure.reason)) == (1.0, None, True)
    nothing = clustered_slope(np.zeros(3), np.ones(3), ["p", "q", "r"])
    assert (nothing.figure.value, nothing.p_value, nothing.clusters) == (None, 1.0, 0)


def test_the_mean_difference_is_students_over_prompts() -> None:
    differences = np.array([1.0, 3.0, 0.0, 1.0, 2.0, -1.0])
    effect = clustered_mean(differences, ["p", "p", "q", "r", "s", "t"])  # the means are 2, 0, 1, 2, -1
    assert effect.figure.value == pytest.approx(0.8)
    assert effect.figure.high == pytest.approx(0.8 + 2.776 * math.sqrt(1.7 / 5), abs=0.02)
    assert effect.p_value == pytest.approx(0.242, abs=0.02)  # t = 1.372 with 4 degrees of freedom
    assert (effect.figure.comparisons, effect.clusters) == (5, 4)


def test_differences_that_are_all_alike_are_judged_by_their_signs() -> None:
    assert clustered_mean(np.ones(10), list(range(10))).p_value == pytest.approx(2 * 0.5**10)
    assert clustered_mean(np.zeros(10), list(range(10))).p_value == 1.0
    assert clustered_mean(np.array([]), []).figure.value is None


def test_a_mean_of_nothing_is_found_different_as_often_as_promised() -> None:
    generator = np.random.default_rng(6)
    p_values = [clustered_mean(generator.normal(size=30), list(range(30))).p_value for _ in range(600)]
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.025)


@pytest.mark.parametrize(("freedom", "quantile"), [(3, 3.182), (5, 2.571), (10, 2.228), (30, 2.042), (1000, 1.962)])
def test_students_quantile_is_that_of_the_tables(freedom: int, quantile: float) -> None:
    assert student_quantile(freedom) == pytest.approx(quantile, abs=0.03)


def test_holm_is_as_in_his_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.6, 0.5]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), max_size=8))
def test_a_correction_never_lowers_a_p_value_and_keeps_their_order(p_values: list[float]) -> None:
    corrected = holm(p_values)
    assert all(after >= before for before, after in zip(p_values, corrected, strict=True))
    ordered = [after for _, after in sorted(zip(p_values, corrected, strict=True))]
    assert ordered == sorted(ordered)


def test_a_tie_is_half_a_success() -> None:
    effect = clustered_share([1.0] * 30 + [0.5] * 10, range(40))
    assert (effect.figure.low, effect.figure.high) == pytest.approx(wilson_interval(35, 40))
    assert clustered_share([0.5] * 8, "aabbccdd").figure.value == 0.5


def test_a_ratio_is_that_of_the_sums_and_its_interval_that_of_the_linearised_residuals() -> None:
    totals, sizes = np.array([2.0, 1.0, 4.0, 3.0, 2.0, 9.0]), np.array([10.0, 10.0, 20.0, 10.0, 20.0, 30.0])
    prompts = ["a", "a", "b", "c", "d", "e"]
    effect = clustered_ratio(totals, sizes, prompts)
    residuals = totals - 0.21 * sizes  # 21 / 100
    by_prompt = np.array([residuals[0] + residuals[1], *residuals[2:]])
    error = math.sqrt(5 / 4 * (by_prompt**2).sum()) / 100
    assert effect.figure.value == pytest.approx(0.21)
    assert effect.figure.high == pytest.approx(0.21 + student_quantile(4) * error)
    assert (effect.figure.comparisons, effect.clusters) == (6, 5)


def test_a_ratio_of_few_or_equal_clusters_has_no_interval() -> None:
    assert clustered_ratio(np.ones(3), np.ones(3), [1, 2, 3]).figure.low is None
    assert clustered_ratio(np.zeros(5), np.ones(5), range(5)).figure.low is None
    assert clustered_ratio(np.array([]), np.array([]), []).figure.value is None


def test_the_interval_of_a_ratio_misses_one_time_in_twenty_with_texts_of_unequal_length() -> None:
    generator, missed, tries = np.random.default_rng(3), 0, 1500
    for _ in range(tries):
        sizes = generator.integers(5, 65, size=48).astype(float)
        level = np.repeat(generator.gamma(4.0, 0.05, size=24), 2)  # each prompt has its own drift: 0.2 on average
        figure = clustered_ratio(level * sizes, sizes, [number // 2 for number in range(48)]).figure
        assert figure.low is not None
        assert figure.high is not None
        missed += not figure.low <= 0.2 <= figure.high
    assert missed / tries == pytest.approx(0.05, abs=0.025)
