"""Intervals for a proportion: win rates, reward accuracy, gold accuracy."""

from math import isfinite, sqrt
from statistics import NormalDist

from labeling.stats.errors import InvalidCounts
from labeling.stats.estimate import Estimate
from labeling.stats.sentences import gettext_noop


def wilson_interval(successes: float, trials: float, *, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for `successes` out of `trials`, within [0, 1].

    Unlike the textbook interval it neither leaves [0, 1] nor shrinks to nothing at 0 or at all successes. Ties may
    count as half a success, so the counts need not be whole. Without trials everything is possible: (0, 1).
    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    Raises InvalidCounts when the counts are impossible.
    """
    if not (isfinite(successes) and isfinite(trials) and 0 <= successes <= trials):
        raise InvalidCounts(f"{successes} successes out of {trials} trials is impossible.")
    if not 0 < level < 1:
        raise InvalidCounts(f"An interval level lies between 0 and 1, not at {level}.")
    if trials == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    # Wilson's formula with numerator and denominator times the trials: nothing overflows where these are tiny.
    centre = (successes + z * z / 2) / (trials + z * z)
    half = z * sqrt(successes / trials * (trials - successes) + z * z / 4) / (trials + z * z)
    # At the ends the interval touches 0 or 1 exactly; rounding would leave 1 - 1e-17.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return low, high


def proportion(successes: float, trials: int, *, level: float = 0.95) -> Estimate:
    """The share of successes with Wilson's interval; undefined without trials.

    A win rate is `proportion(wins + ties / 2, wins + ties + losses)`.
    """
    if trials == 0 and successes == 0:
        return Estimate(None, None, None, 0, gettext_noop("Nothing has been counted yet."))
    low, high = wilson_interval(successes, trials, level=level)
    return Estimate(successes / trials, low, high, trials, None, trials)
