"""One annotator against the majority of the others, from vote-pattern counts.

Each vote is compared with the majority of the others on the same comparison. If k categories share that majority (one
vote for a, one for b), a vote for one of them counts 1/k, as a blind guess among them would. AlpacaEval's human figure
(65.7 %) is this one, with four annotators.
"""

import numpy as np

from labeling.stats.agreement import AnyPattern, PatternCounts, pattern_table
from labeling.stats.bootstrap import Bootstrap, FloatArray
from labeling.stats.estimate import Estimate
from labeling.stats.intervals import wilson_interval
from labeling.stats.sentences import gettext_noop

NO_OTHERS = gettext_noop("No comparison has three votes yet: a majority of others takes two of them.")


def leave_one_out(patterns: PatternCounts[AnyPattern], *, bootstrap: Bootstrap | None = None) -> Estimate:
    """The share of votes that agree with the majority of the others, on comparisons with at least three votes."""
    table, counts = pattern_table(patterns)
    has_three = table.sum(axis=1) >= 3 if table.size else np.zeros(0, dtype=bool)
    table, counts = table[has_three], counts[has_three]
    if not counts.size:
        return Estimate(None, None, None, 0, NO_OTHERS)
    votes = table.sum(axis=1)
    agreeing = np.array([_agreeing(row) for row in table])

    def share(drawn: FloatArray) -> FloatArray:
        return np.asarray((drawn @ agreeing) / (drawn @ votes), dtype=np.float64)

    value, comparisons = float(share(counts[None, :])[0]), int(counts.sum())
    interval = (bootstrap or Bootstrap()).interval(counts, share)
    if interval is None or value in (0.0, 1.0):
        interval = wilson_interval(min(value * comparisons, comparisons), comparisons)
    return Estimate(value, *interval, comparisons, None, int(counts @ votes))


def _agreeing(row: FloatArray) -> float:
    """How many votes of one comparison agree with the majority of the others."""
    agreeing = 0.0
    for category, number in enumerate(row):
        if number:
            others = row.copy()
            others[category] -= 1
            most = others.max()
            agreeing += number * (others[category] == most) / np.count_nonzero(others == most)
    return float(agreeing)
