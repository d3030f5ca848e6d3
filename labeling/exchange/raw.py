"""The bytes of records, and the limits of reading them."""

from dataclasses import dataclass
from typing import Literal, Protocol

CHUNK = 1 << 16
Problem = Literal["too_large", "unclosed", "trailing", "cells", "quotes", "shortened"]


class ByteStream(Protocol):
    """An object with `read`: an open file, an uploaded file, the body of a request."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Limits of reading.

    record_bytes: a longer record is rejected without being loaded. excerpt_chars: the length of a rejected record's
    excerpt. detection_records: how many records `auto` reads to detect the dialect. name_chars, id_chars, tag_chars:
    the longest model or annotator name, external id and tag. ranking: which comparisons a ranking of several
    completions becomes. whole_bytes: the largest file that must be read as a whole (a table by columns).
    spooled_bytes: the largest one that is read from its end (ZIP, Parquet). unpacked_bytes, unpacked_ratio: a packed
    file that unpacks to more bytes and to more times its size is refused. refused_records: reading stops after so many
    wrong records, if they are more than half. records: reading stops after so many. other_scale: whether the file
    counts completions from 0, or has confidences beyond 1, so that a 1 is not what it seems.
    """

    record_bytes: int = 1 << 20
    excerpt_chars: int = 120
    detection_records: int = 50
    name_chars: int = 120
    id_chars: int = 200
    tag_chars: int = 80
    ranking: Literal["best-worst", "all", "neighbours"] = "best-worst"
    whole_bytes: int = 1 << 26
    spooled_bytes: int = 1 << 31
    unpacked_bytes: int = 1 << 24
    unpacked_ratio: int = 200
    refused_records: int = 20_000
    records: int = 3_000_000
    other_scale: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """The position of a record: the line on which it starts, and its number; both from 1."""

    line: int
    record: int


@dataclass(frozen=True, slots=True)
class RawRecord:
    """The bytes of one record, or the beginning of one that is too large.

    problem: why the bytes are not a complete record; None: they are.
    """

    place: Place
    data: bytes
    size: int
    problem: Problem | None = None
