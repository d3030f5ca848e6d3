"""Biases of annotators: towards a display side, and towards longer completions."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from labeling.stats.bootstrap import Bootstrap, FloatArray
from labeling.stats.estimate import Estimate
from labeling.stats.intervals import proportion, wilson_interval
from labeling.stats.sentences import gettext_noop

LengthCounts = Mapping[tuple[float, int, int], int]
"""The number of comparisons by (log(length of a / length of b), votes for a, votes for b). Ties do not count."""

NO_LENGTHS = gettext_noop("No judgment has preferred one of two completions of different length yet.")
SLOPE_PRIOR = 5.0
"""The standard deviation of the slope's normal prior, centred on 0. It is wide compared with real slopes (about 1), and
keeps the slope finite if the longer completion always won."""


@dataclass(frozen=True, slots=True)
class LengthBias:
    """The effect of length.

    longer_preferred: the share of preferences that are for the longer completion; one half: length has no effect.
    slope: of the log odds of a preference over log(length a / length b). twice_as_long: the probability, by that slope,
    that a completion is preferred to one half as long.
    """

    longer_preferred: Estimate
    slope: Estimate
    twice_as_long: Estimate


def position_bias(left: int, right: int) -> Estimate:
    """The share of preferences for the left side, with Wilson's interval.

    Sides are drawn at random, so the texts alone would give one half.
    """
    return proportion(left, left + right)


def length_bias(rows: LengthCounts, *, bootstrap: Bootstrap | None = None) -> LengthBias:
    """The effect of length, each figure with its interval by a bootstrap over comparisons."""
    kept = sorted((key, count) for key, count in rows.items() if count and key[0] and key[1] + key[2])
    if not kept:
        undefined = Estimate(None, None, None, 0, NO_LENGTHS)
        return LengthBias(undefined, undefined, undefined)
    ratios, for_a, for_b = np.array([key for key, _ in kept], dtype=np.float64).T
    counts = np.array([count for _, count in kept], dtype=np.float64)
    for_longer, votes = np.where(ratios > 0, for_a, for_b), for_a + for_b

    def share(drawn: FloatArray) -> FloatArray:
        return np.asarray((drawn @ for_longer) / (drawn @ votes), dtype=np.float64)

    def slope(drawn: FloatArray) -> FloatArray:
        return logistic_slope(ratios, drawn * for_a, drawn * for_b)

    resampling, comparisons, given = bootstrap or Bootstrap(resamples=1000), int(counts.sum()), int(counts @ votes)
    value, steepness = float(share(counts[None])[0]), float(slope(counts[None])[0])
    interval = resampling.interval(counts, share)
    if interval is None or value in (0.0, 1.0):
        interval = wilson_interval(min(value * comparisons, comparisons), comparisons)
    longer = Estimate(value, *interval, comparisons, None, given)
    ends = resampling.interval(counts, slope) or _by_information(ratios, counts * votes, steepness)
    steep = Estimate(steepness, *ends, comparisons, None, given)
    doubled, low, high = (float(1 / (1 + np.exp(-np.log(2) * one))) for one in (steepness, *ends))
    return LengthBias(longer, steep, Estimate(doubled, low, high, comparisons, None, given))


def logistic_slope(x: FloatArray, successes: FloatArray, failures: FloatArray) -> FloatArray:
    """The most probable s of P(success) = 1 / (1 + exp(-s x)), no intercept, prior N(0, SLOPE_PRIOR^2); by Newton.

    x: shape (rows,); successes and failures: shape (resamples, rows). Returns shape (resamples,).
    """
    slope, trials, precision = np.zeros(len(successes)), successes + failures, SLOPE_PRIOR**-2
    for _ in range(50):
        probability = 1 / (1 + np.exp(-np.clip(slope[:, None] * x, -500, 500)))
        gradient = (successes - trials * probability) @ x - precision * slope
        curvature = (trials * probability * (1 - probability)) @ (x * x) + precision
        # A full step may overshoot where probabilities are nearly certain; the slope is of the order of 1.
        step = np.clip(gradient / curvature, -2, 2)
        slope = slope + step
        if np.abs(step).max(initial=0.0) < 1e-10:
            break
    return slope


def _by_information(x: FloatArray, trials: FloatArray, slope: float) -> tuple[float, float]:
    """The interval from the curvature, for comparisons that are all alike, where resampling gives none."""
    probability = 1 / (1 + np.exp(-slope * x))
    error = float(((trials * probability * (1 - probability)) @ (x * x) + SLOPE_PRIOR**-2) ** -0.5)
    return slope - 1.959964 * error, slope + 1.959964 * error
