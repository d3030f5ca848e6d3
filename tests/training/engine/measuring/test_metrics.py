"""The figures about scored pairs, from numbers worked out by hand."""

import math

import numpy as np
import pytest

from training.engine.loss_settings import LossSettings
from training.engine.measuring.metrics import PairScores, accuracy, summarise, wilson_interval


def scores(chosen: list[float], rejected: list[float], weight: list[float] | None = None) -> PairScores:
    """Log-ratios as given: the reference is at -10 everywhere."""
    count = len(chosen)
    base = np.full(count, -10.0)
    return PairScores(
        policy_chosen=base + chosen,
        policy_rejected=base + rejected,
        reference_chosen=base,
        reference_rejected=base,
        chosen_tokens=np.full(count, 4.0),
        rejected_tokens=np.full(count, 5.0),
        confidence=np.ones(count),
        weight=np.array(weight or [1.0] * count),
    )


def test_figures_by_hand() -> None:
    figures = summarise(
        scores([2, 1, 0, 1], [1, 3, 0, 0], [1, 1, 1, 3]), np.array([0.1, 0.2, 0.3, 0.4]), LossSettings(beta=0.5)
    )
    assert figures["pairs"] == 4
    assert figures["loss"] == pytest.approx((0.1 + 0.2 + 0.3 + 3 * 0.4) / 6)
    assert figures["reward_accuracy"] == 0.625
    assert figures["ties"] == 1
    assert figures["margin"] == pytest.approx(0.5 * (1 - 2 + 0 + 1) / 4)
    assert figures["chosen_logratio"] == 1.0
    assert figures["rejected_logratio"] == 1.0
    assert figures["chosen_logratio_per_token"] == pytest.approx(4 / 16)
    assert figures["rejected_logratio_per_token"] == pytest.approx(4 / 20)


@pytest.mark.parametrize(
    ("chosen", "rejected", "flag"),
    [([-1.0], [-3.0], True), ([1.0], [-3.0], False), ([-3.0], [-1.0], False), ([0.0], [0.0], False)],
)
def test_displacement_is_flagged_when_chosen_falls_while_the_margin_grows(
    chosen: list[float], rejected: list[float], flag: bool
) -> None:
    assert summarise(scores(chosen, rejected), np.array([0.5]), LossSettings(beta=0.1))["displacement"] is flag


def test_a_margin_of_exactly_zero_counts_half() -> None:
    undecided = accuracy(np.zeros(8))
    assert (undecided["reward_accuracy"], undecided["ties"]) == (0.5, 8)
    assert undecided["reward_accuracy_low"] < 0.5 < undecided["reward_accuracy_high"]
    mixed = accuracy(np.array([1.0, 0.5, 0.0, 0.0, 0.0, -2.0]))
    assert mixed["reward_accuracy"] == pytest.approx((2 + 3 / 2) / 6)
    assert (mixed["reward_accuracy_low"], mixed["reward_accuracy_high"]) == wilson_interval(3.5, 6)
    assert accuracy(np.array([-1.0, -1.0]))["reward_accuracy"] == 0.0


def test_the_interval_with_ties_covers_the_truth_at_least_as_often_as_it_says() -> None:
    draws = np.random.default_rng(7).choice([-1.0, 0.0, 1.0], size=(2_000, 40), p=[0.2, 0.3, 0.5])
    truth = 0.5 + 0.3 / 2
    figures = [accuracy(margins) for margins in draws]
    covered = [each["reward_accuracy_low"] <= truth <= each["reward_accuracy_high"] for each in figures]
    assert np.mean(covered) >= 0.95


def test_the_interval_is_wilsons() -> None:
    low, high = wilson_interval(81, 263)  # Newcombe 1998, table I: 0.2553 to 0.3662
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert wilson_interval(0, 20)[0] == 0.0
    assert wilson_interval(20, 20)[1] == pytest.approx(1.0)
    assert not math.isnan(wilson_interval(0, 1)[1])
