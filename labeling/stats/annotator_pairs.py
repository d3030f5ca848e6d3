"""Agreement of each pair of annotators on the comparisons that both judged."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from labeling.stats.bootstrap import FloatArray
from labeling.stats.errors import InvalidCounts
from labeling.stats.estimate import Estimate
from labeling.stats.intervals import proportion

AnnotatorPairCounts = Mapping[tuple[str, str], FloatArray]
"""By the names of two annotators: the number of comparisons for each choice of the first (row) and second (column) over
(a, tie, b), shape (3, 3)."""


@dataclass(frozen=True, slots=True)
class AnnotatorPairAgreement:
    """Two annotators.

    same: the share of comparisons on which they agree, with Wilson's interval. same_without_ties: of those on which
    neither chose a tie. kappa: Cohen's, agreement beyond that of their own frequencies; None: undefined.
    """

    first: str
    second: str
    same: Estimate
    same_without_ties: Estimate
    kappa: float | None


def annotator_pair_agreement(counts: AnnotatorPairCounts) -> list[AnnotatorPairAgreement]:
    """The agreement of each pair of annotators who judged a comparison in common, sorted by their names.

    Counts of the same pair in the other order are added. Raises InvalidCounts for a pair of one annotator.
    """
    together: dict[tuple[str, str], FloatArray] = {}
    for (first, second), table in counts.items():
        if first == second:
            raise InvalidCounts(f"{first} cannot be compared with themselves.")
        key, in_order = ((first, second), table) if first < second else ((second, first), table.T)
        together[key] = together.get(key, np.zeros((3, 3))) + in_order
    return [_row(first, second, table) for (first, second), table in sorted(together.items()) if table.sum()]


def _row(first: str, second: str, table: FloatArray) -> AnnotatorPairAgreement:
    sides = table[np.ix_([0, 2], [0, 2])]
    total, same = table.sum(), table.trace()
    chance = float(table.sum(axis=0) @ table.sum(axis=1)) / total**2
    return AnnotatorPairAgreement(
        first,
        second,
        proportion(float(same), int(total)),
        proportion(float(sides.trace()), int(sides.sum())),
        None if chance >= 1 else float((same / total - chance) / (1 - chance)),
    )
