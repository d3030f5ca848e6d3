"""Cuts a stream of bytes into the bytes of its records, in constant memory.

It cuts JSON lines, JSON arrays, objects one after the other, and arrays inside of one object, even one of gigabytes on
one line. It never holds more than one record, and only the beginning of a record over the limit.
"""

import re
from collections.abc import Iterator
from typing import Literal

from labeling.exchange.raw import Place, RawRecord

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
STRUCTURE = re.compile(rb'["\\\[\]{},\n]')
SEPARATORS = b" \t\r\n,"


class Collector:
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

    def whole(self, piece: bytes) -> RawRecord:
        """The record of a line that holds all of it: as `take` and `finish` make it, in a third of the time."""
        self.records += 1
        return RawRecord(Place(self.line, self.records), piece.rstrip(), len(piece))

    def drop(self) -> None:
        """Forgets the collected bytes: they are no record."""
        if self.place is not None:
            self.records -= 1
        self._start()

    def finish(self, problem: Literal["unclosed", "trailing"] | None = None) -> Iterator[RawRecord]:
        """Yields the collected record, if there is one, and starts the next."""
        if self.place is not None:
            data = bytes(self.data).rstrip()
            yield RawRecord(self.place, data, self.size, "too_large" if self.size > self.limit else problem)
        self._start()


def line_records(chunks: Iterator[bytes], limit: int) -> Iterator[RawRecord]:
    """The records of JSON lines, or the lines of a text. Blank lines are skipped."""
    collector = Collector(limit)
    for chunk in chunks:
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            if collector.place is None and end - start <= limit and chunk.startswith(b"{", start):
                yield _without_comma(collector.whole(chunk[start:end]))
            else:
                collector.take(chunk[start:end])
                yield from map(_without_comma, collector.finish())
            collector.line += 1
            start = end + 1
        collector.take(chunk[start:])
    yield from map(_without_comma, collector.finish())


def _without_comma(record: RawRecord) -> RawRecord:
    """The record of a line without the comma that follows it in an array without brackets."""
    if record.problem is None and record.data.endswith(b"},"):
        return RawRecord(record.place, record.data[:-1].rstrip(), record.size)
    return record


class ArrayCutter:
    """Cuts a JSON array into its elements, by brackets and quotes alone.

    An invalid element with matching brackets and quotes is rejected alone. After one whose brackets do not match,
    elements cannot be told apart, so the rest becomes one rejected record.
    """

    def __init__(self, limit: int) -> None:
        self.collector = Collector(limit)
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


def array_records(chunks: Iterator[bytes], limit: int) -> Iterator[RawRecord]:
    """The elements of one JSON array."""
    cutter = ArrayCutter(limit)
    for chunk in chunks:
        yield from cutter.feed(chunk)
    yield from cutter.finish()


class _ObjectCutter:
    """Cuts JSON values that follow each other with or without line breaks, or the arrays inside of one object.

    inside: records are the elements of arrays that are fields of one object; all else of that object is passed over.
    """

    def __init__(self, limit: int, *, inside: bool) -> None:
        self.collector = Collector(limit)
        self.base = 2 if inside else 0
        self.depth = 0
        self.is_array = not inside  # whether the second bracket, which holds the records, opened an array
        self.has_objects = False
        self.in_string = False
        self.offset = 0
        self.escaped = -1

    def feed(self, chunk: bytes) -> Iterator[RawRecord]:
        start = 0
        for match in STRUCTURE.finditer(chunk):
            at, token = match.start(), match.group()
            if token == b"\n":
                self._take(chunk[start : at + 1])
                self.collector.line += 1
                start = at + 1
            elif self.in_string or token == b'"':
                self._inside_string(token, self.offset + at)
            elif token in b"[{":
                if self._is_between():  # the text before a record is a record of its own, unless it only separates
                    self._take(chunk[start:at])
                    yield from self.collector.finish()
                    start = at
                start = self._open(token, start, at)
            elif token in b"]}":
                self._take(chunk[start : at + (not self._is_between())])
                yield from self._close()
                start = at + 1
        self._take(chunk[start:])
        self.offset += len(chunk)

    def finish(self) -> Iterator[RawRecord]:
        """Yields what is left at the end of the stream: nothing, if all values are complete."""
        yield from self.collector.finish("unclosed")

    def _inside_string(self, token: bytes, at: int) -> None:
        if not self.in_string:
            self.in_string = True
        elif at != self.escaped:
            self.escaped = at + 1 if token == b"\\" else self.escaped
            self.in_string = token != b'"'

    def _open(self, token: bytes, start: int, at: int) -> int:
        """Notes a bracket that opens at `at`. Returns where the text to collect starts."""
        self.depth += 1
        if self.base and self.depth == self.base:
            self.is_array, self.has_objects = token == b"[", False
            return at + 1
        if self.depth == self.base + 1:
            self.has_objects = True
        return start

    def _close(self) -> Iterator[RawRecord]:
        """Notes a bracket that closes, and yields the record that ends before it or with it."""
        if self._is_between():
            if self.base and not self.has_objects:  # an array of texts or numbers about the file
                self.collector.drop()
            yield from self.collector.finish()
        self.depth = max(0, self.depth - 1)
        if self._is_between():
            yield from self.collector.finish()

    def _is_between(self) -> bool:
        """Whether the next bracket starts a record."""
        return self.depth == self.base and self.is_array

    def _take(self, piece: bytes) -> None:
        if self.depth < self.base or not self.is_array:
            return
        self.collector.take(piece if self.collector.place else piece.lstrip(SEPARATORS))


def object_records(chunks: Iterator[bytes], limit: int, *, inside: bool = False) -> Iterator[RawRecord]:
    """The values of a stream of JSON values, or the elements of the arrays inside of one object."""
    cutter = _ObjectCutter(limit, inside=inside)
    for chunk in chunks:
        yield from cutter.feed(chunk)
    yield from cutter.finish()
