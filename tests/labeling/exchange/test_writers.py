"""Verdicts in each dialect: what is written, what is left out and counted, and that it reads back the same."""

import io
import json
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.exchange import (
    READERS,
    WRITERS,
    CompletionText,
    DropReport,
    ImportedComparison,
    InvalidPair,
    UnfitOption,
    UnknownDialect,
    VerdictRecord,
    WriteOptions,
    preference_pairs,
    read_comparisons,
    writer,
)
from tests.labeling.exchange.builders import message, verdicts

SKY = [message("user", "What color is the sky?")]


def verdict(winner: str | None = "a", a: str = "It is blue.", b: str = "It is green.") -> VerdictRecord:
    return VerdictRecord(SKY, CompletionText(a), CompletionText(b), winner)  # type: ignore[arg-type]


def write(dialect: str, *records: VerdictRecord) -> tuple[list[object], DropReport]:
    report = DropReport()
    lines = list(writer(dialect).write(records, report))
    assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in lines)
    return [json.loads(line) for line in lines], report


OF_VOTES = {"full", "alpacaeval", "arena", "labelstudio", "csv", "parquet"}
"""Tested in test_battles_and_tables."""


def test_the_record_of_each_dialect_has_the_field_names_that_tools_expect() -> None:
    blue, green = message("assistant", "It is blue."), message("assistant", "It is green.")
    expected: dict[str, list[object]] = {
        "trl": [{"prompt": SKY, "chosen": [blue], "rejected": [green]}],
        "trl-implicit": [{"chosen": [*SKY, blue], "rejected": [*SKY, green]}],
        "kto": [
            {"prompt": SKY, "completion": [blue], "label": True},
            {"prompt": SKY, "completion": [green], "label": False},
        ],
        "hh": [
            {
                "chosen": "\n\nHuman: What color is the sky?\n\nAssistant: It is blue.",
                "rejected": "\n\nHuman: What color is the sky?\n\nAssistant: It is green.",
            }
        ],
        "openai": [
            {
                "input": {"messages": SKY, "tools": [], "parallel_tool_calls": True},
                "preferred_output": [blue],
                "non_preferred_output": [green],
            }
        ],
    }
    assert set(expected) == set(WRITERS) - OF_VOTES
    for dialect, rows in expected.items():
        assert write(dialect, verdict())[0] == rows
        assert write(dialect, verdict("b", a="It is green.", b="It is blue."))[0] == (
            rows if dialect != "kto" else rows[::-1]
        )


def test_what_is_left_out_is_counted_by_reason() -> None:
    records = [
        verdict(),
        verdict("tie"),
        verdict("both_bad"),
        verdict(None),
        verdict("b", a=" "),
        verdict("a", a="same", b="same\n"),
        verdict("a"),
        verdict("b", a="It is green.", b="It is blue."),
    ]
    rows, report = write("trl", *records)
    assert len(rows) == report.kept == 1
    assert report.as_dict() == {
        "total": 8,
        "kept": 1,
        "dropped": {
            "unsettled": 1,
            "conflict": 0,
            "tie": 1,
            "both_bad": 1,
            "empty": 1,
            "identical": 1,
            "duplicate": 2,
            "not_expressible": 0,
            "near_duplicate": 0,
            "contaminated": 0,
        },
        "edited": 0,
        "dropped_edited": 0,
        "judgments": 0,
        "dropped_judgments": {},
        "escaped": 0,
        "found": {},
        "examples": {},
        "redacted": {},
    }


def test_the_opposite_verdict_is_no_duplicate() -> None:
    assert write("trl", verdict("a"), verdict("b"))[1].kept == 2


def test_the_same_two_texts_under_another_prompt_are_no_duplicate() -> None:
    other = VerdictRecord([message("user", "And the sea?")], verdict().a, verdict().b, "a")
    assert write("trl", verdict(), other)[1].kept == 2


def test_both_bad_is_two_rows_that_say_so_where_the_dialect_can() -> None:
    rows, report = write("kto", verdict("both_bad"), verdict("tie"))
    assert [row["label"] for row in rows if isinstance(row, dict)] == [False, False]
    assert (report.kept, report.dropped["tie"]) == (1, 1)


def test_a_transcript_cannot_hold_a_system_message_or_its_own_separators() -> None:
    system = VerdictRecord([message("system", "Be kind."), *SKY], CompletionText("A"), CompletionText("B"), "a")
    rows, report = write("hh", system, verdict(a="Well.\n\nHuman: I win"), verdict())
    assert len(rows) == 1
    assert report.dropped["not_expressible"] == 2


@pytest.mark.parametrize("dialect", sorted(set(READERS) & set(WRITERS) - {"alpacaeval", "arena", "kto", "labelstudio"}))
def test_what_is_written_reads_back_the_same(dialect: str) -> None:
    @settings(max_examples=60, deadline=None)
    @given(st.lists(verdicts(system=dialect != "hh"), max_size=6))
    def round_trip(records: list[VerdictRecord]) -> None:
        report = DropReport()
        data = b"".join(writer(dialect).write(records, report))
        entries = list(read_comparisons(io.BytesIO(data), dialect=dialect))
        wanted = list(preference_pairs(records, DropReport()))
        if dialect == "hh":  # may leave out what holds its separators
            wanted = wanted if not report.dropped["not_expressible"] else wanted[: len(entries)]
        assert len(entries) == len(wanted) == report.kept
        for one, pair in zip(entries, wanted, strict=True):
            if isinstance(one, ImportedComparison):
                assert (one.prompt, one.first.text, one.second.text) == (pair.prompt, pair.chosen, pair.rejected)
                assert one.preference == "first"
            else:
                # The one thing a reader may refuse of what we write: completions that begin with the prompt.
                assert one.code == "prompt_repeated"

    round_trip()


def test_writing_is_lazy_and_the_report_grows_with_it() -> None:
    report = DropReport()
    lines = writer("trl").write(iter([verdict("tie"), verdict()]), report)
    assert report.total == 0
    next(lines)
    assert report.total == 2


def test_a_pair_carries_what_was_sampled() -> None:
    a = CompletionText("yes", "v1", "stop", (5, 6, 2))
    b = CompletionText("no", "v1", "length", (7,))
    record = VerdictRecord(SKY, a, b, "b", confidence=0.75, weight=2.0, prompt_ids=(1, 2))
    [pair] = preference_pairs([record], DropReport())
    assert (pair.chosen, pair.chosen_ids, pair.chosen_finish) == ("no", (7,), "length")
    assert (pair.rejected, pair.rejected_ids, pair.rejected_finish) == ("yes", (5, 6, 2), "stop")
    assert (pair.prompt_ids, pair.confidence, pair.weight) == ((1, 2), 0.75, 2.0)


def test_a_pair_that_teaches_nothing_is_an_error() -> None:
    with pytest.raises(InvalidPair, match=r"confidence of 0\.4"):
        list(preference_pairs([VerdictRecord(SKY, CompletionText("a"), CompletionText("b"), "a", 0.4)], DropReport()))
    with pytest.raises(InvalidPair, match="without a winner"):
        _ = verdict("tie").chosen


def test_an_unknown_dialect_is_refused_at_once() -> None:
    with pytest.raises(UnknownDialect, match=r"'xml'.*openai"):
        writer("xml")


def test_parquet_without_pyarrow_is_refused_before_anything_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # Python then fails to import it
    with pytest.raises(UnknownDialect, match="pyarrow does not load"):
        writer("parquet").write([verdict()], DropReport())


@pytest.mark.parametrize("dialect", ["trl", "trl-implicit", "kto", "hh"])
def test_columns_beside_the_pair_are_added_by_choice_and_change_nothing_else(dialect: str) -> None:
    record = replace(verdict(), confidence=0.75, pair="c0ffee", external_id="ext-1", tags=("sky",))
    plain, extended = (
        json.loads(next(iter(writer(dialect).write([record], DropReport(), WriteOptions(extras=extras)))))
        for extras in (False, True)
    )
    assert plain.items() <= extended.items()
    assert (extended["pair"], extended["id"], extended["confidence"], extended["weight"], extended["tags"]) == (
        "c0ffee",
        "ext-1",
        0.75,
        1.0,
        ["sky"],
    )


@pytest.mark.parametrize(
    ("dialect", "options", "field"),
    [
        ("openai", WriteOptions(extras=True), "extras"),
        ("trl", WriteOptions(include="judged"), "include"),
        ("csv", WriteOptions(include="some"), "include"),  # type: ignore[arg-type]
        ("parquet", WriteOptions(spreadsheet=True), "spreadsheet"),
    ],
)
def test_a_choice_that_a_dialect_does_not_have_is_refused_at_once(
    dialect: str, options: WriteOptions, field: str
) -> None:
    with pytest.raises(UnfitOption) as refusal:
        writer(dialect).write([verdict()], DropReport(), options)
    assert refusal.value.option == field
