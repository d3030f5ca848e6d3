"""How likely the texts of an experiment are after a step: what the page shows before its script draws the same."""

from collections.abc import Mapping, Sequence
from math import ceil, exp, floor, log10
from typing import Any

from django.utils.translation import gettext as _


def text_rows(lesson: Mapping[str, Any], point: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Role, text and figures of the lesson's texts, then of the watched ones. No figures: no point yet."""
    texts = [
        (_("Better"), lesson["chosen"]),
        (_("Worse"), lesson["rejected"]),
        *((_("Watched"), text) for text in lesson["watched"]),
    ]
    sides = sides_at(lesson, point) if point else []
    return [
        {"role": role, "text": text, **(_figures(sides[index]) if index < len(sides) else {"mean": None})}
        for index, (role, text) in enumerate(texts)
    ]


def sides_at(lesson: Mapping[str, Any], point: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The sides of a point in the order of the rows. The watched texts are the two sides of a second pair."""
    pair, *others = point["pairs"]
    watched = [others[0]["chosen"], others[0]["rejected"]] if others else []
    return [pair["chosen"], pair["rejected"], *watched[: len(lesson["watched"])]]


def side_mean(side: Mapping[str, Any]) -> float:
    """The geometric mean of the probabilities of a text's tokens."""
    return exp(float(side["logp"]) / side["tokens"])


def bar_end(shares: Sequence[float]) -> float:
    """Where the scale of bars ends: a round share above all of them, 1 at most. The script does the same (ticks.js)."""
    most = max(shares, default=0.0)
    if most <= 0:
        return 1.0
    rough = most / 4
    power = 10.0 ** floor(log10(rough))
    lead = rough / power
    step = power * (1 if lead < 1.5 else 2 if lead < 3 else 5 if lead < 7 else 10)
    return min(1.0, float(f"{ceil(most * 1.05 / step) * step:.12g}"))


def _figures(side: Mapping[str, Any]) -> dict[str, float]:
    return {"mean": side_mean(side), "logp": side["logp"], "ratio": side["logp"] - side["reference"]}
