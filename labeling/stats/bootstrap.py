"""Bootstrap over comparisons, from counts of vote patterns.

A figure that depends only on the number of comparisons with each pattern can be resampled by drawing these numbers from
a multinomial distribution. The cost depends on the number of patterns, not of judgments.
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

    resamples: how many times the comparisons are drawn with replacement.
    seed: of the random generator, so that the same counts always give the same interval.
    level: the share of the resampled figures within the interval.
    undefined_share: with more than this share of undefined resamples there is no interval, because the others would be
        a biased selection.
    """

    resamples: int = 2000
    seed: int = 0
    level: float = 0.95
    undefined_share: float = 0.05

    def interval(self, counts: FloatArray, statistic: Statistic) -> tuple[float, float] | None:
        """The percentile interval of `statistic`. None: the data does not allow one.

        counts: comparisons per pattern, shape (patterns,), whole numbers, at least one above zero.
        """
        comparisons = int(counts.sum())
        if comparisons < 2 or np.count_nonzero(counts) < 2:
            return None  # all resamples would be equal, and an interval of width zero would be wrong
        generator = np.random.default_rng(self.seed)
        drawn = generator.multinomial(comparisons, counts / counts.sum(), size=self.resamples)
        figures = statistic(drawn.astype(np.float64))
        figures = figures[np.isfinite(figures)]
        if figures.size < self.resamples * (1 - self.undefined_share):
            return None
        tail = (1 - self.level) / 2
        low, high = np.quantile(figures, [tail, 1 - tail])
        return float(low), float(high)
