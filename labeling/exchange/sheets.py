"""Tables as records: CSV and TSV with a header, Parquet, Arrow, and JSON by columns. A row becomes a JSON object."""

import csv
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import IO, Any

from common.phrases import Count, gettext_noop
from labeling.exchange.causes import cause_of
from labeling.exchange.cells import record_of, rows_of, text_lines, value_of
from labeling.exchange.containers import ARROW_FILE, spooled
from labeling.exchange.decoding import OWN_TEXTS
from labeling.exchange.errors import UnreadableInput
from labeling.exchange.headers import USUAL
from labeling.exchange.raw import Place, Problem, RawRecord, ReadLimits
from labeling.exchange.tallies import Tally
from labeling.exchange.twice_named import refuse_twice_named_fields

NO_UTF_8 = re.compile("[\udc80-\udcff]")
"""The character that stands for a byte that is no UTF-8."""
NAME_OF_ROW = "Unnamed: 0"
"""The field for the name of a row that has an id as well: that of pandas for a column without a name."""
ROWS_AT_ONCE = 32
"""Rows in memory. A column of few different texts is small in a file, and each row of it may be large."""
ROW_TO_RECORD = 6
"""How much longer the row of a table may be than its record: it doubles quotation marks, and ours repeat texts."""

csv.field_size_limit(ROW_TO_RECORD * ReadLimits().record_bytes)


def table_records(
    chunks: Iterator[bytes], delimiter: str, limits: ReadLimits, asked: Collection[str] = ()
) -> Iterator[RawRecord]:
    """The rows of a CSV file. Empty cells are left out. Raises UnreadableInput while iterating.

    asked: the columns of a mapping, which keep their names. Other known names are read in any case.
    """
    number, header = 0, None
    longest = ROW_TO_RECORD * limits.record_bytes
    try:
        for start, row in rows_of(text_lines(chunks, longest), delimiter, longest):
            if isinstance(row, tuple):
                problem, size = row
                if header is None:
                    raise _bad_header(problem, start, longest)
                number += 1
                yield RawRecord(Place(start, number), b"", size, problem)
                continue
            if not any(cell.strip() for cell in row) or (header is None and _is_separator_line(row, start)):
                continue
            if header is None:
                header = _usual_case([cell.strip().removeprefix("\ufeff") for cell in row], asked)
                continue
            number += 1
            yield _row(Place(start, number), header, row, limits)
    except csv.Error as error:
        raise UnreadableInput(
            gettext_noop("The table cannot be read from here on: %(error)s."), error=cause_of(error)
        ) from error


def _bad_header(problem: Problem, line: int, longest: int) -> UnreadableInput:
    if problem == "too_large":
        text = gettext_noop("The table cannot be read from here on: a line has more than %(most)s characters.")
        return UnreadableInput(text, most=Count(longest))
    text = gettext_noop(
        "The quotation marks of the table's header (line %(line)s) do not match: within a name in quotation marks, "
        "double each, and write nothing beside it."
    )
    return UnreadableInput(text, line=line)


def _usual_case(header: list[str], asked: Collection[str]) -> list[str]:
    """The header with known names as readers know them: "Prompt" and "CATEGORY" in lower case.

    A column without a name, such as the row numbers of pandas, gets the name that pandas would read.
    """
    header = [name or f"Unnamed: {number}" for number, name in enumerate(header)]
    usual = [name if name in asked else USUAL.get(name.casefold(), name) for name in header]
    return usual if len(set(usual)) == len(usual) else header


def parquet_records(chunks: Iterator[bytes], limits: ReadLimits) -> Iterator[RawRecord]:
    """The rows of a Parquet file. Raises UnreadableInput while iterating."""
    return _arrow_rows("Parquet", _parquet_batches, chunks, limits)


def arrow_records(chunks: Iterator[bytes], limits: ReadLimits) -> Iterator[RawRecord]:
    """The rows of an Arrow file or stream, as `datasets` saves them. Raises UnreadableInput while iterating."""
    return _arrow_rows("Arrow", _arrow_batches, chunks, limits)


def _arrow_rows(
    kind: str, batches: Callable[[IO[bytes], ReadLimits], Iterator[Any]], chunks: Iterator[bytes], limits: ReadLimits
) -> Iterator[RawRecord]:
    try:
        from pyarrow import ArrowException  # a large package, for few files
    except ImportError as error:
        raise UnreadableInput(
            gettext_noop("The file is %(kind)s. Install pyarrow, or save it as JSON lines."), kind=kind
        ) from error
    number = unpacked = 0
    with spooled(chunks, limits) as file:
        size = file.seek(0, 2)
        file.seek(0)
        try:
            for batch in batches(file, limits):
                # First of all: the places that a damaged file names may lie outside of its bytes, and its size, too.
                batch.validate(full=True)
                unpacked += batch.nbytes
                _refuse_huge(unpacked, size, limits)
                for row in batch.to_pylist():
                    number += 1
                    yield record_of(Place(number, number), row, limits)
        except UnreadableInput:
            raise
        except (ArrowException, OSError, MemoryError, ValueError, OverflowError, SystemError) as error:
            raise UnreadableInput(
                gettext_noop("The %(kind)s file cannot be read: it is damaged or incomplete. Save it again."), kind=kind
            ) from error


def _refuse_huge(unpacked: int, size: int, limits: ReadLimits) -> None:
    if unpacked > limits.unpacked_bytes and unpacked > size * limits.unpacked_ratio:
        raise UnreadableInput(
            gettext_noop("The file unpacks to more than %(ratio)s times its size. Import it unpacked, in parts."),
            ratio=limits.unpacked_ratio,
        )


def _parquet_batches(file: IO[bytes], limits: ReadLimits) -> Iterator[Any]:
    from pyarrow import parquet

    size = file.seek(0, 2)
    file.seek(0)
    table = parquet.ParquetFile(file)
    refuse_twice_named_fields(table.schema_arrow)
    groups = [table.metadata.row_group(number) for number in range(table.metadata.num_row_groups)]
    Tally(limits).count(max(table.metadata.num_rows, sum(one.num_rows for one in groups)), is_refused=False)
    _refuse_huge(sum(one.total_byte_size for one in groups), size, limits)
    yield from table.iter_batches(batch_size=ROWS_AT_ONCE)


def _arrow_batches(file: IO[bytes], limits: ReadLimits) -> Iterator[Any]:
    from pyarrow import ipc

    is_file = file.read(6) == ARROW_FILE
    file.seek(0)
    if is_file:
        reader = ipc.open_file(file)
        refuse_twice_named_fields(reader.schema)
        parts = (reader.get_batch(number) for number in range(reader.num_record_batches))
    else:
        reader = ipc.open_stream(file)
        refuse_twice_named_fields(reader.schema)
        parts = iter(reader)
    for part in parts:
        for start in range(0, part.num_rows, ROWS_AT_ONCE):
            yield part.slice(start, ROWS_AT_ONCE)


def column_rows(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows of a table by columns: lists of equal length, or objects by row number. Empty: it is none.

    Also the rows of a table of pandas as "split" (columns and data) or "index" (rows by number).
    """
    columns = list(value.values())
    if not columns:
        return []
    if {"columns", "data"} <= value.keys() <= {"columns", "index", "data"}:
        return _split_rows(value["columns"], value["data"], value.get("index"))
    if all(name.isdecimal() and isinstance(row, dict) for name, row in value.items()):
        return _named_rows(list(value), columns)
    if all(isinstance(column, list) for column in columns):
        length = len(columns[0])
        if any(len(column) != length for column in columns) or any(_is_message(column) for column in columns):
            return []
        return [dict(zip(value, cells, strict=True)) for cells in zip(*columns, strict=True)]
    if all(isinstance(column, dict) and column and all(key.isdecimal() for key in column) for column in columns):
        keys = list(columns[0])
        if any(list(column) != keys for column in columns):
            return []
        return _named_rows(keys, [{name: value[name][key] for name in value} for key in keys])
    return []


def _split_rows(names: Any, rows: Any, keys: Any) -> list[dict[str, Any]]:
    is_table = isinstance(names, list) and isinstance(rows, list) and all(isinstance(name, str) for name in names)
    if not is_table or not all(isinstance(row, list) and len(row) == len(names) for row in rows):
        return []
    is_index = isinstance(keys, list) and len(keys) == len(rows) and all(isinstance(key, str | int) for key in keys)
    listed = [dict(zip(names, row, strict=True)) for row in rows]
    return _named_rows([str(key) for key in keys], listed) if is_index else listed


def _named_rows(names: list[str], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with their names as ids, or beside an id of their own. Numbers from 0 on are no names, but places."""
    if names == [str(number) for number in range(len(rows))]:
        return rows
    return [{**row, NAME_OF_ROW if "id" in row else "id": name} for name, row in zip(names, rows, strict=True)]


def column_records(rows: list[dict[str, Any]], limits: ReadLimits) -> Iterator[RawRecord]:
    """The rows of a table by columns as records, all on the first line."""
    for number, row in enumerate(rows, 1):
        yield record_of(Place(1, number), row, limits)


def _is_separator_line(row: list[str], line: int) -> bool:
    return line == 1 and re.fullmatch("\ufeff?sep=.?", row[0]) is not None and not any(row[1:])


def _row(place: Place, header: list[str], row: list[str], limits: ReadLimits) -> RawRecord:
    cells = "".join(row)
    if not cells.isascii() and NO_UTF_8.search(cells):
        data = ",".join(row).encode("utf-8", "surrogateescape")  # the bytes as they are, which names the wrong one
        return RawRecord(place, data[: limits.record_bytes], len(data))
    if len(row) != len(header):
        return RawRecord(place, f"{len(row)} cells, {len(header)} columns".encode(), 0, "cells")
    texts = OWN_TEXTS if "votes" in header else ()
    values = {name: cell if name in texts else value_of(cell) for name, cell in zip(header, row, strict=True) if cell}
    return record_of(place, values, limits)


def _is_message(column: list[Any]) -> bool:
    return any(isinstance(one, dict) and ("role" in one or "from" in one or "type" in one) for one in column[:1])
