"""The columns of a file in no known format, with an example of each, for people who say what they hold."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from common.prompt_fields import LIKE_PROMPTS
from labeling.exchange.decoding import parse_json
from labeling.exchange.errors import ExchangeError, UnknownDialect
from labeling.exchange.mapping import ALWAYS_FIRST, PARTS, mapping_text, parse_mapping
from labeling.exchange.opening import open_records
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.questions import asks_for_better
from labeling.exchange.raw import ByteStream, ReadLimits
from labeling.exchange.usual_names import bare

RECORDS = 20
"""The records that are looked at."""
MOST = 100
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
LONGEST_NAME, LONGEST_EXAMPLE = 200, 60

TEXTS = ("response", "answer", "output", "completion", "text", "reply", "message")
"""Words that stand beside the side in the name of a column: `chosen-response`."""


def _beside(*sides: str) -> tuple[str, ...]:
    return tuple(name for side in sides for text in TEXTS for name in (f"{side}{text}", f"{text}{side}"))


PREFERRED = ("chosen", "good", *_beside("chosen", "good")), ("rejected", "bad", *_beside("rejected", "bad"))
"""Names of two columns of which the first is always the preferred one."""

NAMES: Mapping[str, Collection[str]] = {
    "prompt": (
        *("prompt", "question", "instruction", "query", "input", "user", "context", "messages"),
        *(name.replace("_", "") for name in LIKE_PROMPTS),
    ),
    "a": ("a", *PREFERRED[0], *_beside("a", "1")),
    "b": ("b", *PREFERRED[1], *_beside("b", "2")),
    "preference": ("preference", "winner", "label", "choice", "better", "verdict", "preferred", "result"),
    "annotator": ("annotator", "annotatorid", "annotatorname", "workerid", "worker", "labeler", "labelerid", "rater"),
    "system": ("system", "systemprompt"),
    "id": ("id", "uid", "uuid", "key", "questionid", "externalid"),
}
"""Usual names of columns, without case and punctuation, by the part that they hold."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column. name: inside of an object with a dot. example: the beginning of its first value."""

    name: str
    example: str


def columns_of(stream: ByteStream, limits: ReadLimits | None = None) -> list[Column]:
    """The columns of the first records, in order. Empty: the file holds no objects, or cannot be read."""
    limits = limits or ReadLimits()
    examples: dict[str, str] = {}
    try:
        _, records = open_records(stream, limits, any_table=True)
        for raw in islice(records, RECORDS):
            try:
                record = parse_json(raw, limits)
            except BadRecordError:
                continue
            if isinstance(record, dict):
                _collect(record, "", examples)
    except ExchangeError:
        return []
    return [Column(name, example) for name, example in islice(examples.items(), MOST)]


def likely_mapping(columns: Collection[str]) -> dict[str, str]:
    """The parts that columns hold by their names. A part whose column has no usual name is left out."""
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(_bare(column), column)
    likely = {part: next((by_name[name] for name in NAMES[part] if name in by_name), "") for part in PARTS}
    if not likely["preference"] and likely["a"] and likely["b"]:
        free = (name for name in columns if name not in likely.values())
        likely["preference"] = next((name for name in free if asks_for_better(re.split("[.:]", name)[-1])), "")
    if all(_bare(likely[part]) in names for part, names in zip("ab", PREFERRED, strict=True)):
        likely["preference"] = ALWAYS_FIRST
    return {part: column for part, column in likely.items() if column}


def proposed_mapping(record: Mapping[str, Any]) -> str:
    """The text of a mapping that reads a record of no known format as two completions. Empty: its names tell none."""
    if _holds_records(record):
        return ""
    examples: dict[str, str] = {}
    _collect(record, "", examples)
    likely = likely_mapping(examples)
    text = mapping_text(likely)
    try:
        return text if {"prompt", "a", "b"} <= likely.keys() and parse_mapping(text) == likely else ""
    except UnknownDialect:
        return ""


def _holds_records(record: Mapping[str, Any]) -> bool:
    """Whether an object holds records by their ids: all of its values are objects with the same fields."""
    inner = list(record.values())
    return len(inner) > 1 and all(isinstance(one, dict) and one and one.keys() == inner[0].keys() for one in inner)


def plain_names(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record with the names of its fields in small letters and with underscores."""
    return {re.sub(r"[\W_]+", "_", name.casefold()).strip("_"): value for name, value in record.items()}


def _bare(column: str) -> str:
    """The name of a column, without case and punctuation, and without that of the object that it is in."""
    return bare(re.split("[.:]", column)[-1])


def _collect(record: Mapping[str, Any], prefix: str, examples: dict[str, str]) -> None:
    for name, value in record.items():
        column = prefix + name
        if isinstance(value, dict) and value and not prefix:
            _collect(value, f"{name}.", examples)
        elif len(column) <= LONGEST_NAME and not UNSTORABLE.search(column):
            examples[column] = examples.get(column) or _example(value)


def _example(value: Any) -> str:
    if value is None:
        return ""
    text = UNSTORABLE.sub(
        "", " ".join((value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).split())
    )
    return text if len(text) <= LONGEST_EXAMPLE else text[:LONGEST_EXAMPLE] + "…"
