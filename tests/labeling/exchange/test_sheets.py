"""Tables: CSV and TSV with a header, Parquet; each row is a record."""

import csv
import io
import json
from typing import Any

import pytest

from labeling.exchange import (
    ImportedComparison,
    ReadLimits,
    Rejected,
    UndetectedDialect,
    UnreadableInput,
    read_comparisons,
)
from labeling.exchange.headers import delimiter_of
from labeling.exchange.sheets import column_rows
from tests.labeling.exchange.builders import message, read, trl

ROWS = [trl(), trl('Say "a, b"', "a\nb", "=b"), trl("Why not?")]


def table(delimiter: str, rows: list[dict[str, object]] = ROWS) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_table_is_read_by_its_header(delimiter: str, mark: bytes) -> None:
    records = read(mark + table(delimiter))
    assert [(one.prompt[0]["content"], one.first.text) for one in records if isinstance(one, ImportedComparison)] == [
        (row["prompt"], row["chosen"]) for row in ROWS
    ]
    assert [one.line for one in records] == [2, 3, 5]


@pytest.mark.parametrize("header", ["Prompt,Chosen,Rejected", "PROMPT,CHOSEN,REJECTED"])
def test_a_header_in_capitals_is_the_usual_one(header: str) -> None:
    (one,) = read(f"{header}\nWhy?,Because.,No.\n".encode())
    assert isinstance(one, ImportedComparison)
    assert (one.prompt[0]["content"], one.first.text, one.second.text) == ("Why?", "Because.", "No.")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_first_line_for_excel_states_the_delimiter_and_is_no_header(delimiter: str, mark: bytes) -> None:
    records = read(mark + f"sep={delimiter}\r\n".encode() + table(delimiter))
    assert [one.first.text for one in records if isinstance(one, ImportedComparison)] == [row["chosen"] for row in ROWS]
    assert [one.line for one in records] == [3, 4, 6]


def test_a_text_that_is_only_a_missing_value_is_noted() -> None:
    for text in ("nan", "NULL", " None ", "#N/A", "<NA>"):
        [comparison] = read(table(",", [trl("Q", text, "b")]))
        assert isinstance(comparison, ImportedComparison)
        assert comparison.warnings == ("missing_values",)
    [comparison] = read(table(",", [trl("Q", "Nancy", "None of them.")]))
    assert isinstance(comparison, ImportedComparison)
    assert comparison.warnings == ()


def test_cells_may_hold_messages_and_empty_cells_are_no_values() -> None:
    turns = json.dumps([message("system", "Be kind."), message("user", "Hi")])
    row: dict[str, object] = {"prompt": turns, "chosen": "a", "rejected": "b", "id": "", "score": "0.5"}
    [comparison] = read(table(",", [row]))
    assert isinstance(comparison, ImportedComparison)
    assert [turn["role"] for turn in comparison.prompt] == ["system", "user"]
    assert (comparison.external_id, comparison.metadata) == ("", {"score": "0.5"})


def test_rows_that_do_not_fit_are_named_and_the_others_kept() -> None:
    data = b"prompt,chosen,rejected\nQ,a,b\nQ2,a\nQ3,caf\xe9,b\nQ4,a,b\n"
    records = read(data)
    assert [type(one) for one in records] == [ImportedComparison, Rejected, Rejected, ImportedComparison]
    assert [one.code for one in records if isinstance(one, Rejected)] == ["cells", "encoding"]
    assert "2 cells, 3 columns" in next(one.reason for one in records if isinstance(one, Rejected))


@pytest.mark.parametrize("orient", ["columns", "index", "split"])
@pytest.mark.parametrize("rows", [3, 3000])
def test_every_table_that_pandas_writes_as_json_is_read(orient: str, rows: int) -> None:
    pandas = pytest.importorskip("pandas")
    data = pandas.DataFrame(ROWS * (rows // 3)).to_json(orient=orient).encode()
    records = read(data)
    assert [one.first.text for one in records if isinstance(one, ImportedComparison)] == [
        row["chosen"] for row in ROWS * (rows // 3)
    ]


NAMED = {"17": {**ROWS[0]}, "23": {**ROWS[2]}}
BY_COLUMN = {name: {"17": ROWS[0][name], "23": ROWS[2][name]} for name in ROWS[0]}
SPLIT = {"columns": list(ROWS[0]), "index": [17, 23], "data": [list(ROWS[0].values()), list(ROWS[2].values())]}


@pytest.mark.parametrize("value", [NAMED, BY_COLUMN, SPLIT], ids=["rows", "columns", "split"])
def test_the_name_of_a_row_is_its_id(value: dict[str, Any]) -> None:
    records = read(json.dumps(value).encode())
    assert [one.external_id for one in records if isinstance(one, ImportedComparison)] == ["17", "23"]


def test_the_name_of_a_row_stands_beside_its_own_id_and_the_place_of_a_row_is_no_name() -> None:
    rows = {name: row | {"id": f"x{name}"} for name, row in NAMED.items()}
    [one, _] = read(json.dumps(rows).encode())
    assert isinstance(one, ImportedComparison)
    assert (one.external_id, one.metadata) == ("x17", {"Unnamed: 0": "17"})
    [first, _] = read(json.dumps(dict(zip("01", NAMED.values(), strict=True))).encode())
    assert isinstance(first, ImportedComparison)
    assert (first.external_id, first.metadata) == ("", {})


def test_a_quote_that_is_never_closed_does_not_fill_the_memory() -> None:
    with pytest.raises(UnreadableInput, match="The table cannot be read from here on"):
        read(b'prompt,chosen,rejected\nQ,"' + b"x" * (1 << 22))


def test_a_table_with_unknown_columns_is_named_by_its_columns() -> None:
    with pytest.raises(UndetectedDialect, match="has the fields frage, gut, schlecht"):
        read(b"frage,gut,schlecht\nQ,a,b\n")


def test_parquet_rows_are_records() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    file = io.BytesIO()
    rows = [{**row, "notes": [message("user", "Hi")], "score": float("nan"), "id": 1.0} for row in ROWS]
    parquet.write_table(pyarrow.Table.from_pylist(rows), file)
    records = read(file.getvalue())
    assert [type(one) for one in records] == [ImportedComparison] * 3
    assert isinstance(records[0], ImportedComparison)
    assert records[0].external_id == "1"
    assert records[0].metadata == {"notes": [message("user", "Hi")], "score": None}


def test_a_small_parquet_file_of_endless_rows_is_refused_unread() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    limits = ReadLimits(records=1000, unpacked_bytes=1 << 16, unpacked_ratio=20)
    for rows, problem in ((1001, "more than 1,000 records"), (1, "more than 20 times")):
        column = ["x" * (10 if rows > 1 else 1 << 20)] * rows
        file = io.BytesIO()
        parquet.write_table(pyarrow.table({"prompt": column, "chosen": column, "rejected": column}), file)
        with pytest.raises(UnreadableInput, match=problem):
            list(read_comparisons(io.BytesIO(file.getvalue()), limits=limits))


def test_a_column_of_one_long_text_in_all_rows_is_refused_on_the_way() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    column, file = ["x" * 10_000] * 500, io.BytesIO()
    parquet.write_table(pyarrow.table({"prompt": column, "chosen": column, "rejected": ["y"] * 500}), file)
    limits = ReadLimits(unpacked_bytes=1 << 20, unpacked_ratio=200)
    with pytest.raises(UnreadableInput, match="more than 200 times"):
        list(read_comparisons(io.BytesIO(file.getvalue()), limits=limits))


@pytest.mark.parametrize(
    ("head", "delimiter"),
    [
        (b"prompt,chosen\n", ","),
        (b"prompt\nWhy?\n", ","),
        (b"Write a poem, please\n", None),
        (b"prompt, please write one about prompts\n", None),
        (b"prompt,Answer of A,Answer of B,Which one is the better one?\n", ","),
        (b"Which prompt, question or query is better?, prompt, why?\n", None),
        (b"{}\n", None),
        (b"", None),
    ],
)
def test_only_a_header_makes_a_table(head: bytes, delimiter: str | None) -> None:
    found = delimiter_of(head)
    assert (found is None) == (delimiter is None)


@pytest.mark.parametrize(
    "value", [{}, {"a": [1], "b": [1, 2]}, {"a": [{"role": "user"}]}, {"a": {"0": 1}, "b": {"1": 1}}, {"a": 1}]
)
def test_other_objects_are_no_tables(value: dict[str, object]) -> None:
    assert column_rows(value) == []
