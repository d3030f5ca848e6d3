"""Adaptive overlap: whether a comparison needs another vote.

More votes are worth their cost only while the verdict is uncertain. After each vote this computes the posterior of the
verdict, under one error rate for all annotators. In most campaigns two votes that agree then settle a comparison, and
two that differ call for a third.

When to stop depends on the votes alone, so likelihood estimates (the error rate here, Dawid-Skene) remain valid. The
share of agreeing pairs does not, because comparisons with dissent get more votes. Count agreement over the first
`minimum` votes of each comparison.

Both bad counts as a tie, as in agreement.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log

import numpy as np

from labeling.stats.agreement import PatternCounts, vote_pattern
from labeling.stats.bootstrap import FloatArray
from labeling.stats.dawid_skene import PRIOR_ACCURACY, PRIOR_WEIGHT, common_confusion, posterior
from labeling.stats.errors import InvalidCounts

Pattern = tuple[int, ...]

DEFAULT_ERROR_RATE = 1 - PRIOR_ACCURACY
"""The error rate before there are votes to estimate it from."""

BOUNDS = (0.005, 0.49)
"""With an error rate of 0, one vote would settle everything; with one half, nothing would ever be settled."""


@dataclass(frozen=True, slots=True)
class AdaptiveOverlap:
    """When a comparison has enough votes.

    threshold: of the posterior of the likeliest verdict, above 0.5 and below 1. Once it is reached, no more are wanted.
    minimum, maximum: the number of votes that every comparison gets, and that none exceeds.
    error_rate: how often a vote is wrong; see `estimated_error_rate`.
    ties: whether a tie is among the choices.
    """

    threshold: float = 0.9
    minimum: int = 2
    maximum: int = 5
    error_rate: float = DEFAULT_ERROR_RATE
    ties: bool = True

    def __post_init__(self) -> None:
        if not 0.5 < self.threshold < 1:
            raise InvalidCounts("The threshold lies between 0.5 and 1.")
        if not 1 <= self.minimum <= self.maximum:
            raise InvalidCounts("At least one vote is wanted, and the maximum is not below the minimum.")
        if not 0 < self.error_rate < 0.5:
            raise InvalidCounts("The error rate lies between 0 and 0.5.")

    def posterior(self, votes: Mapping[str, int]) -> FloatArray:
        """P(a), P(tie or both bad), P(b) after these votes (counts of "a", "b", "tie", "both_bad"); shape (3,)."""
        return pattern_posterior(vote_pattern(votes), self.error_rate, ties=self.ties)

    def wants_more(self, votes: Mapping[str, int]) -> bool:
        """Whether the verdict is still too uncertain after these votes, and further votes could change it."""
        return self.wants_more_after(vote_pattern(votes))

    def wants_more_after(self, pattern: Pattern) -> bool:
        """As `wants_more`, from a pattern over (a, tie, b)."""
        given = sum(pattern)
        if given < self.minimum:
            return True
        second, first = sorted(pattern)[-2:]
        if given >= self.maximum or first - second > self.maximum - given:
            return False  # further votes cannot change the winner
        return float(pattern_posterior(pattern, self.error_rate, ties=self.ties).max()) < self.threshold


def pattern_posterior(pattern: Pattern, error_rate: float, *, ties: bool = True) -> FloatArray:
    """P(a), P(tie), P(b) after the votes of a pattern, under a uniform prior; shape (3,).

    Without ties, P(tie) is 0 unless there is a vote for one (ties were allowed earlier).
    """
    a, tie, b = pattern
    n_choices = 3 if ties or tie else 2
    votes = [0] * a + [n_choices - 1] * b + [1] * (tie if n_choices == 3 else 0)
    probabilities = posterior(votes, common_confusion(n_choices, error_rate), np.full(n_choices, 1 / n_choices))
    return probabilities if n_choices == 3 else np.array([probabilities[0], 0.0, probabilities[1]])


def estimated_error_rate(patterns: PatternCounts[Pattern], *, ties: bool = True, iterations: int = 500) -> float:
    """How often a vote is wrong if all annotators err alike: the most probable rate given patterns over (a, tie, b).

    EM over the truths, with a weak prior (4 votes, 3 of them correct). If no comparison has two votes, the prior alone
    decides. The result is within BOUNDS.
    """
    rows = [(pattern, count) for pattern, count in sorted(patterns.items()) if count and sum(pattern)]
    rate, prior_wrong = DEFAULT_ERROR_RATE, PRIOR_WEIGHT * DEFAULT_ERROR_RATE
    votes = sum(sum(pattern) * count for pattern, count in rows)
    for _ in range(iterations):
        wrong = sum(count * _expected_errors(pattern, rate, ties) for pattern, count in rows)
        before, rate = rate, min(max((wrong + prior_wrong) / (votes + PRIOR_WEIGHT), BOUNDS[0]), BOUNDS[1])
        if abs(log(rate / before)) < 1e-9:
            break
    return rate


def _expected_errors(pattern: Pattern, rate: float, ties: bool) -> float:
    correct = pattern_posterior(pattern, rate, ties=ties) @ np.array(pattern, dtype=np.float64)
    return sum(pattern) - float(correct)
