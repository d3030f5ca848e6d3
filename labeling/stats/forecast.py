"""When a campaign will be done, if people go on as they did lately."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labeling.stats.sentences import gettext_noop

RESAMPLES = 2000
FEWEST_DAYS = 3
"""With fewer days behind it a pace has no interval: how much one day differs from another is not known yet."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """remaining: judgments still wanted. per_day: the pace, judgments a day; None: nobody judged lately.

    days: until the last of them, with the ends of its 95 % interval; None where there is no pace, or (the ends) where
    too few days are behind it. reason: why something is missing, as a sentence; None where nothing is.
    """

    remaining: int
    per_day: float | None = None
    days: float | None = None
    low: float | None = None
    high: float | None = None
    reason: str | None = None


def forecast(remaining: int, counts: Sequence[int], last_part: float = 1.0) -> Forecast:
    """The time that `remaining` judgments take at the pace of some days.

    counts: judgments of each day that lies behind, days without any included. last_part: how much of a day the oldest
    of them was, for work may have begun in the middle of it; above 0 where it is the only one. The interval resamples
    the days with replacement (percentiles), so that weekends and holidays widen it; where too many resamples have no
    judgment at all it is open.
    """
    if remaining <= 0:
        return Forecast(0, days=0.0, low=0.0, high=0.0)
    total, elapsed = sum(counts), len(counts) - 1 + last_part
    if not counts or total == 0:
        return Forecast(remaining, reason=gettext_noop("Nobody has judged lately, so there is no pace to go by."))
    pace = total / elapsed
    if len(counts) < FEWEST_DAYS:
        reason = gettext_noop("From less than three days: how much one day differs from another is not known yet.")
        return Forecast(remaining, pace, remaining / pace, reason=reason)
    drawn = np.random.default_rng(0).choice(np.asarray(counts, dtype=np.float64), size=(RESAMPLES, len(counts)))
    paces = drawn.sum(axis=1) / elapsed
    slow, fast = np.quantile(paces, [0.025, 0.975])
    high = float(remaining / slow) if slow > 0 else None
    return Forecast(remaining, pace, remaining / pace, float(remaining / fast), high)
