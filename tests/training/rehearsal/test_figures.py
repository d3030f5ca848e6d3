"""The figures of a round."""

import math
import random

import pytest

from training.rehearsal.figures import estimate_kl, win_rate
from training.rehearsal.rules import PREFERENCE_RULES


def test_ties_count_half_in_the_win_rate_and_the_interval_holds_it() -> None:
    figures = win_rate(PREFERENCE_RULES["shorter"], [("a", "bb"), ("a", "bb"), ("a", "b"), ("aaa", "b")])

    assert (figures["wins"], figures["ties"], figures["losses"]) == (2, 1, 1)
    assert figures["value"] == 2.5 / 4
    assert figures["low"] < 2.5 / 4 < figures["high"]


def test_without_comparisons_there_is_no_win_rate() -> None:
    figures = win_rate(PREFERENCE_RULES["shorter"], [])

    assert figures["value"] is None
    assert (figures["low"], figures["high"]) == (0.0, 1.0)


def test_the_drift_of_an_unmoved_version_is_exactly_zero() -> None:
    estimate = estimate_kl([-3.0, -7.5], [-3.0, -7.5], [2, 4])

    assert (estimate.k3, estimate.k1, estimate.tokens) == (0.0, 0.0, 3.0)


def test_k3_and_k1_agree_with_the_known_divergence_of_two_distributions() -> None:
    new, old = [0.5, 0.3, 0.2], [0.3, 0.3, 0.4]
    exact = math.fsum(p * math.log(p / q) for p, q in zip(new, old, strict=True))
    draws = random.Random(0).choices(range(3), new, k=200_000)

    estimate = estimate_kl([math.log(new[x]) for x in draws], [math.log(old[x]) for x in draws], [1] * len(draws))

    assert estimate.k3 == pytest.approx(exact, abs=0.003)
    assert estimate.k1 == pytest.approx(exact, abs=0.006)
    assert all(estimate_kl([math.log(new[x])], [math.log(old[x])], [1]).k3 >= 0 for x in range(3))
