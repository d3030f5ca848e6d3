"""The bytes of one record become checked parts, or a refusal with a code."""

import json
from typing import Any

import pytest

from labeling.exchange import decoding, parsing
from labeling.exchange.decoding import DEEPEST
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.raw import Place, RawRecord, ReadLimits

LIMITS = ReadLimits()


def raw(value: object) -> RawRecord:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return RawRecord(Place(1, 1), data, len(data))


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"\xff", "encoding"),
        (b"{", "not_json"),
        (b"[NaN]", "not_json"),
        (b"[1e999]", "not_json"),
        (b'{"a": 1, "a": 2}', "duplicate_field"),
        (b'["\\u0000"]', "character"),
        (b'["\\ud800"]', "character"),
        (nested(DEEPEST + 1), "not_json"),
        (b"[" + b"9" * 5000 + b"]", "not_json"),
    ],
)
def test_json_that_a_database_cannot_store_is_refused(value: object, code: str) -> None:
    with pytest.raises(BadRecordError) as refusal:
        decoding.parse_json(raw(value), LIMITS)
    assert refusal.value.code == code


def test_json_at_the_limits_is_read() -> None:
    assert decoding.parse_json(raw(nested(DEEPEST)), LIMITS) == nested(DEEPEST)
    assert decoding.parse_json(raw(b'["\\ud83d\\ude00"]'), LIMITS) == ["😀"]


def test_a_name_may_be_a_whole_number_and_has_a_length() -> None:
    assert parsing.optional_name({"id": 7}, "id", 5) == "7"
    assert parsing.optional_name({"id": None}, "id", 5) == parsing.optional_name({}, "id", 5) == ""
    assert parsing.optional_name({"id": 1.0}, "id", 5) == "1"


@pytest.mark.parametrize("value", [True, ["a"], {"a": 1}, "x" * 300])
def test_a_side_field_that_cannot_be_used_becomes_metadata(value: object) -> None:
    assert parsing.optional_name({"id": value}, "id", 200) == ""
    assert parsing.rest({"id": value, "prompt": "a"}, "id", "prompt") == {"id": value}
