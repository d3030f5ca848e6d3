"""Figures about annotators: leave-one-out, pairs, retests, speed, drift, label noise."""

import random
from collections import Counter
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.stats import (
    Bootstrap,
    Estimate,
    InvalidCounts,
    accuracy_ceiling,
    annotator_pair_agreement,
    difference,
    drift,
    label_noise,
    leave_one_out,
    percent_agreement,
    proportion,
    quantile,
    retest_report,
    speed,
)
from tests.labeling.stats import naive

FEW = Bootstrap(resamples=50)
all_votes = st.lists(st.lists(st.integers(0, 2), max_size=6), max_size=12)
Patterns = dict[tuple[int, ...], int]
SAID = ("left", "right", "tie")


@settings(max_examples=100, deadline=None)
@given(all_votes)
def test_leave_one_out_equals_its_plain_definition(votes: list[list[int]]) -> None:
    shares = []
    for one in votes:
        for index, vote in enumerate(one if len(one) >= 3 else []):
            others = Counter(one[:index] + one[index + 1 :])
            modes = [category for category, count in others.items() if count == max(others.values())]
            shares.append((vote in modes) / len(modes))
    found = leave_one_out(naive.patterns_of(votes, 3), bootstrap=FEW)
    if shares:
        assert found.value == pytest.approx(sum(shares) / len(shares))
        assert found.votes == len(shares)
    else:
        assert (found.value, bool(found.reason)) == (None, True)


@settings(max_examples=60, deadline=None)
@given(all_votes)
def test_leave_one_out_does_not_depend_on_which_completion_is_a(votes: list[list[int]]) -> None:
    patterns = naive.patterns_of(votes, 3)
    exchanged = {(b, tie, a): count for (a, tie, b), count in patterns.items()}
    one, other = leave_one_out(patterns, bootstrap=FEW), leave_one_out(exchanged, bootstrap=FEW)
    assert one.value == pytest.approx(other.value)


def test_two_annotators_are_counted_together_in_either_order() -> None:
    table = np.array([[5.0, 1, 2], [0, 3, 0], [1, 0, 4]])
    (found,) = annotator_pair_agreement({("alice", "bob"): table, ("bob", "alice"): table.T})
    assert (found.first, found.second) == ("alice", "bob")
    assert found.same.value == pytest.approx(12 / 16)
    assert found.same.comparisons == 32
    assert found.same_without_ties.value == pytest.approx(9 / 12)
    chance = (8 * 6 + 3 * 4 + 5 * 6) / 16**2
    assert found.kappa == pytest.approx((0.75 - chance) / (1 - chance))


def test_pairs_that_never_met_are_left_out_and_those_always_alike_have_no_kappa() -> None:
    assert annotator_pair_agreement({("alice", "bob"): np.zeros((3, 3))}) == []
    (found,) = annotator_pair_agreement({("alice", "bob"): np.diag([4.0, 0, 0])})
    assert (found.same.value, found.kappa) == (1.0, None)
    with pytest.raises(InvalidCounts):
        annotator_pair_agreement({("alice", "alice"): np.eye(3)})


def test_a_retest_by_the_text_and_one_by_the_side_are_told_apart() -> None:
    found = retest_report({("left", "right"): 60, ("right", "left"): 20, ("left", "left"): 15, ("right", "right"): 5})
    assert found.consistency.value == pytest.approx(0.8)
    assert found.side_decided.value == pytest.approx(0.2)
    assert found.left_pull.value == pytest.approx(0.1)
    assert found.left_pull.low is not None
    assert found.left_pull.high is not None
    assert 0 < found.left_pull.low < 0.1 < found.left_pull.high < 0.2


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.tuples(st.sampled_from(SAID), st.sampled_from(SAID)), st.integers(0, 9)))
def test_exchanging_left_and_right_turns_the_pull_round_and_nothing_else(counts: dict[tuple[str, str], int]) -> None:
    swap = {"left": "right", "right": "left", "tie": "tie"}
    found = retest_report(counts, bootstrap=FEW)
    turned = retest_report({(swap[one], swap[two]): n for (one, two), n in counts.items()}, bootstrap=FEW)
    assert found.consistency == turned.consistency
    assert found.side_decided == turned.side_decided
    if found.left_pull.value is not None:
        assert turned.left_pull.value == pytest.approx(-found.left_pull.value)


def test_without_retests_or_preferences_there_is_a_reason() -> None:
    assert retest_report({}).consistency.reason == "Nobody has judged a comparison a second time yet."
    ties = retest_report({("tie", "tie"): 3, ("tie", "left"): 1})
    assert ties.consistency.value == 0.75
    assert ties.left_pull.reason == "No retest has a preference both times yet."


def test_no_pull_seen_in_few_retests_leaves_room_for_one() -> None:
    pull = retest_report({("left", "right"): 8}).left_pull
    assert pull.value == 0
    assert pull.low is not None
    assert pull.high is not None
    assert pull.low < -0.2 < 0.2 < pull.high


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=200), st.sampled_from([0.25, 0.5, 0.75]))
def test_a_quantile_is_numpys(times: list[int], share: float) -> None:
    found = quantile({float(time): count for time, count in Counter(times).items()}, share)
    assert found.value == np.quantile(times, share, method="inverted_cdf")
    if found.low is not None and found.value is not None and found.high is not None:
        assert found.low <= found.value <= found.high


def test_the_medians_interval_holds_the_true_one_about_as_often_as_it_says() -> None:
    rng, covered = random.Random(4), 0
    for _ in range(400):
        found = quantile(Counter(rng.expovariate(1.0) for _ in range(60)), 0.5)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.693147 <= found.high
    assert 0.93 <= covered / 400 <= 0.99


def test_few_times_have_a_median_without_an_interval_and_none_a_reason() -> None:
    assert quantile({3.0: 2, 8.0: 1}, 0.5) == Estimate(
        3.0, None, None, 3, "The judgments are too few for an interval.", 3
    )
    assert speed({}).median.reason == "No client has sent times yet."


def test_a_change_over_time_is_the_last_third_minus_the_first() -> None:
    good: Patterns = {(2, 0, 0): 60, (0, 0, 2): 30, (1, 0, 1): 10}
    bad: Patterns = {(2, 0, 0): 40, (0, 0, 2): 20, (1, 0, 1): 40}
    found = drift({"2026-03-01": good, "2026-03-03": bad, "2026-03-02": good})
    assert [point.name for point in found.points] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert found.points[0].agreement.value == pytest.approx(0.9)
    assert found.change.value == pytest.approx(-0.3)
    assert found.change.high is not None
    assert found.change.high < 0
    assert found.change.comparisons == 200


def test_one_stretch_or_none_has_no_change() -> None:
    assert drift({"1": {(2, 0, 0): 3}}).change.reason
    assert drift({}).change.reason == "No comparison has two votes yet."
    assert drift({"1": {(1, 0, 0): 3}, "2": {(2, 0, 0): 3}}).change.reason


def test_the_interval_of_a_difference_is_newcombes() -> None:
    # Newcombe 1998, "Interval estimation for the difference between independent proportions", table II, method 10.
    found = difference(proportion(56, 70), proportion(48, 80))
    assert found.value == pytest.approx(0.2)
    assert found.low == pytest.approx(0.0524, abs=5e-5)
    assert found.high == pytest.approx(0.3339, abs=5e-5)


@pytest.mark.parametrize("accuracy", [0.6, 0.75, 0.9, 1.0])
def test_agreement_of_two_who_err_at_a_rate_gives_the_rate_back(accuracy: float) -> None:
    agreement = accuracy**2 + (1 - accuracy) ** 2
    noise = label_noise(Estimate(agreement, agreement - 0.01, min(1.0, agreement + 0.01), 100, None, 200))
    assert noise.value == pytest.approx(1 - accuracy)
    assert noise.low is not None
    assert noise.high is not None
    assert noise.low <= 1 - accuracy + 1e-12
    assert noise.high > 1 - accuracy
    assert accuracy_ceiling(noise).value == pytest.approx(accuracy)


def test_the_ceiling_on_majorities_is_condorcets_and_rises_with_the_votes() -> None:
    noise = label_noise(Estimate(0.68, 0.6, 0.75, 50, None, 100))
    assert noise.value == pytest.approx(0.2)
    assert accuracy_ceiling(noise, 3).value == pytest.approx(0.8**3 + 3 * 0.8**2 * 0.2)
    assert accuracy_ceiling(noise, 2).value == pytest.approx(0.8)  # half of the split votes
    values = [accuracy_ceiling(noise, votes).value or 0.0 for votes in (1, 3, 5, 7)]
    assert all(more > fewer for fewer, more in pairwise(values))
    ceiling = accuracy_ceiling(noise, 3)
    assert ceiling.low is not None
    assert ceiling.high is not None
    assert ceiling.value is not None
    assert ceiling.low < ceiling.value < ceiling.high


def test_agreement_below_chance_or_none_has_no_noise() -> None:
    assert label_noise(percent_agreement({(1, 0, 1): 9})).reason
    nothing: Any = label_noise(percent_agreement({}))
    assert accuracy_ceiling(nothing).reason == "No comparison has two votes yet."
