"""The worth of an arm: the held-out accuracy that its votes add, against as many votes on pairs that chance chose.

Ties, conflicts and skips cost votes and bring no label: an arm that asks for many of them has fewer labels to show for
the same votes. Both sides are cut into PARTS equal parts that share no label. Each part is trained on in a short run of
its own, beside the same earlier labels and from the same model, and measured on the same held-out pairs. So the parts
are independent, and the differences of their accuracies are PARTS observations of the gain.
"""

from collections.abc import Hashable, Sequence
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from labeling.stats.clustered import clustered_covariance
from labeling.stats.learning_curve import Range

Floats = NDArray[np.float64]
Standing = Literal["pays", "loses", "unproven", "unmeasured", "open"]

PARTS = 5
STUDENT = 2.776
"""The 97.5 % point of Student's t with PARTS - 1 degrees of freedom."""
FIRST_LOOK = 40
"""Labels of an arm before it is measured: each part has eight. The next look is at twice as many."""
ENOUGH = 160
"""Labels of an arm after which it must have a proven gain, unless the lead says another number."""
TRIES = 3
"""Looks in a row that could not measure an arm of which nothing is known yet, before it is given up."""
MOST_LABELS = 400
"""Labels of an arm that a measurement uses, so that it stays short."""
MOST_EARLIER = 200
"""Earlier labels beside each part."""


def gain_of(arm: Floats, chance: Floats, clusters: Sequence[Hashable] | None = None) -> Range:
    """The gain of an arm with its 95 % interval.

    arm, chance: of each part and each held-out pair, 1 if the model prefers the chosen text, 0.5 if neither, else 0;
    shape (PARTS, pairs). clusters: what is independent among the pairs (their prompts), at least two; None: all are.
    The variance between the parts is that of labels and training; the held-out prompts, which all share, add theirs.
    """
    difference = arm - chance
    parts, pairs = difference.mean(axis=1), difference.mean(axis=0, keepdims=True)
    held_out = clustered_covariance(pairs, range(pairs.shape[1]) if clusters is None else clusters)
    error = sqrt(parts.var(ddof=1) / len(parts) + float(held_out[0, 0]))
    value = float(difference.mean())
    return Range(value, value - STUDENT * error, value + STUDENT * error)


def standing(gain: Range | None, labels: int, enough: int, tries: int = 0) -> Standing:
    """Where an arm stands. labels: the arm's. tries: looks in a row that could not measure it.

    It is switched off where it loses, is unproven at the end, or cannot be measured.
    """
    if gain is None:
        return "unmeasured" if tries >= TRIES else "open"
    if gain.high < 0:
        return "loses"
    if gain.low > 0:
        return "pays"
    return "unproven" if labels >= enough else "open"


def is_due(labels: int, measured: int, enough: int) -> bool:
    """Whether an arm with so many labels is to be measured. measured: its labels at the last time; 0: never."""
    return labels >= FIRST_LOOK and (labels >= 2 * measured or measured < enough <= labels)


def equal_parts(
    arm: Sequence[int],
    chance: Sequence[int],
    generator: np.random.Generator,
    costs: tuple[float, float] = (1.0, 1.0),
) -> tuple[list[list[int]], list[list[int]]]:
    """Labels of the arm and of chance for as many votes, MOST_LABELS at most, each side in PARTS equal parts that share
    none.

    costs: the votes that a label of each side took. Which ones are left out where one side has more is drawn.
    """
    votes = min(min(len(side), MOST_LABELS) * cost for side, cost in zip((arm, chance), costs, strict=True))
    sides = []
    for numbers, cost in zip((arm, chance), costs, strict=True):
        size = int(votes / cost + 1e-9) // PARTS
        order = [numbers[int(place)] for place in generator.permutation(len(numbers))]
        sides.append([order[part * size : (part + 1) * size] for part in range(PARTS)])
    return sides[0], sides[1]
