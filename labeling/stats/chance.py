"""Whether a share of right answers can be told from a coin flip's one half."""

from dataclasses import dataclass
from math import ceil, exp, floor, lgamma, sqrt
from statistics import NormalDist
from typing import Literal

from labeling.stats.errors import InvalidCounts
from labeling.stats.intervals import wilson_interval

Finding = Literal["better", "unclear", "worse"]

TAIL = 0.025
"""The chance of a wrong "better" or "worse" for a coin: each tail of a 95 % interval."""
EXACT_UP_TO = 1_000
"""More answers than this are approximated by the normal distribution, with the continuity correction."""


@dataclass(frozen=True, slots=True)
class ChanceTest:
    """How some answers compare with coin flips. low, high: Wilson's 95 % interval of the share, ties half.

    tail: the chance that a coin is right (or, for a share below one half, wrong) at least as often, ties left out.
    """

    finding: Finding
    low: float
    high: float
    tail: float


def against_chance(right: float, trials: int, *, ties: int = 0) -> ChanceTest:
    """Compares answers with a coin. right: how many were right, ties half. ties: how many count half.

    Two conditions, because neither is enough alone: the interval that pages show lies on one side of one half, and a
    coin does as well in at most 2.5 % of tries by the exact sign test, which leaves ties out. Wilson's interval lies
    above one half for 4 of 4 already, which a coin reaches in 6 % of tries.
    Source of the sign test: Dixon and Mood 1946, "The statistical sign test".
    Raises InvalidCounts if the counts are impossible.
    """
    wins = right - ties / 2
    losses = trials - ties - wins
    if ties < 0 or min(wins, losses) < -1e-9:
        raise InvalidCounts(f"{right} right and {ties} ties out of {trials} are impossible.")
    wins, losses = round(wins), round(losses)
    low, high = wilson_interval(wins + ties / 2, trials)
    tail = coin_tail(max(wins, losses), wins + losses)
    if tail > TAIL or low <= 0.5 <= high:
        return ChanceTest("unclear", low, high, tail)
    return ChanceTest("better" if wins > losses else "worse", low, high, tail)


def coin_tail(successes: int, trials: int) -> float:
    """P(a fair coin shows heads at least so often); 1 without trials."""
    if successes <= 0:
        return 1.0
    if trials > EXACT_UP_TO:
        return 1 - NormalDist(trials / 2, sqrt(trials) / 2).cdf(successes - 0.5)
    ways = above = 1  # the ways to have all heads, then one fewer, and so on
    for heads in range(trials, successes, -1):
        ways = ways * heads // (trials - heads + 1)
        above += ways
    return float(above / 2**trials)


def trials_needed(share: float) -> int:
    """The fewest answers from which a share of right ones is told from chance, and stays so with more.

    share: above one half and below one; of n answers, the whole number next below is right. Raises InvalidCounts.
    """
    if not 0.5 < share < 1:
        raise InvalidCounts(f"A share of {share} is not between one half and one.")
    # Beyond four times the normal approximation's number, rounding down and the exact tail no longer matter.
    z = NormalDist().inv_cdf(1 - TAIL)
    enough = ceil(4 * (z / (2 * share - 1)) ** 2) + 40
    needed = enough
    while needed > 1 and against_chance(floor(share * (needed - 1) + 1e-9), needed - 1).finding == "better":
        needed -= 1
    return needed


def chance_of_more(successes: int, trials: int, other_successes: int, other_trials: int) -> float:
    """The chance of at least so many successes in the first of two samples if both have the same share.

    Given all successes together, they fall into the samples at random: the one-sided exact test. It errs at most as
    often as it says, however few there are.
    Source: Fisher 1935, "The logic of inductive inference". Raises InvalidCounts if the counts are impossible.
    """
    if not (0 <= successes <= trials and 0 <= other_successes <= other_trials):
        raise InvalidCounts(f"{successes} of {trials} against {other_successes} of {other_trials} is impossible.")
    together, whole = successes + other_successes, trials + other_trials
    most = min(together, trials)
    logs = [_log_ways(trials, k) + _log_ways(other_trials, together - k) for k in range(successes, most + 1)]
    all_ways = _log_ways(whole, together)
    return min(1.0, sum(exp(log - all_ways) for log in logs))


def _log_ways(of: int, taken: int) -> float:
    return lgamma(of + 1) - lgamma(taken + 1) - lgamma(of - taken + 1)
