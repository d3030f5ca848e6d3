"""Verdicts as CSV and Parquet."""

import csv
import json
from io import BytesIO, StringIO

import pytest
from hypothesis import given

from labeling.exchange import (
    DropReport,
    Split,
    Vote,
    WriteOptions,
    harmless_cell,
    is_held_out,
    restored_cell,
    writer,
)
from labeling.exchange.records import FORMULA
from tests.labeling.exchange.builders import spoken
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


HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "  =1",
    "\uff1d1",
    "'quoted'",
    "''",
    "- a list",
    'a "b"\n, c',
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_csv_changes_no_text(text: str) -> None:
    (line,) = csv.DictReader(StringIO(written("csv", record(text=text)).decode(), newline=""))
    assert line["a"] == line["chosen"] == text
    assert "escaped" not in line


@pytest.mark.parametrize("text", HOSTILE)
def test_for_spreadsheets_no_cell_is_a_formula_and_every_text_can_be_restored(text: str) -> None:
    report = DropReport()
    data = b"".join(writer("csv").write([record(text=text)], report, WriteOptions(spreadsheet=True)))
    (line,) = csv.DictReader(StringIO(data.decode(), newline=""))
    assert not line["a"].lstrip(" ").startswith(FORMULA)
    assert restored_cell(line["a"]) == restored_cell(line["chosen"]) == text
    assert line["escaped"] == "apostrophe"
    assert report.escaped == 2 * (line["a"] != text)


@given(spoken)
def test_an_escaped_cell_gives_its_text_back(text: str) -> None:
    assert restored_cell(harmless_cell(text)) == text


def test_a_row_has_every_judgment_with_all_that_was_said_in_it() -> None:
    votes = (
        Vote("annotator-1", "a", "b", 3, criteria={"helpful": "a"}, comment="Clear.", guideline_version=2),
        Vote("annotator-2", "b", simulated=True),
        Vote("annotator-3", "skip", skip_reason="Too long", flag="harm"),
    )
    conflict = record(None, status="conflict", votes=votes, external_id="ext-1", tags=("sky",), settled_by="")
    (line,) = csv.DictReader(StringIO(written("csv", conflict).decode(), newline=""))
    assert [line[name] for name in ("status", "winner", "chosen", "confidence")] == ["conflict", *[""] * 3]
    assert line["agreement"] == "0.5"  # of the largest choice, so that the mean of the column leaves no conflict out
    assert [line[name] for name in ("judgments", "votes_a", "votes_b", "votes_tie", "skips")] == [
        "2",
        "1",
        "1",
        "0",
        "1",
    ]
    assert (line["external_id"], line["tags"]) == ("ext-1", '["sky"]')
    assert tuple(Vote.from_dict(vote) for vote in json.loads(line["votes"])) == votes


def test_the_split_is_that_of_training() -> None:
    for seed in range(5):
        split = Split(seed, 0.5)
        data = b"".join(writer("csv").write([record()], DropReport(), WriteOptions(split=split)))
        (line,) = csv.DictReader(StringIO(data.decode(), newline=""))
        assert line["split"] == ("test" if is_held_out(PROMPT, seed=seed, test_share=0.5) else "train")


def test_parquet_is_given_out_group_by_group() -> None:
    pieces = list(writer("parquet").write((record(text=f"Blue {n}") for n in range(3000)), DropReport()))
    assert len(pieces) == 4
