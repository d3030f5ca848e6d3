"""The worth of an arm's labels: the held-out accuracy they add, against as many that chance chose.

Both are cut into PARTS equal parts that share no label. Each part is trained on in a short run of its own, beside the
same earlier labels and from the same model, and measured on the same held-out pairs. So the parts are independent, and
the differences of their accuracies are PARTS observations of the gain.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from labeling.stats.learning_curve import Range

Floats = NDArray[np.float64]
Standing = Literal["pays", "loses", "unproven", "open"]

PARTS = 5
STUDENT = 2.776
"""The 97.5 % point of Student's t with PARTS - 1 degrees of freedom."""
FIRST_LOOK = 40
"""Labels of an arm before it is measured: each part has eight. The next look is at twice as many."""
ENOUGH = 160
"""Labels of an arm after which it must have a proven gain, unless the lead says another number."""
MOST_LABELS = 400
"""Labels of an arm that a measurement uses, so that it stays short."""
MOST_EARLIER = 200
"""Earlier labels beside each part."""


def gain_of(arm: Floats, chance: Floats) -> Range:
    """The gain of an arm with its 95 % interval.

    arm, chance: of each part and each held-out pair, 1 if the model prefers the chosen text, 0.5 if neither, else 0;
    shape (PARTS, pairs). The variance between the parts is that of labels and training; the held-out pairs, which all
    share, add theirs.
    """
    difference = arm - chance
    parts, pairs = difference.mean(axis=1), difference.mean(axis=0)
    error = sqrt(parts.var(ddof=1) / len(parts) + (pairs.var(ddof=1) / len(pairs) if len(pairs) > 1 else 0.0))
    value = float(difference.mean())
    return Range(value, value - STUDENT * error, value + STUDENT * error)


def standing(gain: Range | None, labels: int, enough: int) -> Standing:
    """Where an arm stands. labels: the arm's. It is switched off where it loses, or is unproven at the end."""
    if gain is not None and gain.high < 0:
        return "loses"
    if gain is not None and gain.low > 0:
        return "pays"
    return "unproven" if gain is not None and labels >= enough else "open"


def is_due(labels: int, measured: int, enough: int) -> bool:
    """Whether an arm with so many labels is to be measured. measured: its labels at the last time; 0: never."""
    return labels >= FIRST_LOOK and (labels >= 2 * measured or measured < enough <= labels)


def equal_parts(
    arm: Sequence[int], chance: Sequence[int], generator: np.random.Generator
) -> tuple[list[list[int]], list[list[int]]]:
    """As many labels of the arm as of chance, MOST_LABELS at most, each in PARTS equal parts that share none.

    Which ones are left out where one side has more is drawn.
    """
    size = min(len(arm), len(chance), MOST_LABELS) // PARTS
    sides = []
    for numbers in (arm, chance):
        order = [numbers[int(place)] for place in generator.permutation(len(numbers))]
        sides.append([order[part * size : (part + 1) * size] for part in range(PARTS)])
    return sides[0], sides[1]
