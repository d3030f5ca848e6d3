"""The biases of a snapshot's labels as rows of a table."""

from dataclasses import dataclass

from django.utils.translation import gettext

from common.wording import percent
from training.evaluation.axes import AXIS_LABELS
from training.models import Snapshot


@dataclass(frozen=True, slots=True)
class BiasRow:
    """One axis. share: of the pairs that differ on it, those whose chosen text has more of it, as text; empty: none do.

    interval: as text, empty where there is none. alarm: 1, -1: more or less of it is preferred; 0: neither is proven.
    drivers: numbers of the comparisons that drive it.
    """

    label: str
    share: str
    interval: str
    pairs: int
    alarm: int
    drivers: list[int]


def bias_rows(snapshot: Snapshot) -> list[BiasRow]:
    """The axes that were measured, in their order; none before the snapshot has been measured."""
    return [
        BiasRow(
            gettext(AXIS_LABELS[one["axis"]]),
            "" if one["value"] is None else percent(one["value"], 0),
            "" if one["low"] is None else f"{percent(one['low'], 0)} – {percent(one['high'], 0)}",
            one["pairs"],
            one["alarm"],
            one["drivers"],
        )
        for one in (snapshot.label_biases or {}).get("axes", [])
        if one["axis"] in AXIS_LABELS
    ]
