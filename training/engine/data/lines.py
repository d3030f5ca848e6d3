"""The lines of a data file as JSON objects: a line that is none, or says two things at once, is an error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.engine.errors import InputError, RecordError

_AT_ONCE = 512  # lines whose texts are tokenized together


def line_count(path: Path) -> int:
    """Lines of a data file that hold something; 0 where it cannot be read, which its reader says better."""
    try:
        with path.open("rb") as stream:
            return sum(not raw.isspace() for raw in stream)
    except OSError:
        return 0


def in_chunks(records: Iterator[tuple[int, dict[str, Any]]]) -> Iterator[list[tuple[int, dict[str, Any]]]]:
    """Some records at a time. Those before a line that cannot be read come first: they may be refused themselves."""
    chunk: list[tuple[int, dict[str, Any]]] = []
    try:
        for record in records:
            chunk.append(record)
            if len(chunk) == _AT_ONCE:
                yield chunk
                chunk = []
    except RecordError as error:
        yield chunk
        raise error from error.__cause__
    yield chunk


def read_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a file of JSON lines, with their line numbers. Raises InputError, RecordError."""
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InputError(f"cannot read the data file {path}: {error.strerror}") from error
    with stream:
        for number, raw in enumerate(stream, start=1):
            if not raw.strip():
                continue
            try:
                record = _parse(raw.decode("utf-8-sig" if number == 1 else "utf-8"))
            except UnicodeDecodeError as error:
                raise RecordError(path, number, f"not UTF-8 (byte {error.start})") from error
            except UnicodeEncodeError as error:
                half = ascii(error.object[error.start])[1:-1]
                raise RecordError(path, number, f"a text holds half of a character ({half})") from error
            except _DuplicateKey as error:
                raise RecordError(path, number, f"the key {str(error)!r} stands twice in one object") from error
            except (ValueError, RecursionError) as error:
                raise RecordError(path, number, f"not JSON: {error}") from error
            if not isinstance(record, dict):
                raise RecordError(path, number, f"expected a JSON object, got {type(record).__name__}")
            yield number, record


class _DuplicateKey(Exception):
    """A JSON object with the same key twice: which value is meant, nobody knows."""


def _parse(line: str) -> Any:
    """The value of a line. Raises _DuplicateKey, and UnicodeEncodeError for half of a surrogate pair."""
    value = _DECODER.decode(line)
    if "\\u" in line:  # only an escape can hold one
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateKey(next(name for name in names if names.count(name) > 1))
    return values


_DECODER = json.JSONDecoder(object_pairs_hook=_without_duplicates)
