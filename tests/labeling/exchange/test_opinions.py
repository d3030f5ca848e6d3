"""The annotator, time, seconds, strength and words of an opinion, as other tools write them."""

from typing import Any

import pytest

from labeling.exchange import Vote
from labeling.exchange.opinions import opinion, opinion_fields, person_name, unused


def test_an_opinion_has_what_its_record_states() -> None:
    record = {"created_at": "2024-05-01T10:00:00+02:00", "lead_time": "4.5", "strength": "2", "comment": "So.", "x": 1}
    expected = Vote("ann", "first", left="first", strength=2, seconds=4.5, at=1714550400.0, comment="So.")
    assert opinion("ann", "first", record) == expected
    assert sorted(opinion_fields(record, "first")) == ["comment", "created_at", "lead_time", "strength"]
    assert opinion("ann", "tie", record).strength is None
    assert sorted(opinion_fields(record, "tie", seconds=None)) == ["comment", "created_at"]
    assert opinion_fields({"comment": 7, "strength": 9, "seconds": -1, "timestamp": "soon"}, "first") == []


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
    assert opinion("", "first", {"tstamp": value}).at == at


def test_of_several_fields_for_one_part_the_first_that_can_be_used_is_and_the_others_stay() -> None:
    record = {
        "lead_time": "long",
        "seconds": 5,
        "duration": 7,
        "created_at": 2,
        "updated_at": "2024-05-01",
        "reason": "",
        "rationale": "So.",
        "feedback": "No.",
        "strength": 2,
        "id": 1,
    }
    said = opinion("ann", "tie", record)
    assert (said.seconds, said.at, said.comment, said.strength) == (5, 2, "So.", None)
    left = {"lead_time": "long", "duration": 7, "updated_at": "2024-05-01", "feedback": "No.", "strength": 2}
    assert unused(record, "tie", "id") == left
    del left["strength"]
    assert unused(record, "second", "id", comment="Mine.") == left | {"rationale": "So."}


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
