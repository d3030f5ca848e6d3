"""The columns of files in no known format."""

import io
import json

import pytest

from labeling.exchange import columns_of, likely_mapping

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
