"""One dialect of comparisons: how its records are recognised and read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from labeling.exchange.raw import Place, ReadLimits
from labeling.exchange.records import ImportedComparison, JsonObject

Comparisons = ImportedComparison | list[ImportedComparison]


@dataclass(frozen=True, slots=True)
class Reader:
    """One dialect. recognises: whether a record has its shape. read: its comparisons; raises BadRecordError.

    continues: whether a record belongs to the same group as the records before it; `read_group` then reads the records
    of a group. None: every record is read alone. counts_from_zero: whether a record shows that its file counts
    completions from 0; None: no number names one in this dialect.
    """

    name: str
    shape: str
    recognises: Callable[[Mapping[str, Any]], bool]
    read: Callable[[Place, JsonObject, ReadLimits], Comparisons]
    continues: Callable[[list[JsonObject], JsonObject], bool] | None = None
    read_group: Callable[[Place, list[JsonObject], ReadLimits], Comparisons] | None = None
    counts_from_zero: Callable[[Mapping[str, Any]], bool] | None = None


def has(*names: str) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a record has all of these fields."""
    return lambda record: all(name in record for name in names)
