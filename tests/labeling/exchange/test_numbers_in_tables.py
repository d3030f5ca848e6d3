"""A column of numbers or of true and false, as pandas writes it: 1.0 for 1 where a value is missing, True for 1."""

import csv
import io
from typing import Any

import pytest

from labeling.exchange import ImportedComparison, ReadLimits, Rejected, read_comparisons
from labeling.exchange.mapping import parse_mapping
from labeling.exchange.parsing import BadRecordError, as_word, optional_flag

SIDES = {"prompt": "Why?", "response_1": "So.", "response_2": "No."}
BATTLE = {"prompt": '["Why?"]', "response_a": '["So."]', "response_b": '["No."]', "model_a": "m", "model_b": "n"}


def table(rows: list[dict[str, Any]], **how: Any) -> list[ImportedComparison | Rejected]:
    """The comparisons that are read from a table of text with these rows."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return list(read_comparisons(io.BytesIO(text.getvalue().encode()), limits=ReadLimits(), **how))


def preferences(found: list[ImportedComparison | Rejected]) -> list[str | None]:
    return [one.preference if isinstance(one, ImportedComparison) else one.code for one in found]


@pytest.mark.parametrize("column", ["preference", "winner", "label"])
def test_a_whole_number_with_a_point_is_the_whole_number(column: str) -> None:
    rows = [SIDES | {column: value} for value in ("1.0", "2.0", "", "1.5", "2")]
    assert preferences(table(rows)) == ["first", "second", None, "tie", "second"]


def test_a_file_that_says_zero_with_a_point_counts_from_zero() -> None:
    rows = [SIDES | {"preference": value} for value in ("1.0", "0.0")]
    assert preferences(table(rows)) == ["preference", "preference"]
    mapped = [{"q": "Why?", "out1": "So.", "out2": "No.", "w": value} for value in ("1.0", "0.0")]
    mapping = parse_mapping("prompt=q a=out1 b=out2 preference=w")
    assert preferences(table(mapped, mapping=mapping)) == ["preference", "preference"]
    assert preferences(table(mapped[:1], mapping=mapping)) == ["first"]


def test_one_of_several_completions_is_named_by_its_number() -> None:
    rows = [SIDES | {"response_3": "Perhaps.", "preference": "3.0"}]
    found = [one for one in table(rows) if isinstance(one, ImportedComparison)]
    assert [(one.first.text, one.second.text) for one in found] == [("Perhaps.", "So."), ("Perhaps.", "No.")]


@pytest.mark.parametrize("yes", ["True", "true", "1", "1.0"])
def test_columns_of_true_and_false_name_the_winner(yes: str) -> None:
    no = {"True": "False", "true": "false", "1": "0", "1.0": "0.0"}[yes]
    columns = ("winner_model_a", "winner_model_b", "winner_tie")
    rows = [BATTLE | {name: yes if name == winner else no for name in columns} for winner in (*columns, "")]
    assert preferences(table(rows)) == ["first", "second", "tie", None]
    assert preferences(table([BATTLE | dict.fromkeys(columns, "maybe")])) == ["wrong_type"]


def test_words_stay_words() -> None:
    words = {"A ": "a", 2.0: "2", "10.0": "10", "1.50": "1.50", "v1.0": "v1.0", "1.0.0": "1.0.0", ".0": ".0", "": ""}
    assert {value: as_word(value) for value in words} == words
    assert as_word(None) == as_word(True) == ""


@pytest.mark.parametrize(
    ("value", "flag"), [(True, True), (False, False), (1, True), (0.0, False), ("FALSE", False), (None, False)]
)
def test_a_flag_is_true_or_false_in_any_notation(value: Any, flag: bool) -> None:
    assert optional_flag({"winner": value}, "winner") is flag


@pytest.mark.parametrize("value", [2, "yes", [], {}, "01"])
def test_another_value_is_no_flag(value: Any) -> None:
    with pytest.raises(BadRecordError, match="where true or false, 1 or 0 is expected"):
        optional_flag({"winner": value}, "winner")
