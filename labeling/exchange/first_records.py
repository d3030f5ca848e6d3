"""The first records of a file, which tell how the rest is read."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain

from labeling.exchange.decoding import parse_object
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.raw import RawRecord, ReadLimits
from labeling.exchange.records import JsonObject


def first_objects(
    records: Iterator[RawRecord], seen: list[RawRecord], limits: ReadLimits
) -> Iterator[tuple[RawRecord, JsonObject]]:
    """Those of the first records that can be parsed. seen: receives each record that was taken."""
    for raw in records:
        seen.append(raw)
        with suppress(BadRecordError):
            yield raw, parse_object(raw, limits)
        # Bounded in bytes as well as in number; a record over the limit is held only up to it.
        if len(seen) >= limits.detection_records or sum(len(one.data) for one in seen) > 4 * limits.record_bytes:
            return


def counting(
    is_zero: Callable[[JsonObject], bool], records: Iterator[RawRecord], limits: ReadLimits
) -> tuple[ReadLimits, Iterator[RawRecord]]:
    """The limits, which say whether the first records count completions from 0, and all records again.

    Where one says 0, the 1 of another is the second completion, whatever the names of the fields suggest.
    """
    seen: list[RawRecord] = []
    from_zero = any(is_zero(record) for _, record in first_objects(records, seen, limits))
    return replace(limits, from_zero=from_zero), chain(seen, records)
