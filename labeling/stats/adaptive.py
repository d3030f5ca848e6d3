"""Adaptive overlap: whether a comparison needs another vote.

More votes are worth their price only where the verdict is still uncertain. After each vote the posterior of the verdict
is taken, under one error rate for everybody: with what is known of a campaign, two votes that agree usually settle a
comparison, and two that differ ask for a third. When to stop depends on the votes alone, so estimates by likelihood
(the error rate here, Dawid-Skene) stay right; the share of agreeing pairs does not, because comparisons with dissent
get more votes: count agreement over the first `minimum` votes of each comparison.

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
"""Before there are votes to estimate it from."""

BOUNDS = (0.005, 0.49)
"""An error rate of 0 would settle everything with one vote; one of a half, nothing ever."""


@dataclass(frozen=True, slots=True)
class AdaptiveOverlap:
    """When a comparison has votes enough.

    threshold: of the posterior of the likeliest verdict, above 0.5 and below 1: reached, no more votes are wanted.
    minimum, maximum: votes that every comparison gets, and that none exceeds.
    error_rate: how often a vote is wrong; `estimated_error_rate` finds a campaign's.
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
        """P(a), P(tie or both bad), P(b) after these votes (how many said "a", "b", "tie", "both_bad"); shape (3,)."""
        return pattern_posterior(vote_pattern(votes), self.error_rate, ties=self.ties)

    def wants_more(self, votes: Mapping[str, int]) -> bool:
        """Whether these votes leave the verdict too uncertain, and more of them may still change it."""
        return self.wants_more_after(vote_pattern(votes))

    def wants_more_after(self, pattern: Pattern) -> bool:
        """The same from a pattern over (a, tie, b)."""
        given = sum(pattern)
        if given < self.minimum:
            return True
        second, first = sorted(pattern)[-2:]
        if given >= self.maximum or first - second > self.maximum - given:
            return False  # whoever came next, the winner would stay
        return float(pattern_posterior(pattern, self.error_rate, ties=self.ties).max()) < self.threshold


def pattern_posterior(pattern: Pattern, error_rate: float, *, ties: bool = True) -> FloatArray:
    """P(a), P(tie), P(b) after so many votes for each, all before equally likely; shape (3,). Without ties P(tie) is 0
    unless somebody voted for one all the same (ties were allowed earlier)."""
    a, tie, b = pattern
    n_choices = 3 if ties or tie else 2
    said = [0] * a + [n_choices - 1] * b + [1] * (tie if n_choices == 3 else 0)
    found = posterior(said, common_confusion(n_choices, error_rate), np.full(n_choices, 1 / n_choices))
    return found if n_choices == 3 else np.array([found[0], 0.0, found[1]])


def estimated_error_rate(patterns: PatternCounts[Pattern], *, ties: bool = True, iterations: int = 500) -> float:
    """How often a vote is wrong, if everybody errs alike: the most probable rate given patterns over (a, tie, b).

    EM over the truths with a weak prior (4 votes, 3 of them right), which alone decides where no comparison has two
    votes. Within BOUNDS.
    """
    rows = [(pattern, count) for pattern, count in sorted(patterns.items()) if count and sum(pattern)]
    rate, wrong_before = DEFAULT_ERROR_RATE, PRIOR_WEIGHT * DEFAULT_ERROR_RATE
    votes = sum(sum(pattern) * count for pattern, count in rows)
    for _ in range(iterations):
        wrong = sum(count * _expected_errors(pattern, rate, ties) for pattern, count in rows)
        before, rate = rate, min(max((wrong + wrong_before) / (votes + PRIOR_WEIGHT), BOUNDS[0]), BOUNDS[1])
        if abs(log(rate / before)) < 1e-9:
            break
    return rate


def _expected_errors(pattern: Pattern, rate: float, ties: bool) -> float:
    right = pattern_posterior(pattern, rate, ties=ties) @ np.array(pattern, dtype=np.float64)
    return sum(pattern) - float(right)
