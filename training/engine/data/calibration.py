"""Confidences brought into line with the measured share of wrong labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from training.engine.data.records import PairSet

Column = NDArray[np.float64]

CERTAIN = 1.0 - 1e-6
"""A label without any doubt has no log odds: this stands for it."""
STEPS = 60
LARGEST = 50.0
"""The factor's search: within 0 and LARGEST, to the last digit after STEPS halvings."""


def calibrate(sets: Sequence[PairSet], noise: float) -> None:
    """Changes the pairs' confidences in place. The first set, that of training, gives the factor; 0 changes nothing."""
    if not noise or not sets[0].pairs:
        return
    factor = factor_for(np.array([pair.confidence for pair in sets[0].pairs]), noise)
    for one in sets:
        scaled = at_factor(np.array([pair.confidence for pair in one.pairs]), factor)
        one.pairs = [replace(pair, confidence=float(p)) for pair, p in zip(one.pairs, scaled, strict=True)]


def factor_for(confidences: Column, noise: float) -> float:
    """The factor on log odds with which the mean of 1 - p is the noise, as near as it can be. Shape (pairs,)."""
    low, high = 0.0, LARGEST
    for _step in range(STEPS):
        middle = (low + high) / 2
        if float(np.mean(1.0 - at_factor(confidences, middle))) > noise:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def at_factor(confidences: Column, factor: float) -> Column:
    """``p^f / (p^f + (1 - p)^f)``: the log odds times the factor. Shape (pairs,) in and out."""
    known = np.clip(confidences, 0.5, CERTAIN)
    return np.asarray(1.0 / (1.0 + ((1.0 - known) / known) ** factor), dtype=np.float64)
