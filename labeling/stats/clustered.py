"""Effects in data whose units come in clusters, several pairs of one prompt say, and Holm's correction for many tests.

Only clusters are independent: ten pairs of one prompt may all say the same for one reason.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import floor, sqrt
from statistics import NormalDist

import numpy as np

from labeling.stats.bootstrap import FloatArray
from labeling.stats.chance import coin_tail
from labeling.stats.estimate import Estimate
from labeling.stats.intervals import wilson_interval
from labeling.stats.sentences import gettext_noop

NORMAL = NormalDist()
QUANTILE = NORMAL.inv_cdf(0.975)
LEAST_FOR_T = 4
"""Clusters for an interval of a mean; the expansion of the t distribution below is good from 3 degrees of freedom."""

NO_DIFFERENCE = gettext_noop("No two texts differ in this respect.")
TOO_FEW = gettext_noop("Too few prompts for an interval.")


@dataclass(frozen=True, slots=True)
class Effect:
    """A figure with its 95 % interval, and the two-sided p-value of "no effect". clusters: how many contribute.

    figure.comparisons counts the units. Without any the figure is undefined and the p-value is 1.
    """

    figure: Estimate
    p_value: float
    clusters: int


def clustered_share(successes: Sequence[float], clusters: Sequence[Hashable]) -> Effect:
    """The share of successes; no effect: one half. Both sequences have one entry per unit; a tie is 0.5.

    Wilson's interval and the exact sign test, for the effective number of units: their number divided by the design
    effect, by which clusters inflate the variance of the share (at least 1). Where all succeed or all fail the design
    effect is unknown, and the clusters count instead. Source: Kish 1965, "Survey sampling"; Rao and Scott 1992, "A
    simple method for the analysis of clustered binary data".
    """
    y, n_clusters = np.array(successes, dtype=np.float64), len(set(clusters))
    if not y.size:
        return Effect(Estimate(None, None, None, 0, NO_DIFFERENCE), 1.0, 0)
    share = float(y.mean())
    effective = effective_units(y, share * (1 - share), clusters)
    low, high = wilson_interval(share * effective, effective)
    trials = max(floor(effective + 1e-9), 1)
    wins = round(share * trials)
    p_value = min(1.0, 2 * coin_tail(max(wins, trials - wins), trials))
    return Effect(Estimate(share, low, high, int(y.size)), p_value, n_clusters)


def effective_units(values: FloatArray, variance: float, clusters: Sequence[Hashable]) -> float:
    """The number of independent units that are worth as much as these, for their mean: at most as many as there are.

    values: shape (units,). variance: of a single value, if all were independent. It is their number divided by the
    design effect: the variance of the mean by clusters (with the correction n / (n - 1)), over that of independent
    units. Where either cannot be told, the clusters count. Source: Kish 1965, "Survey sampling", 8.2.
    """
    index, units, n_clusters = _index(clusters), values.size, len(set(clusters))
    if n_clusters == units:
        return float(units)
    residuals = np.bincount(index, weights=values - values.mean())
    clustered = n_clusters / max(n_clusters - 1, 1) * float(residuals @ residuals) / units**2
    independent = variance / units
    design = clustered / independent if independent and n_clusters > 1 else units / n_clusters
    return float(units / max(design, 1.0))


def clustered_covariance(rows: FloatArray, clusters: Sequence[Hashable]) -> FloatArray:
    """The covariance of the means of rows over samples of clusters, shape (rows, rows). rows: shape (rows, units).

    Where each unit is a cluster, it is that of the units over their number. One cluster alone tells nothing: zero.
    """
    residuals = by_cluster(rows - rows.mean(axis=1, keepdims=True), clusters)
    n_clusters, units = residuals.shape[1], rows.shape[1]
    return np.asarray(n_clusters / max(n_clusters - 1, 1) * (residuals @ residuals.T) / units**2)


def by_cluster(rows: FloatArray, clusters: Sequence[Hashable]) -> FloatArray:
    """The sums of rows over each cluster, shape (rows, clusters). rows: shape (rows, units)."""
    index = _index(clusters)
    return np.stack([np.bincount(index, weights=row) for row in rows])


def clustered_ratio(totals: FloatArray, sizes: FloatArray, clusters: Sequence[Hashable]) -> Effect:
    """The ratio sum(totals) / sum(sizes), nats per token say, with Student's interval over clusters; no effect: 0.

    totals, sizes: one of each per unit, shape (units,). The variance is that of the residuals total - ratio * size,
    summed by cluster. figure.comparisons counts the units.
    Source: Cochran 1977, "Sampling techniques", 6.3 and 9A.2 (ratio estimates of clusters of unequal size).
    """
    index = _index(clusters)
    whole = float(sizes.sum())
    if not whole:
        return Effect(Estimate(None, None, None, 0, NO_DIFFERENCE), 1.0, 0)
    value, n = float(totals.sum()) / whole, int(index.max()) + 1
    residuals = np.bincount(index, weights=totals - value * sizes)
    error = sqrt(n / (n - 1) * float(residuals @ residuals)) / whole if n >= LEAST_FOR_T else 0.0
    if not error:
        return Effect(Estimate(value, None, None, totals.size, TOO_FEW), 1.0, n)
    half = student_quantile(n - 1) * error
    return Effect(Estimate(value, value - half, value + half, int(totals.size)), _two_sided(value / error, n - 1), n)


def clustered_slope(x: FloatArray, y: FloatArray, clusters: Sequence[Hashable]) -> Effect:
    """The slope s of y = s x + noise, through the origin, by least absolute deviations; no effect: 0.

    x, y: differences of two units each, shape (pairs,), so that exchanging the two changes both signs and not the
    slope. Pairs with x = 0 say nothing and are left out. The estimate is the median of y / x weighted by |x|: single
    wild values of y hardly move it. Interval and p-value invert the sign test of s: sum of x sign(y - s x), summed by
    cluster, over the root of its squares, is about normal if the noise has no preferred sign.
    Sources: Bloomfield and Steiger 1983, "Least absolute deviations"; for signs by cluster, Cameron, Gelbach and Miller
    2008, "Bootstrap-based improvements for inference with clustered errors".
    """
    kept = np.flatnonzero(x)
    if not kept.size:
        return Effect(Estimate(None, None, None, 0, NO_DIFFERENCE), 1.0, 0)
    x, y, index = x[kept], y[kept], _index([clusters[one] for one in kept.tolist()])
    ratios, n_clusters = y / x, int(index.max()) + 1
    order = np.argsort(ratios, kind="stable")
    weights = np.abs(x)[order].cumsum()
    value = float(ratios[order][np.searchsorted(weights, weights[-1] / 2)])

    def score(slope: float) -> float:
        by_cluster = np.bincount(index, weights=x * np.sign(y - slope * x))
        norm = sqrt(float(by_cluster @ by_cluster))
        return float(by_cluster.sum()) / norm if norm else 0.0

    p_value = 2 * NORMAL.cdf(-abs(score(0.0)))
    lowest, highest = float(ratios.min()) - 1, float(ratios.max()) + 1
    if score(lowest) <= QUANTILE or score(highest) >= -QUANTILE:
        return Effect(Estimate(value, None, None, kept.size, TOO_FEW), p_value, n_clusters)
    refuted_low, refuted_high, low, high = lowest, highest, value, value
    for _ in range(60):
        middle = (refuted_low + low) / 2
        refuted_low, low = (middle, low) if score(middle) > QUANTILE else (refuted_low, middle)
        middle = (refuted_high + high) / 2
        refuted_high, high = (middle, high) if score(middle) < -QUANTILE else (refuted_high, middle)
    return Effect(Estimate(value, low, high, int(kept.size)), p_value, n_clusters)


def clustered_mean(differences: FloatArray, clusters: Sequence[Hashable]) -> Effect:
    """The mean over clusters of their mean difference, with Student's interval; no effect: 0.

    differences: shape (units,). figure.comparisons: the clusters, all of them; `clusters` of the effect: those that
    differ from zero. Source of the t distribution: Abramowitz and Stegun 1964, 26.7.5 and 26.7.8.
    """
    index = _index(clusters)
    if not differences.size:
        return Effect(Estimate(None, None, None, 0, NO_DIFFERENCE), 1.0, 0)
    means = np.bincount(index, weights=differences) / np.bincount(index)
    value, n, differing = float(means.mean()), int(means.size), int(np.count_nonzero(means))
    error = float(means.std(ddof=1)) / sqrt(n) if n >= LEAST_FOR_T else 0.0
    if not error:  # too few, or all alike: then only their signs say something
        p_value = min(1.0, 2 * 0.5**differing) if abs(value) > 0 else 1.0
        return Effect(Estimate(value, None, None, n, TOO_FEW if value else NO_DIFFERENCE), p_value, differing)
    half = student_quantile(n - 1) * error
    return Effect(Estimate(value, value - half, value + half, n), _two_sided(value / error, n - 1), differing)


def _two_sided(t: float, freedom: int) -> float:
    """The p-value of Student's t, by Abramowitz and Stegun 26.7.8."""
    return 2 * NORMAL.cdf(-abs(t) * (1 - 1 / (4 * freedom)) / sqrt(1 + t * t / (2 * freedom)))


def student_quantile(freedom: int) -> float:
    """The 97.5 % quantile of Student's t with so many degrees of freedom, at least 3, to about 0.03."""
    z, n = QUANTILE, freedom
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values corrected for their number, in the given order: all claims below 0.05 are right with 95 %.

    Source: Holm 1979, "A simple sequentially rejective multiple test procedure".
    """
    corrected, largest = [1.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda one: p_values[one])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = largest
    return corrected


def _index(clusters: Sequence[Hashable]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(one, len(numbers)) for one in clusters], dtype=np.int64)
