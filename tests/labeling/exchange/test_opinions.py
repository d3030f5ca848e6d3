"""The annotator, time, seconds, strength and words of an opinion, as other tools write them."""

from typing import Any

import pytest

from labeling.exchange import Vote
from labeling.exchange.opinions import opinion, opinion_fields, person_name, time_of


def test_an_opinion_has_what_its_record_states() -> None:
    record = {"created_at": "2024-05-01T10:00:00+02:00", "lead_time": "4.5", "strength": "2", "comment": "So.", "x": 1}
    expected = Vote("ann", "first", left="first", strength=2, seconds=4.5, at=1714550400.0, comment="So.")
    assert opinion("ann", "first", record) == expected
    assert sorted(opinion_fields(record)) == ["comment", "created_at", "lead_time", "strength"]
    assert opinion("ann", "tie", record).strength is None
    assert opinion_fields({"comment": 7, "strength": 9, "seconds": -1, "timestamp": "soon"}) == []


@pytest.mark.parametrize(
    ("value", "at"),
    [
        (1682000000.1, 1682000000.1),
        (1682000000100, 1682000000.1),
        (1682000000100_000, 1682000000.1),
        (1682000000100_000_000, 1682000000.1),
        ("2024-05-01", 1714521600.0),
        (True, None),
        ([], None),
    ],
)
def test_times_are_seconds_parts_of_them_or_iso(value: Any, at: float | None) -> None:
    assert time_of({"tstamp": value}) == at


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("ann ", "ann"),
        (3.0, "3"),
        ({"id": 3, "email": "ann@example.com"}, "ann@example.com"),
        ({"id": 3}, "3"),
        (["a", "b"], ""),
        (True, ""),
        (None, ""),
        ("x" * 121, ""),
    ],
)
def test_names_of_annotators(value: Any, name: str) -> None:
    assert person_name(value, 120) == name
