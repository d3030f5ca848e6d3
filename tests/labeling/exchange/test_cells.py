"""Rows and cells of tables that other programs write: quotation marks, columns without a name, bytes."""

import io

import pyarrow as pa
import pytest
from pyarrow import parquet

from labeling.exchange import (
    ImportedComparison,
    ReadLimits,
    Rejected,
    UnreadableInput,
    read_comparisons,
    read_prompts,
)
from tests.labeling.exchange.builders import read

HEADER = b"prompt,chosen,rejected\n"
UNMATCHED = "The quotation marks of the row do not match: within a cell in quotation marks, double each."


def test_a_cell_with_escaped_quotation_marks_is_refused_and_not_changed() -> None:
    spark, good = read(HEADER + rb'Q,"he said \"yes\", twice",b' + b"\nQ2,a,b\n")
    assert isinstance(spark, Rejected)
    assert isinstance(good, ImportedComparison)
    assert (str(spark.reason), spark.line, spark.record) == (UNMATCHED, 2, 1)
    assert (good.line, good.record, good.first.text) == (3, 2, "a")


@pytest.mark.parametrize("row", ["Q,{0},b\n", 'Q,"{0}\nx, ""{0}""\n{0}",b\n', 'Q,"{0}",b\r\n', '"Q","\n{0}{0}{0}",b\n'])
def test_a_row_that_is_too_long_costs_itself_alone(row: str) -> None:
    long = row.format("x" * 4000).encode()
    limits = ReadLimits(record_bytes=500)
    records = list(read_comparisons(io.BytesIO(HEADER + b"Q1,a,b\n" + long + b"Q2,c,d\n" + long), limits=limits))
    assert [one.code if isinstance(one, Rejected) else one.first.text for one in records] == [
        "a",
        "too_large",
        "c",
        "too_large",
    ]
    lines = long.count(b"\n")
    assert [one.line for one in records] == [2, 3, 3 + lines, 4 + lines]


def test_a_header_whose_quotation_marks_do_not_match_is_named_and_no_row_takes_its_place() -> None:
    with pytest.raises(UnreadableInput, match=r"table's header \(line 1\) do not match"):
        read(b'"prompt" ,"chosen","rejected"\nQ,a,b\nQ2,c,d\n')


@pytest.mark.parametrize("rest", [b'Q,"he said \\"yes\\"\nb,c,d\n",b\nQ2,a,b\n', b'Q,"a,b\nQ2,a,b\n'])
def test_where_nobody_can_tell_the_end_of_a_row_no_part_of_it_becomes_a_pair(rest: bytes) -> None:
    with pytest.raises(UnreadableInput, match="its quotation marks do not match"):
        read(HEADER + rest)


def test_the_row_numbers_of_pandas_are_a_column_without_a_name() -> None:
    [one] = read(b",prompt,chosen,rejected\n0,Q,a,b\n")
    assert isinstance(one, ImportedComparison)
    assert (one.prompt[0]["content"], one.metadata) == ("Q", {"Unnamed: 0": "0"})
    assert [one.messages[0]["content"] for one in read_prompts(io.BytesIO(b",prompt\n0,Q\n"))] == ["Q"]  # type: ignore[union-attr]


def test_empty_columns_at_the_end_are_nothing() -> None:
    [one] = read(b"prompt,chosen,rejected,,\nQ,a,b,,\n")
    assert isinstance(one, ImportedComparison)
    assert one.metadata == {}


def test_a_column_that_is_there_twice_is_named() -> None:
    with pytest.raises(UnreadableInput, match="has the column 'chosen' twice"):
        read(b"prompt,chosen,chosen,rejected\nQ,a,c,b\n")


def test_line_ends_of_an_old_macintosh_are_named() -> None:
    with pytest.raises(UnreadableInput, match="old Macintosh"):
        read(b"prompt,chosen,rejected\rQ,a,b\rQ2,c,d\r")


def test_bytes_in_parquet_are_text_and_never_pythons_notation_of_bytes() -> None:
    file = io.BytesIO()
    columns = {
        "prompt": ["é".encode(), b"Q"],
        "chosen": [b"a", b"\xff"],
        "rejected": [b"b", b"b"],
        "key": [b"\xff", b"1"],
    }
    parquet.write_table(pa.table(columns), file)
    good, bad = read(file.getvalue())
    assert isinstance(good, ImportedComparison)
    assert isinstance(bad, Rejected)
    assert (good.prompt[0]["content"], good.first.text, good.metadata) == ("é", "a", {"key": {"base64": "/w=="}})
