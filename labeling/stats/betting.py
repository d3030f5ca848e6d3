"""Betting on the mean of bounded observations: evidence that stays valid however often somebody looks at it.

A gambler who doubts "the mean is at most m" stakes a share of the wealth on each next observation. If the claim holds,
the wealth is expected not to grow, and by Ville's inequality it ever reaches 1 / error with a probability of at most
`error`. One can therefore look after every vote and stop at any moment, which a z-test or a p-value does not allow.

An observation is any number in [0, 1]. Given the earlier ones, its expectation must not depend on them: independent
prompts in random order satisfy this, several votes on one prompt do not.

Sources: Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting"; Ville 1939, "Etude
critique de la notion de collectif".
"""

from math import log

import numpy as np

from labeling.stats.bootstrap import FloatArray
from labeling.stats.errors import InvalidCounts

STAKES = np.arange(1, 40) / 40
"""Shares of the highest possible stake. The wealth is the average over gamblers who each keep to one of them."""

BISECTIONS = 50


def log_wealth(observations: FloatArray, mean: float, *, after: FloatArray | None = None) -> FloatArray:
    """The logarithm of the wealth after each observation: evidence against "their mean is at most `mean`".

    W_t = average over l of prod_{i <= t} (1 + l (x_i - mean)), for stakes l in (0, 1 / mean).
    The evidence against "at least `mean`" is `log_wealth(1 - observations, 1 - mean)`.

    observations: shape (..., observations), within [0, 1]. Experiments side by side share no wealth.
    mean: above 0 and at most 1.
    after: earlier observations, shape (earlier,), whose wealth the first one finds.
    Returns an array of the same shape. It never overflows, and -inf cannot occur because no stake is all the wealth.
    Raises InvalidCounts if an observation or the mean is out of range.
    """
    totals = np.cumsum(_log_factors(observations, mean), axis=-2)
    if after is not None:
        totals = totals + _log_factors(after, mean).sum(axis=-2)
    return _log_average(totals)


def first_reached(log_wealths: FloatArray, bound: float) -> FloatArray:
    """How many observations it took until the wealth reached the bound; inf if it did not. Over the last axis."""
    reached = np.asarray(log_wealths) >= bound
    return np.where(reached.any(axis=-1), reached.argmax(axis=-1) + 1.0, np.inf)


def betting_interval(observations: FloatArray, *, error: float = 0.05) -> tuple[float, float]:
    """All means that the bets have not refuted: the interval that goes with `log_wealth`, valid at any moment.

    Each end is ever on the wrong side of the true mean with a probability of at most `error`, so that the two of them
    hold with at least 1 - 2 * `error`. The lower end is above m exactly if the wealth against "at most m" has reached
    1 / error. observations: shape (observations,), within [0, 1]. Without any, the interval is (0, 1).
    """
    if not 0 < error < 1:
        raise InvalidCounts(f"An error rate lies between 0 and 1, not at {error}.")
    values, counts = np.unique(np.asarray(observations, dtype=np.float64), return_counts=True)
    weights = counts.astype(np.float64)
    return _lower_end(values, weights, error), 1 - _lower_end(1 - values, weights, error)


def _lower_end(values: FloatArray, counts: FloatArray, error: float) -> float:
    """The largest refuted mean. The wealth falls as the mean rises, so bisection finds it; 1/2 is tried first."""
    refuted, open_ = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (refuted + open_) / 2
        wealth = float(_log_average(counts @ _log_factors(values, middle)))
        refuted, open_ = (middle, open_) if wealth >= log(1 / error) else (refuted, middle)
    return refuted


def _log_factors(observations: FloatArray, mean: float) -> FloatArray:
    """log(1 + l (x - mean)) with l = STAKES / mean; shape (..., observations, stakes)."""
    x = np.asarray(observations, dtype=np.float64)
    if not 0 < mean <= 1:
        raise InvalidCounts(f"A mean to bet against lies above 0 and at most at 1, not at {mean}.")
    if x.size and not (x.min() >= 0 and x.max() <= 1):
        raise InvalidCounts("An observation lies between 0 and 1.")
    return np.log1p(STAKES * (x[..., None] / mean - 1))


def _log_average(log_values: FloatArray) -> FloatArray:
    """The logarithm of the average over the last axis, of values that may be too large for a float."""
    largest = log_values.max(axis=-1, keepdims=True)
    averages: FloatArray = largest[..., 0] + np.log(np.exp(log_values - largest).mean(axis=-1))
    return averages
