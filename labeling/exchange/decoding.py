"""Turns the bytes of one record into JSON that a database can store."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

from common.phrases import Count, Marked, Phrase, gettext_noop
from labeling.exchange.causes import cause_of
from labeling.exchange.parsing import BadRecordError, kind_of, shortened
from labeling.exchange.python_notation import IN_PYTHON, as_json
from labeling.exchange.raw import RawRecord, ReadLimits
from labeling.exchange.records import JsonObject, Rejected

DEEPEST = 64
"""Levels of nesting in one record. Python can read about a thousand, but may then fail to write them."""

NESTED = gettext_noop("The JSON is nested more than %(most)s levels deep.")
NOT_JSON = (
    gettext_noop("Not valid JSON: %(reason)s at character %(at)s."),
    gettext_noop("Not valid JSON: %(reason)s at character %(at)s. One record per line is expected."),
)
JSON_FAULTS = (
    gettext_noop("Expecting value"),
    gettext_noop("Expecting property name enclosed in double quotes"),
    gettext_noop("Expecting ':' delimiter"),
    gettext_noop("Expecting ',' delimiter"),
    gettext_noop("Illegal trailing comma before end of object"),
    gettext_noop("Illegal trailing comma before end of array"),
    gettext_noop("Unterminated string starting"),
    gettext_noop("Invalid control character"),
    gettext_noop("Invalid \\escape"),
    gettext_noop("Invalid \\uXXXX escape"),
    gettext_noop("Extra data"),
)
"""The faults that Python's reader of JSON names. Another version may name others, which stay English."""


def rejected(raw: RawRecord, error: BadRecordError, limits: ReadLimits) -> Rejected:
    """The rejection of a record, with an excerpt of its beginning that is safe to display."""
    data = REFUSED.sub(b"", raw.data, count=1)
    head = data[: 4 * limits.excerpt_chars].decode("utf-8", "replace").replace("\x00", "\ufffd")
    return Rejected(
        raw.place.line, raw.place.record, error.code, error.reason, head[: limits.excerpt_chars], error.field
    )


def parse_text(raw: RawRecord, limits: ReadLimits) -> str:
    """The record as text. Raises BadRecordError if it is too large, incomplete, or not UTF-8."""
    if raw.problem == "cells":
        raise _unfit_row(raw.data.decode())
    if raw.problem:
        raise _incomplete(raw.problem, raw.size, limits)
    try:
        return raw.data.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = raw.data[error.start]
        text = gettext_noop("Not UTF-8: byte 0x%(byte)s at byte %(at)s. Save the file as UTF-8.")
        raise BadRecordError("encoding", text, byte=f"{byte:02x}", at=error.start + 1) from error


def parse_json(raw: RawRecord, limits: ReadLimits) -> Any:
    """The record as JSON. Raises BadRecordError.

    It also refuses what JSON readers usually accept and a database cannot store: a duplicate field, NaN and infinite
    numbers, NUL characters, half of a surrogate pair.
    """
    if of_archive := REFUSED.match(raw.data):
        raise _incomplete(of_archive[1].decode(), int(of_archive[2]), limits)
    text = parse_text(raw, limits)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        if UNFIT_ROW.fullmatch(text):  # of a table in an archive, whose rows come as lines
            raise _unfit_row(text) from error
        reason = Phrase(Marked(error.msg.removesuffix(" at")))
        raise BadRecordError("not_json", NOT_JSON[text in {"{", "["}], reason=reason, at=error.colno) from error
    except RecursionError as error:
        raise BadRecordError("not_json", NESTED, most=DEEPEST) from error
    except ValueError as error:  # a whole number with thousands of digits
        raise BadRecordError("not_json", gettext_noop("Not usable JSON: %(error)s."), error=cause_of(error)) from error
    if text.count("[") + text.count("{") > DEEPEST and _depth_exceeds(value, DEEPEST):
        raise BadRecordError("not_json", NESTED, most=DEEPEST)
    if "\\u" in text:  # both can only get in as an escape: JSON forbids raw control characters, UTF-8 raw surrogates
        for string in _strings(value):
            require_storable(string)
    return value


REFUSED = re.compile(rb"record refused: (too_large|unclosed|trailing|quotes|shortened) of (\d+) bytes(?: |$)")
"""The beginning of a line that stands for an incomplete record of an archive, whose records come as lines."""


def line_of(raw: RawRecord, limits: ReadLimits) -> bytes:
    """A record of an archive as a line. Of an incomplete one, why, and its beginning: it is refused by its reason."""
    data = raw.data
    if raw.problem and raw.problem != "cells":
        data = b"record refused: %b of %d bytes " % (raw.problem.encode(), raw.size) + data[: 4 * limits.excerpt_chars]
    return data.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"


def _incomplete(problem: str, size: int, limits: ReadLimits) -> BadRecordError:
    if problem == "too_large":
        text = gettext_noop("The record has %(size)s bytes; %(most)s are allowed.")
        return BadRecordError("too_large", text, size=Count(size), most=Count(limits.record_bytes))
    if problem == "unclosed":
        text = gettext_noop("The JSON array ends too early or has a bracket or quote that is not closed.")
        return BadRecordError("not_json", text)
    if problem == "trailing":
        return BadRecordError("not_json", gettext_noop("There is something after the end of the JSON array."))
    if problem == "shortened":
        text = gettext_noop("The datasets server has shortened this row. Download the data set's own files.")
        return BadRecordError("shortened", text)
    text = gettext_noop("The quotation marks of the row do not match: within a cell in quotation marks, double each.")
    return BadRecordError("cells", text)


UNFIT_ROW = re.compile(r"(\d+) cells, (\d+) columns\s*")
"""The bytes of a table's row that does not fit its header."""


def stands_for_refused(line: bytes) -> bool:
    """Whether a line stands for a record of an archive that is refused."""
    return bool(REFUSED.match(line) or UNFIT_ROW.fullmatch(line.decode("utf-8", "replace")))


def _unfit_row(text: str) -> BadRecordError:
    cells, columns = UNFIT_ROW.fullmatch(text).groups()  # type: ignore[union-attr]
    reason = gettext_noop("The row does not fit the header: %(cells)s cells, %(columns)s columns.")
    return BadRecordError("cells", reason, cells=cells, columns=columns)


MESSAGE_FIELDS = (("role", "content"), ("from", "value"))
"""The fields of a message that say who speaks and what."""

OWN_TEXTS = ("a", "b")
"""The completions of a row of our own tables."""

SPEAKERS = ("assistant", "gpt", "model", "user", "human", "system")
"""The roles by which an object alone is a message. Any other may be a completion that is JSON."""

ALWAYS_TEXTS = ("output_1", "output_2", "human_ref_A", "human_ref_B")
"""Fields that no file writes as messages."""

_MESSAGES = re.compile(r"\[\s*\{|\{\s*[\"'](?:role|from|content|value)[\"']\s*:")


def parse_object(raw: RawRecord, limits: ReadLimits) -> JsonObject:
    """The record as a JSON object. Raises BadRecordError if it is anything else."""
    value = parse_json(raw, limits)
    if not isinstance(value, dict):
        text = gettext_noop("The record is a JSON %(kind)s where an object is expected.")
        raise BadRecordError("not_an_object", text, kind=kind_of(value))
    return with_messages(value)


def with_messages(record: JsonObject) -> JsonObject:
    """The record with the messages of fields that hold them as a text: in JSON, or in Python's notation.

    Tables and careless programs write them so: pandas and `datasets` print lists in Python's notation into a CSV file.
    Taken for a text, such a prompt would be shown and trained as it is. The completions of our own tables are texts.
    """
    for name, value in record.items():
        if not isinstance(value, str) or value[:1] not in ("[", "{") or name in ALWAYS_TEXTS:
            continue
        if name in OWN_TEXTS and "votes" in record:
            continue
        if (messages := _messages_in(value, name)) is not None:
            record[name] = messages
    return record


def _messages_in(text: str, name: str) -> list[JsonObject] | None:
    """The messages that a text is. None: it is another text. Raises BadRecordError for messages that cannot be read."""
    if not _MESSAGES.match(text):
        return None
    written = as_json(text) if IN_PYTHON.match(text) else text
    if written is None:
        named = all(any(f"'{one}'" in text for one in names) for names in zip(*MESSAGE_FIELDS, strict=True))
        if not named or not text.rstrip().endswith("]"):  # a text that goes on, such as a program, or of another matter
            return None
        reason = gettext_noop("The field %(name)s holds messages in Python's notation that cannot be read.")
        raise BadRecordError("wrong_type", reason, name, name=repr(name))
    try:
        value = _DECODER.decode(written)
    except (ValueError, RecursionError, BadRecordError):  # a text about numbers and fields, not messages
        return None
    is_alone = isinstance(value, dict) and len(value) == 2 and (value.get("role") or value.get("from")) in SPEAKERS
    values = [value] if is_alone else value
    are_messages = isinstance(values, list) and all(
        isinstance(one, dict) and any(who in one and said in one for who, said in MESSAGE_FIELDS) for one in values
    )
    if not are_messages:
        return None
    if _depth_exceeds(values, DEEPEST):
        raise BadRecordError("not_json", NESTED, most=DEEPEST)
    for string in _strings(values):
        require_storable(string)
    return list(values)


def turns_in(text: str) -> list[Any] | None:
    """The earlier turns that a text lists: pairs of texts, or none. None: it is another text."""
    try:
        value = _DECODER.decode(as_json(text) or "")
    except (ValueError, RecursionError, BadRecordError):
        return None
    if not isinstance(value, list) or not all(isinstance(one, list) for one in value) or _depth_exceeds(value, 2):
        return None
    for string in _strings(value):
        require_storable(string)
    return value


def require_storable(text: str) -> None:
    """Raises BadRecordError for characters that the database cannot store."""
    if "\x00" in text:
        raise BadRecordError("character", gettext_noop("The text contains the NUL character, which cannot be stored."))
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        half = gettext_noop("The text contains half of a surrogate pair (U+%(point)s).")
        raise BadRecordError("character", half, point=f"{ord(text[error.start]):04X}") from error


def _object(pairs: list[tuple[str, Any]]) -> JsonObject:
    values = dict(pairs)
    if len(values) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        text = gettext_noop("The field %(name)s occurs twice in one object.")
        raise BadRecordError("duplicate_field", text, name=shortened(twice))
    return values


def _constant(name: str) -> NoReturn:
    raise BadRecordError("not_json", gettext_noop("Not valid JSON: the number %(number)s."), number=name)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise BadRecordError("not_json", gettext_noop("The number %(number)s is too large."), number=shortened(digits))
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
