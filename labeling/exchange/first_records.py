"""The records that tell how a file is read: the first ones, or as many as it takes to tell what its numbers mean."""

import pickle
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from tempfile import SpooledTemporaryFile
from typing import IO

from labeling.exchange.decoding import parse_object
from labeling.exchange.errors import ExchangeError
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.raw import RawRecord, ReadLimits
from labeling.exchange.reader import Scale
from labeling.exchange.records import JsonObject

IN_MEMORY = 1 << 23
"""Bytes of records that are held in memory while a file is searched; more are on disk."""


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


def on_their_scale(
    numbers: Callable[[JsonObject], Scale], records: Iterator[RawRecord], limits: ReadLimits
) -> tuple[ReadLimits, Iterator[RawRecord]]:
    """The limits, which say whether the numbers of the file are on another scale, and all records again.

    A file may be sorted: where the first records may be on either scale, all are asked, up to the first that tells.
    """
    seen: list[RawRecord] = []
    first = {numbers(record) for _, record in first_objects(records, seen, limits)}
    if "other" in first or "open" not in first:
        return replace(limits, other_scale="other" in first), chain(seen, records)
    is_other, again = _searched(numbers, records, limits)
    return replace(limits, other_scale=is_other), chain(seen, again)


def _searched(
    numbers: Callable[[JsonObject], Scale], records: Iterator[RawRecord], limits: ReadLimits
) -> tuple[bool, Iterator[RawRecord]]:
    """Whether a record is on another scale, and all records again. An unreadable rest is so when it is reached."""
    file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 (`_again` closes it)
    count, fault, is_other = 0, None, False
    try:
        for raw in records:
            pickle.dump((raw.place, raw.data, raw.size, raw.problem), file, pickle.HIGHEST_PROTOCOL)
            count += 1
            with suppress(BadRecordError):
                is_other = numbers(parse_object(raw, limits)) == "other"
            if is_other or count > limits.records:
                break
    except ExchangeError as error:
        fault = error
    file.seek(0)
    return is_other, _again(file, count, fault, records)


def _again(
    file: IO[bytes], count: int, fault: ExchangeError | None, others: Iterator[RawRecord]
) -> Iterator[RawRecord]:
    with file:
        for _ in range(count):
            yield RawRecord(*pickle.load(file))  # noqa: S301 - written above
    if fault is not None:
        raise fault
    yield from others
