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
    stated = {"at": time_of(record), "seconds": seconds_of(record), "comment": comment_of(record)}
    if choice in ("first", "second"):
        stated["strength"] = strength_of(record.get("strength"))
    return Vote(annotator, choice, left="first", **(stated | values))


def opinion_fields(record: Mapping[str, Any]) -> list[str]:
    """The fields of a record that `opinion` uses."""
    names = [name for name in SECONDS if seconds_of({name: record.get(name)}) is not None]
    names += [name for name in TIMES if time_of({name: record.get(name)}) is not None][:1]
    names += [name for name in COMMENTS if comment_of({name: record.get(name)})][:1]
    return names + (["strength"] if strength_of(record.get("strength")) else [])


def time_of(record: Mapping[str, Any]) -> float | None:
    """When an opinion was given, in Unix seconds: a number, or a text in ISO 8601. None: not stated."""
    for name in TIMES:
        value = record.get(name)
        if (number := _number(value)) is not None:
            while abs(number) > MILLISECONDS:
                number /= 1000
            return number
        if isinstance(value, str):
            try:
                at = datetime.fromisoformat(value)
            except ValueError:
                continue
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    return None


def seconds_of(record: Mapping[str, Any]) -> float | None:
    """How long an opinion took. None: not stated."""
    numbers = (_number(record.get(name)) for name in SECONDS)
    return next((number for number in numbers if number is not None and 0 <= number < LONGEST), None)


def comment_of(record: Mapping[str, Any]) -> str:
    """The words of an annotator. Empty: none."""
    texts = (record.get(name) for name in COMMENTS)
    return next((text for text in texts if isinstance(text, str) and text.strip()), "")


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
