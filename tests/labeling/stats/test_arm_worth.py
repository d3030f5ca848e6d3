"""The worth of an arm, and when it is measured and switched off."""

from math import sqrt

import numpy as np
import pytest

from labeling.stats import Range
from labeling.stats.arm_worth import ENOUGH, FIRST_LOOK, PARTS, TRIES, equal_parts, gain_of, is_due, standing


def test_the_gain_is_the_mean_difference_with_students_interval() -> None:
    arm, chance = np.zeros((PARTS, 4)), np.zeros((PARTS, 4))
    arm[:, 0] = [1, 1, 1, 0, 0]
    gain = gain_of(arm, chance)
    parts = np.array([0.25, 0.25, 0.25, 0, 0])
    pairs = np.array([0.6, 0, 0, 0])
    error = sqrt(parts.var(ddof=1) / 5 + pairs.var(ddof=1) / 4)
    assert gain.value == pytest.approx(0.15)
    assert gain.high - gain.value == pytest.approx(2.776 * error)
    assert gain.value - gain.low == pytest.approx(2.776 * error)


def test_pairs_of_one_prompt_count_as_little_as_the_prompt() -> None:
    generator = np.random.default_rng(2)
    ours, theirs = ((generator.random((PARTS, 40)) < 0.7).astype(float) for _side in range(2))
    alone, fourfold = gain_of(ours, theirs), [np.repeat(side, 4, axis=1) for side in (ours, theirs)]
    together = gain_of(fourfold[0], fourfold[1], np.repeat(np.arange(40), 4).tolist())
    assert (together.value, together.low, together.high) == pytest.approx((alone.value, alone.low, alone.high))
    apart = gain_of(fourfold[0], fourfold[1])
    assert apart.high - apart.low < together.high - together.low


def test_without_a_gain_the_interval_holds_zero_in_nineteen_of_twenty() -> None:
    generator, held = np.random.default_rng(5), 0
    for _time in range(400):
        ours, theirs = ((generator.random((PARTS, 80)) < 0.7).astype(float) for _side in range(2))
        gain = gain_of(ours, theirs)
        held += gain.low <= 0 <= gain.high
    assert held / 400 >= 0.93


def test_an_arm_is_switched_off_where_it_loses_or_stays_unproven() -> None:
    worse, better, open_ = Range(-0.1, -0.2, -0.01), Range(0.1, 0.01, 0.2), Range(0.0, -0.1, 0.1)
    assert standing(worse, FIRST_LOOK, ENOUGH) == "loses"
    assert standing(better, FIRST_LOOK, ENOUGH) == "pays"
    assert standing(open_, ENOUGH - 1, ENOUGH) == "open"
    assert standing(open_, ENOUGH, ENOUGH) == "unproven"
    assert standing(None, 10 * ENOUGH, ENOUGH, TRIES - 1) == "open"  # it may be measured yet
    assert standing(None, FIRST_LOOK, ENOUGH, TRIES) == "unmeasured"


def test_it_is_measured_at_twice_the_labels_and_when_it_has_enough() -> None:
    looks, measured = [], 0
    for labels in range(400):
        if is_due(labels, measured, 200):
            looks.append(labels)
            measured = labels
    assert looks == [40, 80, 160, 200]


def test_the_parts_are_equal_and_share_no_label() -> None:
    ours, theirs = equal_parts(list(range(43)), list(range(100, 190)), np.random.default_rng(1))
    for parts, known in ((ours, range(43)), (theirs, range(100, 190))):
        assert [len(part) for part in parts] == [8] * PARTS
        numbers = {number for part in parts for number in part}
        assert len(numbers) == 40
        assert numbers <= set(known)


def test_an_arm_that_asks_for_ties_has_fewer_labels_for_as_many_votes() -> None:
    ours, theirs = equal_parts(list(range(60)), list(range(100, 200)), np.random.default_rng(1), (2.0, 1.0))
    assert [len(part) for part in ours] == [10] * PARTS  # fifty labels of a hundred votes
    assert [len(part) for part in theirs] == [20] * PARTS
    ours, theirs = equal_parts(list(range(600)), list(range(600)), np.random.default_rng(1), (2.0, 1.0))
    assert (len(ours[0]), len(theirs[0])) == (40, 80)  # no side takes more than 400
