"""Verdicts as CSV and Parquet."""

import csv
import json
from io import BytesIO, StringIO

import pytest

from labeling.exchange import (
    DropReport,
    harmless_cell,
    writer,
)
from tests.labeling.exchange.votes import PROMPT, record, written


def test_csv_and_parquet_tell_the_same() -> None:
    from pyarrow import parquet
    records = [record(), record("tie", text="Blue."), *(record(text=f"Blue {number}") for number in range(2500))]
    lines = list(csv.DictReader(StringIO(written("csv", *records).decode(), newline="")))
    table = parquet.read_table(BytesIO(written("parquet", *records))).to_pylist()
    assert len(lines) == len(table) == len(records)
    for line, row in zip(lines, table, strict=True):
        assert line == {name: "" if value is None else str(value) for name, value in row.items()}
    assert (lines[0]["chosen"], lines[0]["judgments"], lines[1]["chosen"]) == ("It is blue.", "3", "")
    assert float(lines[0]["agreement"]) == pytest.approx(1 / 3)
    assert json.loads(lines[0]["prompt"]) == PROMPT


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\uff1d1"])
def test_no_cell_is_a_formula(text: str) -> None:
    (line,) = csv.DictReader(StringIO(written("csv", record(text=text)).decode(), newline=""))
    assert line["a"] == line["chosen"] == f"'{text}"
    assert harmless_cell("a = b") == "a = b"


def test_parquet_is_given_out_group_by_group() -> None:
    pieces = list(writer("parquet").write((record(text=f"Blue {n}") for n in range(3000)), DropReport()))
    assert len(pieces) == 4
