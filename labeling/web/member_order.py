"""The orders of the table of members."""

from collections.abc import Callable

from labeling.models import Membership
from labeling.queries.annotators import AnnotatorSummary
from labeling.queries.standing import Standing

Row = tuple[Membership, AnnotatorSummary | None, Standing]


def _judged(row: Row) -> float:
    return row[1].judged if row[1] else 0


def _gold(row: Row) -> float | None:
    member = row[0]
    return member.gold_right / member.gold_total if member.gold_total else None


def _seconds(row: Row) -> float | None:
    return row[1].seconds if row[1] else None


ORDERS: dict[str, tuple[Callable[[Row], float | None], bool]] = {
    "most_judged": (_judged, True),
    "least_judged": (_judged, False),
    "most_gold": (_gold, True),
    "least_gold": (_gold, False),
    "slowest": (_seconds, True),
    "fastest": (_seconds, False),
}
"""The value of a row, and whether the highest comes first."""


def in_order(rows: list[Row], order: str) -> list[Row]:
    """The rows in one of ORDERS, those without a value last; in their own order if it is no such order."""
    if order not in ORDERS:
        return rows
    value, is_descending = ORDERS[order]
    known = [(found, row) for row in rows if (found := value(row)) is not None]
    known.sort(key=lambda one: one[0], reverse=is_descending)
    return [row for _value, row in known] + [row for row in rows if value(row) is None]
