"""One dialect of comparisons: how its records are recognised and read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.records import ImportedComparison, JsonObject

Comparisons = ImportedComparison | list[ImportedComparison]

Scale = Literal["other", "open", ""]
"""The scale of a file's numbers, as far as a record tells: it is another, it may be either, or nothing is known."""

Numbers = Callable[[Mapping[str, Any]], Scale]


@dataclass(frozen=True, slots=True)
class Reader:
    """One dialect. recognises: whether a record has its shape. read: its comparisons; raises BadRecordError.

    continues: whether a record belongs to the same group as the records before it; `read_group` then reads the records
    of a group. None: every record is read alone. numbers: whether a record shows that the numbers of its file are on
    another scale than a 1 alone suggests: that they count completions from 0, or go on after 1. None: the dialect has
    no such numbers.
    """

    name: str
    shape: str
    recognises: Callable[[Mapping[str, Any]], bool]
    read: Callable[[Place, JsonObject, ReadLimits], Comparisons]
    continues: Callable[[list[JsonObject], JsonObject], bool] | None = None
    read_group: Callable[[Place, list[JsonObject], ReadLimits], Comparisons] | None = None
    numbers: Numbers | None = None


def has(*names: str) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a record has all of these fields."""
    return lambda record: all(name in record for name in names)
