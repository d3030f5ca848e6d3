"""The opinions of a record: who preferred which completion, how strongly, when, and with which words."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from labeling.exchange.records import JsonObject, Vote

TIMES = ("created_at", "tstamp", "timestamp", "judged_at", "inserted_at", "updated_at")
SECONDS = ("lead_time", "seconds", "duration")
COMMENTS = ("comment", "comments", "reason", "reasoning", "rationale", "explanation", "feedback")
MILLISECONDS = 1e11
"""A larger number of seconds is in milliseconds, microseconds or nanoseconds, as some tools write times."""
LONGEST = 1e7
"""Seconds. An opinion that took longer was not timed."""
STRONGEST = 3
"""The strength "much better"; "clearly" is 2, "slightly" 1."""


def opinion(annotator: str, choice: str, record: Mapping[str, Any], **values: Any) -> Vote:
    """An opinion, with its time, seconds, strength and comment where the record states them. values: of the vote."""
    stated: dict[str, Any] = {"at": None, "seconds": None, "comment": ""}
    stated |= {part: value for part, (_, value) in _stated(record, choice).items()}
    return Vote(annotator, choice, left="first", **(stated | values))


def opinion_fields(record: Mapping[str, Any], choice: str, **values: Any) -> list[str]:
    """The fields of a record that `opinion` uses: one for each part, and none for those that values give."""
    return [field for part, (field, _) in _stated(record, choice).items() if part not in values]


def unused(record: JsonObject, choice: str, *used: str, **values: Any) -> JsonObject:
    """The fields of a record that have a value, and that neither `opinion` nor its caller uses."""
    return without(record, *used, *opinion_fields(record, choice, **values))


def _stated(record: Mapping[str, Any], choice: str) -> dict[str, tuple[str, Any]]:
    """The parts of an opinion that a record states, each with its field: the first that can be used; and its value."""
    parts = (("at", TIMES, _moment), ("seconds", SECONDS, _duration), ("comment", COMMENTS, _words))
    found: dict[str, tuple[str, Any]] = {}
    for part, names, read in parts:
        for name in names:
            if (value := record.get(name)) is not None and (usable := read(value)) is not None:
                found[part] = name, usable
                break
    if choice in ("first", "second") and (strength := strength_of(record.get("strength"))):
        found["strength"] = "strength", strength
    return found


def _moment(value: Any) -> float | None:
    """Unix seconds: a number, or a text in ISO 8601."""
    if (number := _number(value)) is not None:
        while abs(number) > MILLISECONDS:
            number /= 1000
        return number
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return None if at is None else (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _duration(value: Any) -> float | None:
    number = _number(value)
    return number if number is not None and 0 <= number < LONGEST else None


def _words(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def strength_of(value: Any) -> int | None:
    """A strength of ours, 1 to 3. None: it is none."""
    number = _number(value)
    return None if number is None or number not in range(1, STRONGEST + 1) else int(number)


def _number(value: Any) -> float | None:
    """A finite number, also as text, as a table has it."""
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def person_name(value: Any, longest: int) -> str:
    """The name of an annotator from a name, a number, or an object with an e-mail address, a user name or an id."""
    if isinstance(value, dict):
        keys = ("email", "username", "name", "user_name", "id", "user_id")
        return next((name for key in keys if (name := person_name(value.get(key), longest))), "")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    name = str(value).strip()
    return name if len(name) <= longest else ""


def without(values: JsonObject, *names: str) -> JsonObject:
    """The other fields that have a value."""
    return {name: value for name, value in values.items() if name not in names and value not in (None, "", [], {})}
