"""Agreement between two groups of annotators: a vote of one with a vote of the other on the same comparison."""

from collections.abc import Mapping

import numpy as np

from labeling.stats.agreement import NO_INTERVAL, UNANIMOUS, Pattern
from labeling.stats.bootstrap import Bootstrap, FloatArray
from labeling.stats.estimate import Estimate
from labeling.stats.intervals import wilson_interval
from labeling.stats.sentences import gettext_noop

NOT_SHARED = gettext_noop("No comparison has votes of both groups.")

PatternPairs = Mapping[tuple[Pattern, Pattern], int]
"""How many comparisons have each pair of patterns: the votes of one group and of the other, over (a, tie, b)."""


def between_agreement(pairs: PatternPairs, *, bootstrap: Bootstrap | None = None) -> tuple[Estimate, Estimate]:
    """The share of agreeing pairs of votes across two groups, and their alpha; both with intervals over comparisons.

    Each comparison counts its pairs of votes. alpha = 1 - D_o / D_e: D_o is the share of pairs that differ, D_e that of
    pairs which take one vote of each group from any comparisons: Krippendorff's alpha for the pairs across groups.
    It is 0 where the groups agree no more than by their frequencies, and below 0 where they vote against each other.
    """
    rows = sorted((pair, count) for pair, count in pairs.items() if count)
    if not rows:
        nothing = Estimate(None, None, None, 0, NOT_SHARED)
        return nothing, nothing
    one = np.array([pair[0] for pair, _ in rows], dtype=np.float64)
    other = np.array([pair[1] for pair, _ in rows], dtype=np.float64)
    counts = np.array([count for _, count in rows], dtype=np.float64)
    same, total = (one * other).sum(axis=1), one.sum(axis=1) * other.sum(axis=1)
    comparisons, votes = int(counts.sum()), int(counts @ (one.sum(axis=1) + other.sum(axis=1)))
    resampling = bootstrap or Bootstrap()

    def share(drawn: FloatArray) -> FloatArray:
        return np.asarray((drawn @ same) / (drawn @ total), dtype=np.float64)

    def alpha(drawn: FloatArray) -> FloatArray:
        first, second = drawn @ one, drawn @ other
        expected = 1 - (first * second).sum(axis=1) / (first.sum(axis=1) * second.sum(axis=1))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(expected > 0, 1 - (1 - share(drawn)) / expected, np.nan)

    value, corrected = float(share(counts[None])[0]), float(alpha(counts[None])[0])
    interval = resampling.interval(counts, share)
    if interval is None or value in (0.0, 1.0):
        interval = wilson_interval(value * comparisons, comparisons)
    agreement = Estimate(value, *interval, comparisons, None, votes)
    if np.isnan(corrected):
        return agreement, Estimate(None, None, None, comparisons, UNANIMOUS, votes)
    ends = resampling.interval(counts, alpha)
    if ends is None:
        return agreement, Estimate(corrected, None, None, comparisons, NO_INTERVAL, votes)
    return agreement, Estimate(corrected, *ends, comparisons, None, votes)
