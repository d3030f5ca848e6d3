"""Cuts a stream of bytes into the bytes of its records, in constant memory.

It reads JSON lines and JSON arrays, even an array of gigabytes on one line. It never holds more than one record, and
only the beginning of a record over the limit. Gzip is unpacked on the way, also in bounded memory: a small file that
unpacks to a huge one costs time only.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Literal, Protocol

from labeling.exchange.errors import UnreadableInput

CHUNK = 1 << 16
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
ARRAY_START = re.compile(rb'(?:\xef\xbb\xbf)?\s*\[\s*(?:[{"\]]|$)')
STRUCTURE = re.compile(rb'["\\\[\]{},\n]')


class ByteStream(Protocol):
    """An object with `read`: an open file, an uploaded file, the body of a request."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """Limits of reading.

    record_bytes: a longer record is rejected without being loaded. excerpt_chars: the length of a rejected record's
    excerpt. detection_records: how many records `auto` reads to detect the dialect. name_chars, id_chars, tag_chars:
    the longest model or annotator name, external id and tag.
    """

    record_bytes: int = 1 << 20
    excerpt_chars: int = 120
    detection_records: int = 50
    name_chars: int = 120
    id_chars: int = 200
    tag_chars: int = 80


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
    problem: Literal["too_large", "unclosed", "trailing"] | None = None


Framing = Literal["lines", "array"]


def open_records(
    stream: ByteStream, limits: ReadLimits, framing: Framing | None = None
) -> tuple[Framing, Iterator[RawRecord]]:
    """The framing of the records (detected if it is None), and the records. Blank lines are skipped.

    Raises UnreadableInput for UTF-16 and UTF-32 and, while iterating, for damaged gzip data.
    """
    head, chunks = _peek(_unpacked(_chunks(stream)))
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in head[:4]:
        raise UnreadableInput("This is not UTF-8 text (it looks like UTF-16 or a binary file). Save it as UTF-8.")
    if framing is None:
        framing = "array" if ARRAY_START.match(head) else "lines"
    cut = _array_records if framing == "array" else _line_records
    return framing, cut(chunks, limits.record_bytes)


def _chunks(stream: ByteStream) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk


def _peek(chunks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The beginning of the stream (up to one chunk), and all of its chunks."""
    read: list[bytes] = []
    size = 0
    for chunk in chunks:
        read.append(chunk)
        size += len(chunk)
        if size >= CHUNK or chunk.strip():
            break
    # A stream may return single bytes. A few more make sure that `[` and the next character are read together.
    while size < 64 and (chunk := next(chunks, b"")):
        read.append(chunk)
        size += len(chunk)
    return b"".join(read), chain(read, chunks)


def _unpacked(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes, unpacked if they are gzip (also with several members)."""
    head, chunks = _peek(chunks)
    return _gunzip(chunks) if head.startswith(b"\x1f\x8b") else chunks


def _gunzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    inflate = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            rest = chunk
            while rest := rest.lstrip(b"\0") if inflate.eof else rest:  # zeros may pad the members of a gzip file
                if inflate.eof:
                    inflate = zlib.decompressobj(wbits=31)
                if piece := inflate.decompress(rest, CHUNK):
                    yield piece
                rest = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
        while not inflate.eof and (more := inflate.decompress(inflate.unconsumed_tail, CHUNK)):
            yield more
    except zlib.error as error:
        raise UnreadableInput(f"The gzip data is damaged ({error}).") from error
    if not inflate.eof:
        raise UnreadableInput("The gzip data ends too early: the file is incomplete.")


class _Collector:
    """Collects the bytes of one record, up to the limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.line = 1
        self.records = 0
        self._start()

    def _start(self) -> None:
        self.data = bytearray()
        self.size = 0
        self.place: Place | None = None

    def take(self, piece: bytes) -> None:
        """Adds bytes of one line, with or without its end."""
        if self.place is None:
            # Spaces before a record, and byte order marks of concatenated files, belong to no record.
            piece = piece.lstrip().removeprefix(BYTE_ORDER_MARK).lstrip()
            if not piece:
                return
            self.records += 1
            self.place = Place(self.line, self.records)
        self.size += len(piece)
        self.data += piece[: max(0, self.limit - len(self.data))]

    def finish(self, problem: Literal["unclosed", "trailing"] | None = None) -> Iterator[RawRecord]:
        """Yields the collected record, if there is one, and starts the next."""
        if self.place is not None:
            data = bytes(self.data).rstrip()
            yield RawRecord(self.place, data, self.size, "too_large" if self.size > self.limit else problem)
        self._start()


def _line_records(chunks: Iterator[bytes], limit: int) -> Iterator[RawRecord]:
    collector = _Collector(limit)
    for chunk in chunks:
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            collector.take(chunk[start:end])
            yield from collector.finish()
            collector.line += 1
            start = end + 1
        collector.take(chunk[start:])
    yield from collector.finish()


class _ArrayCutter:
    """Cuts a JSON array into its elements, by brackets and quotes alone.

    An invalid element with matching brackets and quotes is rejected alone. After one whose brackets do not match,
    elements cannot be told apart, so the rest becomes one rejected record.
    """

    def __init__(self, limit: int) -> None:
        self.collector = _Collector(limit)
        self.depth = 0
        self.in_string = False
        self.closed = False
        self.offset = 0  # of the current chunk in the stream
        self.escaped = -1  # of an escaped character in the stream

    def feed(self, chunk: bytes) -> Iterator[RawRecord]:
        start = 0
        for match in STRUCTURE.finditer(chunk):
            at, token = match.start(), match.group()
            if token == b"\n":
                self.collector.take(chunk[start : at + 1])
                self.collector.line += 1
                start = at + 1
            elif self.in_string:
                self._inside_string(token, self.offset + at)
            elif self._is_boundary(token):
                self.collector.take(chunk[start:at])
                yield from self.collector.finish()
                start = at + 1
        self.collector.take(chunk[start:])
        self.offset += len(chunk)

    def finish(self) -> Iterator[RawRecord]:
        """Yields what is left at the end of the stream: nothing, if the array is complete."""
        if not self.closed and self.collector.place is None:
            place = Place(self.collector.line, self.collector.records + 1)
            yield RawRecord(place, b"", 0, "unclosed")
        yield from self.collector.finish("trailing" if self.closed else "unclosed")

    def _inside_string(self, token: bytes, at: int) -> None:
        if at == self.escaped:
            return
        if token == b"\\":
            self.escaped = at + 1
        elif token == b'"':
            self.in_string = False

    def _is_boundary(self, token: bytes) -> bool:
        """Whether an element starts after this token or ends before it."""
        if token == b'"':
            self.in_string = True
        elif token in (b"[", b"{"):
            self.depth += 1
            return self.depth == 1 and not self.closed
        elif token in (b"]", b"}"):
            self.depth -= 1
            if self.depth == 0 and not self.closed:
                self.closed = True
                return True
        return token == b"," and self.depth == 1 and not self.closed


def _array_records(chunks: Iterator[bytes], limit: int) -> Iterator[RawRecord]:
    cutter = _ArrayCutter(limit)
    for chunk in chunks:
        yield from cutter.feed(chunk)
    yield from cutter.finish()
