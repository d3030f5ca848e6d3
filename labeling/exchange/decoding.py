"""Turns the bytes of one record into JSON that a database can store."""

import json
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

from labeling.exchange.parsing import BadRecordError, kind_of, shortened
from labeling.exchange.raw import RawRecord, ReadLimits
from labeling.exchange.records import JsonObject, Rejected

DEEPEST = 64
"""Levels of nesting in one record. Python can read about a thousand, but may then fail to write them."""


def rejected(raw: RawRecord, error: BadRecordError, limits: ReadLimits) -> Rejected:
    """The rejection of a record, with an excerpt of its beginning that is safe to display."""
    head = raw.data[: 4 * limits.excerpt_chars].decode("utf-8", "replace").replace("\x00", "\ufffd")
    return Rejected(
        raw.place.line, raw.place.record, error.code, error.reason, head[: limits.excerpt_chars], error.field
    )


def parse_text(raw: RawRecord, limits: ReadLimits) -> str:
    """The record as text. Raises BadRecordError if it is too large, incomplete, or not UTF-8."""
    if raw.problem == "too_large":
        allowed = f"{limits.record_bytes:,} are allowed"
        raise BadRecordError("too_large", f"The record has {raw.size:,} bytes; {allowed}.")
    if raw.problem == "unclosed":
        raise BadRecordError("not_json", "The JSON array ends too early or has a bracket or quote that is not closed.")
    if raw.problem == "trailing":
        raise BadRecordError("not_json", "There is something after the end of the JSON array.")
    if raw.problem == "cells":
        raise BadRecordError("cells", f"The row does not fit the header: {raw.data.decode()}.")
    try:
        return raw.data.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = raw.data[error.start]
        raise BadRecordError("encoding", f"Not UTF-8: byte 0x{byte:02x} at byte {error.start + 1}.") from error


def parse_json(raw: RawRecord, limits: ReadLimits) -> Any:
    """The record as JSON. Raises BadRecordError.

    It also refuses what JSON readers usually accept and a database cannot store: a duplicate field, NaN and infinite
    numbers, NUL characters, half of a surrogate pair.
    """
    text = parse_text(raw, limits)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        hint = " One record per line is expected." if text in {"{", "["} else ""
        reason = error.msg.removesuffix(" at")
        raise BadRecordError("not_json", f"Not valid JSON: {reason} at character {error.colno}.{hint}") from error
    except RecursionError as error:
        raise BadRecordError("not_json", f"The JSON is nested more than {DEEPEST} levels deep.") from error
    except ValueError as error:  # a whole number with thousands of digits
        raise BadRecordError("not_json", f"Not usable JSON: {error}.") from error
    if text.count("[") + text.count("{") > DEEPEST and _depth_exceeds(value, DEEPEST):
        raise BadRecordError("not_json", f"The JSON is nested more than {DEEPEST} levels deep.")
    if "\\u" in text:  # both can only get in as an escape: JSON forbids raw control characters, UTF-8 raw surrogates
        for string in _strings(value):
            require_storable(string)
    return value


def parse_object(raw: RawRecord, limits: ReadLimits) -> JsonObject:
    """The record as a JSON object. Raises BadRecordError if it is anything else."""
    value = parse_json(raw, limits)
    if not isinstance(value, dict):
        raise BadRecordError("not_an_object", f"The record is a JSON {kind_of(value)} where an object is expected.")
    return value


def require_storable(text: str) -> None:
    """Raises BadRecordError for characters that the database cannot store."""
    if "\x00" in text:
        raise BadRecordError("character", "The text contains the NUL character, which cannot be stored.")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise BadRecordError(
            "character", f"The text contains half of a surrogate pair (U+{ord(text[error.start]):04X})."
        ) from error


def _object(pairs: list[tuple[str, Any]]) -> JsonObject:
    values = dict(pairs)
    if len(values) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise BadRecordError("duplicate_field", f"The field {shortened(twice)} occurs twice in one object.")
    return values


def _constant(name: str) -> NoReturn:
    raise BadRecordError("not_json", f"Not valid JSON: the number {name}.")


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise BadRecordError("not_json", f"The number {shortened(digits)} is too large.")
    return number


# Made once: `json.loads` with hooks makes a decoder at every call.
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)


def _strings(value: Any) -> Iterator[str]:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            pending.extend(item.keys())
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)


def _depth_exceeds(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        layer = [
            inner
            for item in layer
            if isinstance(item, dict | list)
            for inner in (item.values() if isinstance(item, dict) else item)
        ]
        if not layer:
            return False
    return any(isinstance(item, dict | list) for item in layer)
