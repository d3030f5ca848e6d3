"""The cells of tables: how rows are cut into them, what a cell holds, and a row as a record."""

import base64
import csv
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from labeling.exchange.raw import Place, RawRecord, ReadLimits

QUOTES = "expected after"
"""The words of csv for a quotation mark within a cell that is not doubled."""


def rows_of(lines: Iterator[str], delimiter: str) -> Iterator[tuple[int, list[str] | None]]:
    """The rows of a table, each with the line on which it starts, from 1. None: its quotation marks do not match.

    Read leniently, a cell in which backslashes escape quotation marks, as Spark and MySQL write it, would lose these
    and keep the backslashes. Raises csv.Error if nobody can tell where such a row ends.
    """
    taken: list[str] = []

    def remembered() -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    reader = csv.reader(remembered(), delimiter=delimiter, strict=True)
    while True:
        start = reader.line_num + 1
        taken.clear()
        try:
            yield start, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if QUOTES not in str(error) or "".join(taken).replace('\\"', "").count('"') % 2:
                raise
            yield start, None


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
    """The row of a table as the bytes of a record."""
    data = json.dumps(_plain(row), ensure_ascii=True, default=str).encode()
    problem = "too_large" if len(data) > limits.record_bytes else None
    return RawRecord(place, data[: limits.record_bytes], len(data), problem)  # type: ignore[arg-type]


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
