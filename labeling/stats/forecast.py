"""When a campaign will be complete at its recent pace."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labeling.stats.sentences import gettext_noop

RESAMPLES = 2000
SHORTEST_DAYS = 1.0
"""A pace needs a whole day: the first minutes of work, times 1,440, say nothing about a day."""
FEWEST_DAYS = 3
"""With fewer days there is no interval, because they do not show how much days differ."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecast of a campaign.

    remaining: judgments still wanted. per_day: the pace, in judgments per day; None: nobody judged recently, or only
    for less than a day. days,
    low, high: until the last judgment, with the 95 % interval; None: there is no pace, or too few days for an interval.
    reason: a sentence that says why something is missing; None: nothing is.
    """

    remaining: int
    per_day: float | None = None
    days: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


def forecast(remaining: int, counts: Sequence[int], last_part: float = 1.0) -> Forecast:
    """The time that `remaining` judgments take at the pace of some days.

    counts: judgments of each past day, newest first, including days without any. last_part: the share of the oldest
    day that counts, since work may have begun in the middle of it. The interval
    resamples the days with replacement (percentiles), so weekends and holidays widen it. It is open if too many
    resamples have no judgments.
    """
    if remaining <= 0:
        return Forecast(0, days=0.0, low=0.0, high=0.0)
    total, elapsed = sum(counts), len(counts) - 1 + last_part
    if not counts or total == 0:
        return Forecast(remaining, reason=gettext_noop("Nobody has judged recently, so there is no pace."))
    if elapsed < SHORTEST_DAYS:
        return Forecast(remaining, reason=gettext_noop("A forecast needs a day of judgments."))
    pace = total / elapsed
    if len(counts) < FEWEST_DAYS:
        reason = gettext_noop("Based on fewer than three days, which do not show how much days differ.")
        return Forecast(remaining, pace, remaining / pace, reason=reason)
    drawn = np.random.default_rng(0).choice(np.asarray(counts, dtype=np.float64), size=(RESAMPLES, len(counts)))
    paces = drawn.sum(axis=1) / elapsed
    slow, fast = np.quantile(paces, [0.025, 0.975])
    high = float(remaining / slow) if slow > 0 else None
    return Forecast(remaining, pace, remaining / pace, float(remaining / fast), high)
