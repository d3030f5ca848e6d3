"""Opens a stream: unpacks it, names it if it holds no records, finds its framing, and cuts it into records."""

import json
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, Literal

from common.phrases import gettext_noop
from labeling.exchange.containers import ARROW_FILE, ARROW_STREAM, PARQUET, chunks_of, peek, require_text, unpacked
from labeling.exchange.cutting import array_records, line_records, object_records
from labeling.exchange.encodings import as_utf8, encoding_of
from labeling.exchange.errors import UnreadableInput
from labeling.exchange.headers import COLUMNS, delimiter_of
from labeling.exchange.project_files import guidelines_in, with_guidelines
from labeling.exchange.raw import CHUNK, ByteStream, RawRecord, ReadLimits
from labeling.exchange.server_rows import is_server_answer, server_records
from labeling.exchange.sheets import (
    arrow_records,
    column_records,
    column_rows,
    parquet_records,
    table_records,
)

Framing = Literal["lines", "array", "objects", "inside", "columns", "table", "server"]

ARRAY_START = re.compile(rb'(?:\xef\xbb\xbf)?\s*\[\s*(?:[{"\]]|$)')
COLUMN_START = re.compile(r'\{\s*(?:"[^"\\]{1,80}"\s*:\s*(?:\[\s*(?:"|\[)|\{\s*"0"\s*:)|"\d+"\s*:\s*\{)')
FIELD_ARRAY = re.compile(r'"(?:[^"\\]{1,80})"\s*:\s*\[\s*(?=\{)')
WRAPPERS = frozenset(
    {"data", "records", "rows", "items", "examples", "instances", "results", "train", "test", "dataset"}
)
"""Fields under which files keep their records. Any other field will do if its elements are known records."""

_decoder = json.JSONDecoder()
IsRecord = Callable[[dict[str, Any]], bool]


def open_records(
    stream: ByteStream,
    limits: ReadLimits,
    framing: Framing | None = None,
    *,
    is_record: IsRecord = lambda _: False,
    columns: Collection[str] = (),
    any_table: bool = False,
    in_archive: bool = False,
) -> tuple[Framing, Iterator[RawRecord]]:
    """The framing of the records (detected if it is None), and the records. Blank lines are skipped.

    is_record: whether an object is a known record, to tell one from an object that holds records. columns: names by
    which the header of a table is recognised, besides the usual ones. any_table: any table is one of records.
    in_archive: the stream is a file of an archive; another archive in it is not opened. Raises UnreadableInput for
    files that hold no text and, while iterating, for damaged data.
    """

    def inner(member: ByteStream) -> Iterator[RawRecord]:
        return open_records(member, limits, is_record=is_record, columns=columns, any_table=any_table, in_archive=True)[
            1
        ]

    head, chunks = peek(unpacked(chunks_of(stream), limits, None if in_archive else inner))
    if head.startswith(PARQUET):
        return "table", parquet_records(chunks, limits)
    if head.startswith((ARROW_FILE, ARROW_STREAM)):
        return "table", arrow_records(chunks, limits)
    encoding, mark = encoding_of(head)
    if encoding:
        head, chunks = peek(as_utf8(chunks, encoding, mark))
    require_text(head)
    if b"\x00" in head[:4]:
        raise UnreadableInput(
            gettext_noop("This is no text, but a binary file. Save the records as JSON lines, CSV or Parquet.")
        )
    if framing is None:
        delimiter = delimiter_of(head, {*COLUMNS, *columns}, any_table=any_table)
        if delimiter is not None:
            return "table", table_records(chunks, delimiter, limits, columns)
        framing = _framing(head, len(head) >= CHUNK, is_record)
    if framing == "array":
        return framing, array_records(chunks, limits.record_bytes)
    if framing == "columns":
        return framing, _columns(chunks, limits, is_record)
    if framing == "server":
        return framing, server_records(chunks, limits.record_bytes)
    if framing in ("objects", "inside"):
        is_inside = framing == "inside"
        records = object_records(chunks, limits.record_bytes, inside=is_inside)
        guidelines = guidelines_in(head.decode("utf-8", "replace")) if is_inside else ""
        return framing, _with_guidelines(records, guidelines) if guidelines else records
    return framing, line_records(chunks, limits.record_bytes)


def _with_guidelines(records: Iterator[RawRecord], guidelines: str) -> Iterator[RawRecord]:
    """The records of an object that also holds guidelines, which the first of them gets as a field."""
    for number, raw in enumerate(records):
        yield raw if number else replace(raw, data=with_guidelines(raw.data, guidelines))


def _framing(head: bytes, is_cut: bool, is_record: IsRecord) -> Framing:
    """How records follow each other. is_cut: the stream goes on after its head."""
    text = head.decode("utf-8-sig", "replace").lstrip()
    if ARRAY_START.match(head):
        return "array" if not text.startswith('["') or _is_whole(text, is_cut) else "lines"
    if not text.startswith("{"):
        return "lines"
    if is_server_answer(text):
        return "server"
    try:
        value, end = _decoder.raw_decode(text)
    except (ValueError, RecursionError):
        return _framing_of_a_part(text, is_cut, is_record)
    if _holds_records(value, is_record):
        return "inside"
    rest = text[end:].lstrip(" \t\r,")
    if not rest.strip() and not is_cut and _is_column_table(value, is_record):
        return "columns"
    return "objects" if "\n" in text[:end] or rest.startswith("{") else "lines"


def _framing_of_a_part(text: str, is_cut: bool, is_record: IsRecord) -> Framing:
    """The framing of a text whose first value is broken, or longer than the head."""
    first, _, later = text.partition("\n")
    if later.lstrip().startswith("{") and first.strip() != "{":
        return "lines"
    if is_cut:
        for field in list(FIELD_ARRAY.finditer(text))[:20]:
            try:
                element, _ = _decoder.raw_decode(text, field.end())
            except (ValueError, RecursionError):
                continue
            if is_record(element):
                return "inside"
        if COLUMN_START.match(text):
            return "columns"
    is_pretty = first.strip() == "{" or (first.rstrip().endswith((",", "{", "[")) and later.lstrip().startswith('"'))
    return "objects" if is_pretty else "lines"


def _is_whole(text: str, is_cut: bool) -> bool:
    """Whether a text that starts like a list of texts is one, and no line that begins with a bracket."""
    try:
        _, end = _decoder.raw_decode(text)
    except (ValueError, RecursionError):
        return is_cut
    return not text[end:].partition("\n")[0].strip()


def _holds_records(value: Any, is_record: IsRecord) -> bool:
    if not isinstance(value, dict) or is_record(value):
        return False
    lists = {name: one for name, one in value.items() if isinstance(one, list) and one and isinstance(one[0], dict)}
    return any(is_record(one[0]) or (name in WRAPPERS and len(lists) <= 3) for name, one in lists.items())


def _is_column_table(value: Any, is_record: IsRecord) -> bool:
    return isinstance(value, dict) and any(is_record(row) for row in column_rows(value)[:1])


def _columns(chunks: Iterator[bytes], limits: ReadLimits, is_record: IsRecord) -> Iterator[RawRecord]:
    """The rows of a table by columns, which is read as a whole. If it is none after all, its lines."""
    read = bytearray()
    for chunk in chunks:
        read += chunk
        if len(read) > limits.whole_bytes:
            yield from line_records(chain([bytes(read)], chunks), limits.record_bytes)
            return
    try:
        value = json.loads(bytes(read).decode("utf-8-sig"))
    except (ValueError, RecursionError):
        value = None
    if _is_column_table(value, is_record):
        yield from column_records(column_rows(value), limits)
    else:
        yield from line_records(iter([bytes(read)]), limits.record_bytes)
