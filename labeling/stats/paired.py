"""The difference of two raters' accuracy on the same pairs: two versions of a model, say."""

from collections.abc import Hashable, Sequence
from math import sqrt

import numpy as np

from labeling.stats.clustered import effective_units
from labeling.stats.errors import InvalidCounts
from labeling.stats.estimate import Estimate
from labeling.stats.intervals import wilson_interval
from labeling.stats.sentences import gettext_noop

RIGHT, TIE, WRONG = 1.0, 0.5, 0.0


def paired_difference(
    scores: Sequence[float],
    other_scores: Sequence[float],
    *,
    clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
) -> Estimate:
    """The mean of `scores` minus the mean of `other_scores`, with its interval. Undefined without pairs.

    scores, other_scores: for the same pairs in the same order, shape (pairs,): 1 right, 0 wrong, 0.5 a tie. clusters:
    what is independent (their prompts); None: each pair is. With clusters the intervals are of the effective number of
    pairs, by the design effect of the difference (Rao and Scott 1992, "A simple method for the analysis of clustered
    binary data").
    Each mean has Wilson's interval. The distances to their ends add up as squares, less twice their product times the
    correlation of the scores: figures that err together differ by less than their intervals suggest. A side that ties
    on every pair (a base model measured against itself) has exactly 0.5, without an interval.
    Source: Newcombe 1998, "Improved confidence intervals for the difference between binomial proportions based on
    paired data", Statistics in Medicine 17, method 10. Raises InvalidCounts.
    """
    if len(scores) != len(other_scores):
        raise InvalidCounts(f"{len(scores)} and {len(other_scores)} scores are not of the same pairs.")
    if wrong := {*scores, *other_scores} - {RIGHT, TIE, WRONG}:
        raise InvalidCounts(f"A score is 1, 0.5 or 0, not {sorted(wrong)[0]}.")
    pairs = len(scores)
    if not pairs:
        return Estimate(None, None, None, 0, gettext_noop("There is nothing to count yet."))
    effective = _effective(scores, other_scores, clusters)
    mean, low, high = _with_interval(scores, effective, level)
    other, other_low, other_high = _with_interval(other_scores, effective, level)
    together = _correlation(scores, other_scores, (mean, other), effective)
    value = mean - other
    below = _distance(mean - low, other_high - other, together)
    above = _distance(high - mean, other - other_low, together)
    return Estimate(value, max(-1.0, value - below), min(1.0, value + above), pairs, None, pairs)


def _effective(scores: Sequence[float], other_scores: Sequence[float], clusters: Sequence[Hashable] | None) -> float:
    """The number of independent pairs that are worth as much."""
    if clusters is None:
        return float(len(scores))
    differences = np.subtract(scores, other_scores)
    return effective_units(differences, float(differences.var()), clusters)


def _with_interval(scores: Sequence[float], effective: float, level: float) -> tuple[float, float, float]:
    mean = sum(scores) / len(scores)
    if all(score == TIE for score in scores):
        return mean, mean, mean
    return mean, *wilson_interval(mean * effective, effective, level=level)


def _correlation(
    scores: Sequence[float], other_scores: Sequence[float], means: tuple[float, float], effective: float
) -> float:
    """Pearson's correlation, which for scores of 0 and 1 is the fourfold table's phi; 0 where a side never varies.

    A positive one is taken as weaker than it looks, by half a pair: Newcombe's continuity correction of phi. Without it
    the intervals of few pairs are too narrow.
    """
    mean, other = means
    variance = sum((score - mean) ** 2 for score in scores)
    other_variance = sum((score - other) ** 2 for score in other_scores)
    if not variance or not other_variance:
        return 0.0
    shared = sum((one - mean) * (two - other) for one, two in zip(scores, other_scores, strict=True))
    if shared > 0:
        shared = max(0.0, shared - 0.5 * len(scores) / effective)
    return shared / sqrt(variance * other_variance)


def _distance(one: float, two: float, together: float) -> float:
    return sqrt(max(0.0, one * one - 2 * together * one * two + two * two))
