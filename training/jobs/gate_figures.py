"""The figures that a gate reads, from the margins of several versions on the same held-out pairs: numbers only."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from labeling.stats import clustered_share, paired_difference
from labeling.stats.paired import RIGHT, TIE, WRONG

Margins = Mapping[str, float]
"""The margin of a version's implicit reward against the base, by pair: above zero, it orders the pair as people did."""


def gate_figures(new: Margins, others: Mapping[str, Margins], prompts: Mapping[str, Hashable]) -> dict[str, Any]:
    """Accuracy and mean margin of a new version, and the difference to others on the same pairs.

    others: by "parent" and "serving". prompts: of each pair; pairs of one prompt are not independent. Only pairs that
    all versions were measured on count. A margin of exactly zero is a tie and counts half. Intervals are of 95 %:
    Wilson's, and Newcombe's for the paired difference, both for the effective number of pairs.
    """
    pairs = [pair for pair in new if all(pair in margins for margins in others.values())]
    if not pairs:
        return {"pairs": 0}
    scores, of = _scores(new, pairs), [prompts[pair] for pair in pairs]
    figures: dict[str, Any] = {
        "pairs": len(pairs),
        "prompts": len(set(of)),
        "ties": scores.count(TIE),
        **accuracy_figures(scores, of),
        "margin": sum(new[pair] for pair in pairs) / len(pairs),
    }
    for name, margins in others.items():
        other = _scores(margins, pairs)
        estimate = paired_difference(scores, other, clusters=of)
        figures |= {
            **accuracy_figures(other, of, f"{name}_"),
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


def accuracy_figures(scores: Sequence[float], prompts: Sequence[Hashable], prefix: str = "") -> dict[str, float | None]:
    """The share of right pairs with its interval; scores: 1 right, 0.5 a tie, 0 wrong."""
    figure = clustered_share(scores, prompts).figure
    return {
        f"{prefix}accuracy": figure.value,
        f"{prefix}accuracy_low": figure.low,
        f"{prefix}accuracy_high": figure.high,
    }
