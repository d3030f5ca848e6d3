"""The figures that a gate reads, from the margins of several versions on the same held-out pairs: numbers only."""

from collections.abc import Mapping, Sequence
from typing import Any

from labeling.stats import paired_difference, wilson_interval
from labeling.stats.paired import RIGHT, TIE, WRONG

Margins = Mapping[str, float]
"""The margin of a version's implicit reward against the base, by pair: above zero, it orders the pair as people did."""


def gate_figures(new: Margins, others: Mapping[str, Margins]) -> dict[str, Any]:
    """Accuracy and mean margin of a new version, and the difference to others on the same pairs.

    others: by "parent" and "serving". Only pairs that all versions were measured on count. A margin of exactly zero is
    a tie and counts half. Intervals are of 95 %: Wilson's, and Newcombe's for the paired difference.
    """
    pairs = [pair for pair in new if all(pair in margins for margins in others.values())]
    if not pairs:
        return {"pairs": 0}
    scores = _scores(new, pairs)
    figures: dict[str, Any] = {
        "pairs": len(pairs),
        "ties": scores.count(TIE),
        **_accuracy(scores),
        "margin": sum(new[pair] for pair in pairs) / len(pairs),
    }
    for name, margins in others.items():
        other = _scores(margins, pairs)
        estimate = paired_difference(scores, other)
        figures |= {
            **_accuracy(other, f"{name}_"),
            f"difference_to_{name}": estimate.value,
            f"difference_to_{name}_low": estimate.low,
            f"difference_to_{name}_high": estimate.high,
        }
    return figures


def base_margins(pairs: Sequence[str]) -> dict[str, float]:
    """The margins of a base measured against itself: it ties on every pair."""
    return dict.fromkeys(pairs, 0.0)


def _scores(margins: Margins, pairs: Sequence[str]) -> list[float]:
    return [RIGHT if margins[pair] > 0 else WRONG if margins[pair] < 0 else TIE for pair in pairs]


def _accuracy(scores: Sequence[float], prefix: str = "") -> dict[str, float]:
    low, high = wilson_interval(sum(scores), len(scores))
    return {
        f"{prefix}accuracy": sum(scores) / len(scores),
        f"{prefix}accuracy_low": low,
        f"{prefix}accuracy_high": high,
    }
