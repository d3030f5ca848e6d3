"""The time that judgments take: median and quartiles from a histogram, with intervals by order statistics."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np

from labeling.stats.estimate import Estimate
from labeling.stats.sentences import gettext_noop

NO_TIMES = gettext_noop("No judgment has a time yet. Those made on the annotator's page get one.")
TOO_FEW = gettext_noop("The judgments are too few for an interval.")


@dataclass(frozen=True, slots=True)
class Speed:
    """Seconds for a judgment: half of them take at most the median, a quarter at most the lower quartile."""

    lower_quartile: Estimate
    median: Estimate
    upper_quartile: Estimate


def speed(histogram: Mapping[float, int]) -> Speed:
    """Median and quartiles. histogram: the number of judgments by seconds, rounded as finely as wanted."""
    lower, median, upper = (quantile(histogram, share) for share in (0.25, 0.5, 0.75))
    return Speed(lower, median, upper)


def quantile(histogram: Mapping[float, int], share: float) -> Estimate:
    """The smallest value that at least `share` of all values do not exceed.

    The 95 % interval lies between two order statistics: the number of values below the true quantile is binomial for
    every distribution (Conover 1999, "Practical Nonparametric Statistics", 3.2).
    """
    rows = sorted((value, count) for value, count in histogram.items() if count)
    if not rows:
        return Estimate(None, None, None, 0, NO_TIMES)
    values, counts = np.array(rows, dtype=np.float64).T
    below = np.cumsum(counts)
    total = int(below[-1])

    def ranked(rank: float) -> float:
        """The value of a rank, from 1."""
        return float(values[np.searchsorted(below, rank)])

    value, spread = ranked(np.ceil(share * total)), 1.959964 * sqrt(total * share * (1 - share))
    first, last = np.floor(total * share - spread), np.ceil(total * share + spread) + 1
    if first < 1 or last > total:
        return Estimate(value, None, None, total, TOO_FEW, total)
    return Estimate(value, ranked(first), ranked(last), total, None, total)
