"""Swap-retests: the same annotator judges the same comparison again, later, with the sides exchanged.

Annotators who decide by the text choose the same completion again; those who decide by the side, the same side. Unsure
annotators do either by chance, equally often for both sides. So only the excess of one side over the other is an effect
of the side.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from labeling.stats.bootstrap import Bootstrap, FloatArray
from labeling.stats.estimate import Estimate
from labeling.stats.intervals import proportion, wilson_interval
from labeling.stats.sentences import gettext_noop

RetestCounts = Mapping[tuple[str, str], int]
"""The number of retests by the first and the second choice: "left", "right" or "tie" (both bad is a tie)."""

NO_RETESTS = gettext_noop("Nobody has judged a comparison a second time yet.")
NO_PREFERENCES = gettext_noop("No retest has a preference both times yet.")


@dataclass(frozen=True, slots=True)
class RetestReport:
    """The results of retests.

    consistency: the share with the same choice again (the same completion, or a tie both times).
    side_decided: of retests with a preference both times, the share with the same side both times.
    left_pull: of the same retests, the share of left twice minus the share of right twice: the effect of the side.
        0: none; above 0: towards the left.
    """

    consistency: Estimate
    side_decided: Estimate
    left_pull: Estimate


def retest_report(counts: RetestCounts, *, bootstrap: Bootstrap | None = None) -> RetestReport:
    """Self-consistency and causal position bias, with intervals."""
    total = sum(counts.values())
    if not total:
        undefined = Estimate(None, None, None, 0, NO_RETESTS)
        return RetestReport(undefined, undefined, undefined)
    text_twice = counts.get(("left", "right"), 0) + counts.get(("right", "left"), 0)
    left_twice, right_twice = counts.get(("left", "left"), 0), counts.get(("right", "right"), 0)
    consistency = proportion(text_twice + counts.get(("tie", "tie"), 0), total)
    preferred = text_twice + left_twice + right_twice
    if not preferred:
        undefined = Estimate(None, None, None, 0, NO_PREFERENCES)
        return RetestReport(consistency, undefined, undefined)
    pull = _difference(left_twice, right_twice, text_twice, bootstrap or Bootstrap())
    return RetestReport(consistency, proportion(left_twice + right_twice, preferred), pull)


def _difference(left: int, right: int, neither: int, bootstrap: Bootstrap) -> Estimate:
    counts = np.array([left, right, neither], dtype=np.float64)
    total = left + right + neither

    def pull(drawn: FloatArray) -> FloatArray:
        return np.asarray((drawn[:, 0] - drawn[:, 1]) / drawn.sum(axis=1), dtype=np.float64)

    interval = bootstrap.interval(counts, pull)
    if interval is None:
        # All are alike: Wilson's interval for a side that occurred never, or always.
        interval = (-wilson_interval(right, total)[1], wilson_interval(left, total)[1])
    return Estimate((left - right) / total, *interval, total, None, 2 * total)
