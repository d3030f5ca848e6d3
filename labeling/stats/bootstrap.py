"""Bootstrap over comparisons, from pattern counts.

A figure that depends only on how many comparisons have each pattern of votes can be resampled by drawing those
numbers from a multinomial distribution: the cost depends on the number of patterns, not of judgments.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Statistic = Callable[[FloatArray], FloatArray]
"""Counts of each pattern, shape (resamples, patterns) -> the figure, shape (resamples,); nan where undefined."""


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How to resample.

    resamples: how many times the comparisons are drawn again, with replacement.
    seed: of the random generator: the same counts give the same interval, always.
    level: share of the resampled figures inside the interval.
    undefined_share: with more than this share of undefined resamples there is no interval: the rest would be a biased
        choice of samples.
    """

    resamples: int = 2000
    seed: int = 0
    level: float = 0.95
    undefined_share: float = 0.05

    def interval(self, counts: FloatArray, statistic: Statistic) -> tuple[float, float] | None:
        """The percentile interval of `statistic`, or None when the data cannot carry one.

        counts: comparisons per pattern, shape (patterns,), whole numbers, at least one above zero.
        """
        comparisons = int(counts.sum())
        if comparisons < 2 or np.count_nonzero(counts) < 2:
            return None  # every resample would be the same: an interval of width zero would be a lie
        generator = np.random.default_rng(self.seed)
        drawn = generator.multinomial(comparisons, counts / counts.sum(), size=self.resamples)
        figures = statistic(drawn.astype(np.float64))
        figures = figures[np.isfinite(figures)]
        if figures.size < self.resamples * (1 - self.undefined_share):
            return None
        tail = (1 - self.level) / 2
        low, high = np.quantile(figures, [tail, 1 - tail])
        return float(low), float(high)
