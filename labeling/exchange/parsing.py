"""Parses the bytes of one record into checked parts: objects, messages, completions. Words all refusals."""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from labeling.exchange.raw import RawRecord, ReadLimits
from labeling.exchange.records import JsonObject, Message, Preference, Rejected

DEEPEST = 64
"""Levels of nesting in one record. Python can read about a thousand, but may then fail to write them."""

ROLES = ("system", "user", "assistant")

GOLD: Mapping[str, Preference] = {
    "chosen": "first",
    "rejected": "second",
    "first": "first",
    "second": "second",
    "tie": "tie",
    "both_bad": "both_bad",
}
"""The values of a record's field `gold`."""


class BadRecordError(Exception):
    """A record cannot be imported. It never leaves labeling.exchange: it becomes a `Rejected`."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def rejected(raw: RawRecord, error: BadRecordError, limits: ReadLimits) -> Rejected:
    """The rejection of a record, with an excerpt of its beginning that is safe to display."""
    head = raw.data[: 4 * limits.excerpt_chars].decode("utf-8", "replace").replace("\x00", "\ufffd")
    return Rejected(raw.place.line, raw.place.record, error.code, error.reason, head[: limits.excerpt_chars])


def parse_text(raw: RawRecord, limits: ReadLimits) -> str:
    """The record as text. Raises BadRecordError if it is too large, incomplete, or not UTF-8."""
    if raw.problem == "too_large":
        allowed = f"{limits.record_bytes:,} are allowed"
        raise BadRecordError("too_large", f"The record has {raw.size:,} bytes; {allowed}.")
    if raw.problem == "unclosed":
        raise BadRecordError("not_json", "The JSON array ends too early or has a bracket or quote that is not closed.")
    if raw.problem == "trailing":
        raise BadRecordError("not_json", "There is something after the end of the JSON array.")
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
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)
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
        raise BadRecordError("not_an_object", f"The record is a JSON {_kind(value)} where an object is expected.")
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


def required(record: Mapping[str, Any], name: str) -> Any:
    """The value of a field. Raises BadRecordError, which names the field."""
    if name not in record:
        raise BadRecordError("missing_field", f"The field {name!r} is missing.")
    return record[name]


def required_text(record: Mapping[str, Any], name: str) -> str:
    """The value of a text field. Raises BadRecordError, which names the field."""
    value = required(record, name)
    if not isinstance(value, str):
        raise BadRecordError("wrong_type", f"The field {name!r} is a JSON {_kind(value)} where text is expected.")
    return value


def optional_name(record: Mapping[str, Any], name: str, longest: int) -> str:
    """A short text or whole number as text; empty: absent or null. Raises BadRecordError if it is too long."""
    value = record.get(name)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadRecordError("wrong_type", f"The field {name!r} is a JSON {_kind(value)} where text is expected.")
    text = str(value)
    if len(text) > longest:
        raise BadRecordError("too_long", f"The field {name!r} has {len(text)} characters; {longest} are allowed.")
    return text


def optional_gold(record: Mapping[str, Any]) -> Preference | None:
    """The known verdict of gold: first (chosen), second, tie or both_bad. None: not gold."""
    value = record.get("gold")
    if value is None:
        return None
    if not isinstance(value, str) or value not in GOLD:
        raise BadRecordError("gold", f"The field 'gold' is {_short(value)}; known are {', '.join(GOLD)}.")
    return GOLD[value]


def rest(record: Mapping[str, Any], *used: str) -> JsonObject:
    """The fields of a record that are not in `used`."""
    return {name: value for name, value in record.items() if name not in used}


def messages(value: Any, where: str) -> list[Message]:
    """A list of chat messages with known roles and text contents. where: its name in the refusal."""
    if not isinstance(value, list):
        raise BadRecordError(
            "wrong_type", f"{_sentence(where)} is a JSON {_kind(value)} where a list of messages is expected."
        )
    return [_message(item, f"Message {number} of {where}") for number, item in enumerate(value, 1)]


def prompt(value: Any, where: str = "the prompt") -> list[Message]:
    """A prompt from a list of messages, or from a text as one user message."""
    if isinstance(value, str):
        return checked_prompt([Message(role="user", content=value)], where)
    return checked_prompt(messages(value, where), where)


def checked_prompt(conversation: Sequence[Message], where: str = "the prompt") -> list[Message]:
    """The conversation, if a completion can follow it.

    Not empty, no blank message, a system message only at the start, a user message at the end.
    """
    if not conversation:
        raise BadRecordError("empty_prompt", f"{_sentence(where)} is empty.")
    for number, message in enumerate(conversation, 1):
        if not message["content"].strip():
            raise BadRecordError("empty_prompt", f"Message {number} of {where} is empty.")
        if message["role"] == "system" and number > 1:
            raise BadRecordError("role", f"Message {number} of {where} is a system message; only the first may be.")
    if conversation[-1]["role"] != "user":
        role = conversation[-1]["role"]
        raise BadRecordError("role", f"{_sentence(where)} ends with a message of {role!r}; it must end with 'user'.")
    return list(conversation)


def completion(value: Any, name: str) -> str:
    """The text of a completion, from a text or from a list of one assistant message."""
    if isinstance(value, str):
        return value
    listed = messages(value, repr(name))
    if len(listed) != 1 or listed[0]["role"] != "assistant":
        raise BadRecordError("role", f"{name!r} must be a single message of 'assistant'.")
    return listed[0]["content"]


def check_completions(first: str, second: str, names: tuple[str, str]) -> None:
    """Raises BadRecordError if a completion is empty or both are the same."""
    for text, name in zip((first, second), names, strict=True):
        if not text.strip():
            raise BadRecordError("empty_completion", f"The completion {name!r} is empty.")
    if first.strip() == second.strip():
        raise BadRecordError("identical_completions", f"The completions {names[0]!r} and {names[1]!r} are identical.")


def _message(item: Any, where: str) -> Message:
    if not isinstance(item, dict):
        raise BadRecordError("wrong_type", f"{where} is a JSON {_kind(item)} where an object is expected.")
    role, content = item.get("role"), item.get("content")
    if role not in ROLES:
        raise BadRecordError("role", f"{where} has the role {_short(role)}; known are {', '.join(ROLES)}.")
    if not isinstance(content, str):
        raise BadRecordError("wrong_type", f"{where} has no text content.")
    return Message(role=role, content=content)


def _object(pairs: list[tuple[str, Any]]) -> JsonObject:
    values = dict(pairs)
    if len(values) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise BadRecordError("duplicate_field", f"The field {_short(twice)} occurs twice in one object.")
    return values


def _constant(name: str) -> NoReturn:
    raise BadRecordError("not_json", f"Not valid JSON: the number {name}.")


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise BadRecordError("not_json", f"The number {_short(digits)} is too large.")
    return number


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


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    kinds = {dict: "object", list: "array", str: "string", bool: "boolean", int: "number", float: "number"}
    return kinds[type(value)]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
