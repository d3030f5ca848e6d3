"""The columns of files in no known format."""

import io
import json
from typing import Any

import pytest

from labeling.exchange import ImportedComparison, columns_of, likely_mapping, parse_mapping, read_comparisons
from labeling.exchange.columns import proposed_mapping

ROW = {"Question": "How  many?", "good answer": "Three.", "bad": ["x"], "n": 5, "empty": None, "meta": {"lang": "en"}}


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(ROW).encode(),
        json.dumps([ROW, ROW], indent=1).encode(),
        f"{json.dumps({**ROW, 'empty': None})}\n{{broken\n".encode(),
    ],
)
def test_columns_have_the_beginning_of_their_first_value(data: bytes) -> None:
    columns = {one.name: one.example for one in columns_of(io.BytesIO(data))}
    assert columns == {
        "Question": "How many?",
        "good answer": "Three.",
        "bad": '["x"]',
        "n": "5",
        "empty": "",
        "meta.lang": "en",
    }


def test_a_table_has_columns_and_long_values_are_shortened() -> None:
    data = f"frage,eins,zwei\n{'x' * 100},b,c\n".encode()
    columns = columns_of(io.BytesIO(data))
    assert [one.name for one in columns] == ["frage", "eins", "zwei"]
    assert columns[0].example == "x" * 60 + "…"


@pytest.mark.parametrize("data", [b"", b"a\nb\n", b"%PDF-1.7", b"[1, 2]", b'{"\\u0000": 1}', b"PK\x03\x04"])
def test_a_file_without_columns_has_none(data: bytes) -> None:
    assert columns_of(io.BytesIO(data)) == []


def test_likely_columns_go_by_their_usual_names() -> None:
    columns = ["Question", "Response A", "response_b", "data.winner", "note"]
    assert likely_mapping(columns) == {
        "prompt": "Question",
        "a": "Response A",
        "b": "response_b",
        "preference": "data.winner",
    }
    assert likely_mapping(["x", "y"]) == {}


@pytest.mark.parametrize(
    "columns", [["prompt", "selected", "rejected"], ["question", "Best Answer", "answer_b"], ["prompt", "best_answer"]]
)
def test_a_text_that_is_the_better_one_is_no_column_of_preferences(columns: list[str]) -> None:
    assert "preference" not in likely_mapping(columns)


@pytest.mark.parametrize(
    ("record", "text"),
    [
        ({"Prompt": "Q", "Chosen": "A", "Rejected": "B"}, "prompt=Prompt chosen="),
        ({"prompt": "Q", "chosen-response": "A", "rejected-response": "B", "n": 1}, "prompt=prompt chosen="),
        ({"QUESTION": "Q", "Chosen_Text": "A", "Rejected Text": "B", "label": 3}, "prompt=QUESTION chosen="),
    ],
)
def test_names_that_differ_in_case_and_separators_are_proposed(record: dict[str, Any], text: str) -> None:
    mapping = proposed_mapping(record)
    assert mapping.startswith(text), mapping
    [one] = read_comparisons(io.BytesIO(json.dumps(record).encode()), mapping=parse_mapping(mapping))
    assert isinstance(one, ImportedComparison), one
    assert (one.first.text, one.second.text, one.preference) == ("A", "B", "first")


@pytest.mark.parametrize("record", [{"Prompt": "Q", "Answer": "A"}, {"a,": "x", "b,": "y", "prompt": "Q"}, {"x": 1}])
def test_without_two_such_names_nothing_is_proposed(record: dict[str, Any]) -> None:
    assert proposed_mapping(record) == ""


@pytest.mark.parametrize("name", ["Better Response", "which_is_better", "Human preference"])
def test_a_column_whose_name_asks_for_the_better_one_is_proposed_as_the_preference(name: str) -> None:
    found = likely_mapping(["Prompt", "ResponseA", "ResponseB", name, "Better grammar"])
    assert found == {"prompt": "Prompt", "a": "ResponseA", "b": "ResponseB", "preference": name}
