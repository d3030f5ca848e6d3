"""Intervals for a proportion: win rates, reward accuracy, gold accuracy."""

from math import isfinite, sqrt
from statistics import NormalDist

from labeling.stats.errors import InvalidCounts
from labeling.stats.estimate import Estimate
from labeling.stats.sentences import gettext_noop


def wilson_interval(successes: float, trials: float, *, level: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval for `successes` out of `trials`, within [0, 1].

    Unlike the normal approximation it stays within [0, 1], and keeps its width at 0 and at all successes. Counts need
    not be whole, since ties may count as half a success. Without trials it is (0, 1).
    Source: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    Raises InvalidCounts if the counts are impossible.
    """
    if not (isfinite(successes) and isfinite(trials) and 0 <= successes <= trials):
        raise InvalidCounts(f"{successes} successes out of {trials} trials is impossible.")
    if not 0 < level < 1:
        raise InvalidCounts(f"An interval level lies between 0 and 1, not at {level}.")
    if trials == 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf((1 + level) / 2)
    # Wilson's formula with numerator and denominator multiplied by the trials: it does not overflow for tiny ones.
    centre = (successes + z * z / 2) / (trials + z * z)
    half = z * sqrt(successes / trials * (trials - successes) + z * z / 4) / (trials + z * z)
    # At the extremes the interval ends exactly at 0 or 1; rounding would leave 1 - 1e-17.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == trials else min(1.0, centre + half)
    return low, high


def proportion(successes: float, trials: int, *, level: float = 0.95) -> Estimate:
    """The share of successes, with Wilson's interval. Undefined without trials.

    A win rate is `proportion(wins + ties / 2, wins + ties + losses)`.
    """
    if trials == 0 and successes == 0:
        return Estimate(None, None, None, 0, gettext_noop("There is nothing to count yet."))
    low, high = wilson_interval(successes, trials, level=level)
    return Estimate(successes / trials, low, high, trials, None, trials)


def difference_of_shares(
    successes: float, trials: float, other_successes: float, other_trials: float, *, level: float = 0.95
) -> tuple[float, float, float]:
    """The share of the first sample less that of the second, independent one, with its interval.

    Source: Newcombe 1998, "Interval estimation for the difference between independent proportions", method 10, without
    continuity correction. Raises InvalidCounts without trials on both sides.
    """
    if not trials or not other_trials:
        raise InvalidCounts("A difference of shares needs trials on both sides.")
    share, other = successes / trials, other_successes / other_trials
    low, high = wilson_interval(successes, trials, level=level)
    other_low, other_high = wilson_interval(other_successes, other_trials, level=level)
    difference = share - other
    return (
        difference,
        difference - sqrt((share - low) ** 2 + (other_high - other) ** 2),
        difference + sqrt((high - share) ** 2 + (other - other_low) ** 2),
    )
