"""Preference pairs refuse values that teach nothing, and have one form as bytes."""

import json
import math
import pickle
from dataclasses import replace
from typing import Any

import pytest

from labeling.exchange import CompletionText, InvalidPair, PreferencePair, canonical_json, harmless_cell
from labeling.exchange.records import ImportedComparison, Vote
from tests.labeling.exchange.builders import message

PAIR = PreferencePair("p", [message("user", "Wie groß?")], "Zwei", "Drei", 0.75, 1.0, (1, 2), (3,), None, "stop", None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"chosen": " "}, "empty"),
        ({"rejected": "Zwei\n"}, "identical"),
        ({"confidence": 0.49}, "confidence"),
        ({"confidence": 1.01}, "confidence"),
        ({"confidence": math.nan}, "confidence"),
        ({"weight": -1.0}, "weight"),
        ({"weight": math.inf}, "weight"),
    ],
)
def test_a_pair_that_teaches_nothing_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidPair, match=reason):
        replace(PAIR, **change)


def test_a_pair_is_the_same_after_a_round_trip_and_gives_the_same_bytes() -> None:
    again = PreferencePair.from_dict(json.loads(PAIR.canonical_json()))
    assert again == PAIR
    assert again.canonical_json() == PAIR.canonical_json()
    incomplete = {name: value for name, value in PAIR.as_dict().items() if name != "chosen"}
    with pytest.raises(InvalidPair, match="chosen"):
        PreferencePair.from_dict(incomplete)


def test_canonical_json_depends_on_the_value_alone() -> None:
    assert canonical_json({"b": 1, "a": "ü"}) == canonical_json({"a": "ü", "b": 1}) == '{"a":"ü","b":1}'.encode()
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"a": math.nan})


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@a", "\t=1", " =1", "\uff1d1"])
def test_a_cell_that_could_be_a_formula_has_an_apostrophe(text: str) -> None:
    assert harmless_cell(text) == f"'{text}"
    assert harmless_cell("a=1") == "a=1"


def test_records_come_from_another_process_as_they_were() -> None:
    turns = (message("assistant", "Zwei"), message("user", "Sicher?"), message("assistant", "Ja"))
    sides = CompletionText("Zwei", "v1", "stop", (1, 2), {"score": 3}, turns), CompletionText("Drei")
    vote = Vote("ann", "first", strength=2, criteria={"helpful": "second"}, metadata={"at": "home"})
    one = ImportedComparison(3, 2, "trl", [message("user", "Wie?")], *sides, "first", (vote,), 0.9, metadata={"a": 1})
    assert pickle.loads(pickle.dumps(one)) == one
    assert len(pickle.dumps(one)) < 700  # no field is named
