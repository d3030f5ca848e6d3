"""The cells of tables: how rows are cut into them, what a cell holds, and a row as a record."""

import base64
import codecs
import csv
import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from labeling.exchange.decoding import OWN_TEXTS
from labeling.exchange.raw import Place, Problem, RawRecord, ReadLimits
from labeling.exchange.tables import OWN_ROW

QUOTES = "expected after"
"""The words of csv for a quotation mark within a cell that is not doubled."""


def text_lines(chunks: Iterator[bytes], longest: int) -> Iterator[str]:
    """The lines of a table with their ends. One with more characters than `longest` comes in parts."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    pending: list[str] = []
    size = 0
    for chunk in chunks:
        text = decoder.decode(chunk)
        if "\n" in text:
            first, *lines = re.split(r"(?<=\n)", text)
            yield "".join((*pending, first))
            *lines, text = lines
            yield from lines
            pending, size = [], 0
        pending.append(text)
        size += len(text)
        if size > longest:
            yield "".join(pending)
            pending, size = [], 0
    if size:
        yield "".join(pending)


class _TooLongError(Exception):
    """The row that is being read is longer than a row may be."""


def rows_of(
    lines: Iterator[str], delimiter: str, longest: int
) -> Iterator[tuple[int, list[str] | tuple[Problem, int]]]:
    """The rows of a table, each with the line on which it starts, from 1; or why it is none, and its size.

    lines: with their ends; one that is longer than `longest` may come in parts. A row with more characters than
    `longest` is passed over without being loaded. Read leniently, a cell in which backslashes escape quotation marks,
    as Spark and MySQL write it, would lose these and keep the backslashes. Raises csv.Error if nobody can tell where
    such a row ends.
    """
    taken: list[str] = []
    size = number = 0

    def remembered() -> Iterator[str]:
        nonlocal size, number
        for line in lines:
            taken.append(line)
            size += len(line)
            number += line.endswith("\n")
            if size > longest:
                raise _TooLongError
            yield line

    reader = csv.reader(remembered(), delimiter=delimiter, strict=True)
    while True:
        start, size = number + 1, 0
        taken.clear()
        try:
            yield start, next(reader)
        except StopIteration:
            return
        except _TooLongError:
            rest, lines_in_it = _end_of_row(taken, lines)
            number += lines_in_it
            yield start, ("too_large", size + rest)
            reader = csv.reader(remembered(), delimiter=delimiter, strict=True)
        except csv.Error as error:
            if QUOTES not in str(error) or "".join(taken).replace('\\"', "").count('"') % 2:
                raise
            yield start, ("quotes", 0)


def _end_of_row(taken: list[str], lines: Iterator[str]) -> tuple[int, int]:
    """Reads on to the end of a row that began with `taken`. The characters read, and the lines that ended.

    The row ends with the line in which its quotation marks match. Raises csv.Error if there is none.
    """
    quotes = sum(line.count('"') for line in taken)
    last, size, ended = taken[-1], 0, 0
    while quotes % 2 or not last.endswith("\n"):
        following = next(lines, None)
        if following is None and quotes % 2:
            raise csv.Error("unexpected end of data")
        if following is None:
            break
        last = following
        size += len(last)
        ended += last.endswith("\n")
        quotes += last.count('"')
    return size, ended


def value_of(cell: str) -> Any:
    """A cell: messages that are written as JSON become messages. Other JSON is text: a completion may be JSON."""
    if not (cell.startswith(('[{"', '{"')) and cell.endswith(("]", "}"))):
        return cell
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        return cell
    turns = value.get("messages") if isinstance(value, dict) else value
    return value if isinstance(turns, list) and turns and all(map(_is_turn, turns)) else cell


def _is_turn(value: Any) -> bool:
    """Whether a value is a message: who speaks, and what; of calls, it needs no text."""
    if not isinstance(value, dict):
        return False
    return ("role" in value and ("content" in value or "tool_calls" in value)) or ("from" in value and "value" in value)


def record_of(place: Place, row: Mapping[str, Any], limits: ReadLimits) -> RawRecord:
    """The row of a table as the bytes of a record, measured as JSON lines are."""
    row = _plain(row)
    data = _encoded(row)
    if len(data) > limits.record_bytes and row.keys() >= OWN_ROW:
        data = _encoded(_once(row))
    problem = "too_large" if len(data) > limits.record_bytes else None
    return RawRecord(place, data[: limits.record_bytes], len(data), problem)  # type: ignore[arg-type]


def _encoded(row: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(row, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which is refused where it is read
        return json.dumps(row, ensure_ascii=True, default=str).encode()


def _once(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of our own tables with each text once: one that is too long may be short enough so.

    Its reader takes the texts from `a` and `b`, and those of several turns from the turns.
    """
    repeated = ["chosen", "rejected", *(name for name in OWN_TEXTS if row.get(f"turns_{name}"))]
    return {**row, **{name: "" for name in repeated if name in row}}


def _plain(value: Any) -> Any:
    """A value for JSON. NaN, which tables write where a value is missing, becomes null.

    Bytes are text, as Spark and Hive write it. Others become an object, which no reader takes for a text.
    """
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(value).decode()}
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value
