"""Our own files are read back: the identity on everything that they hold, whatever the texts."""

import csv
import io
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.exchange import (
    CompletionText,
    DropReport,
    ImportedComparison,
    Rejected,
    VerdictRecord,
    Vote,
    Winner,
    WriteOptions,
    read_comparisons,
    writer,
)
from labeling.exchange.looks import look_alike
from labeling.exchange.turns import flattened
from tests.labeling.exchange.builders import message, prompts, read, spoken, texts

WHY = [message("user", "Why?")]
CHOICES = {"first": "a", "second": "b", "tie": "tie", "both_bad": "both_bad"}


@st.composite
def votes(draw: st.DrawFn, number: int) -> Vote:
    return Vote(
        f"annotator-{number}",
        draw(st.sampled_from(["a", "b", "tie", "both_bad"])),
        draw(st.sampled_from("ab")),
        draw(st.none() | st.integers(1, 3)),
        draw(st.none() | st.floats(0.5, 99)),
        draw(st.none() | st.floats(1, 2e9)),
        draw(st.none() | st.integers(1, 9)),
        draw(st.dictionaries(spoken, st.sampled_from(["a", "b", "tie"]), max_size=2)),
        draw(texts),
        draw(texts),
    )


@st.composite
def judged(draw: st.DrawFn) -> VerdictRecord:
    """A comparison with votes, settled or in conflict."""
    a = draw(spoken)
    b = draw(spoken.filter(lambda text: not look_alike(a, text)))
    winners: list[Winner | None] = ["a", "b", "tie", "both_bad", None]
    winner = draw(st.sampled_from(winners))
    return VerdictRecord(
        prompt=draw(prompts()),
        a=CompletionText(a, "v1"),
        b=CompletionText(b, "v2"),
        winner=winner,
        status="settled" if winner else "conflict",
        settled_by="majority" if winner else "",
        votes=tuple(draw(votes(number)) for number in range(draw(st.integers(1, 3)))),
        comparison=1,
        pair="c0ffee",
        external_id="ext-1",
        tags=tuple(draw(st.lists(spoken, max_size=2))),
    )


def rows(dialect: str, record: VerdictRecord, *, spreadsheet: bool = False) -> list[dict[str, Any]]:
    """The rows of a file, as the reader of its container gives them."""
    data = b"".join(writer(dialect).write([record], DropReport(), WriteOptions(spreadsheet=spreadsheet)))
    if dialect == "csv":
        return list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    if dialect == "parquet":
        from pyarrow import parquet

        return list(parquet.read_table(io.BytesIO(data)).to_pylist())
    return list(json.loads(data))


def as_written(vote: Vote) -> Vote:
    """A vote that was read, as its comparison had it. The metadata holds values that are true in its campaign only."""
    criteria = {name: CHOICES[choice] for name, choice in vote.criteria.items()}
    metadata = dict(vote.metadata)
    version, simulated = metadata.pop("guideline_version", None), metadata.pop("simulated", False)
    return replace(
        vote,
        choice=CHOICES.get(vote.choice, vote.choice),
        left=CHOICES[vote.left],
        criteria=criteria,
        guideline_version=version,
        simulated=simulated,
        metadata=metadata,
    )


@pytest.mark.parametrize(
    ("dialect", "spreadsheet"), [("csv", False), ("csv", True), ("parquet", False), ("labelstudio", False)]
)
def test_every_judgment_comes_back_with_all_that_was_said_in_it(dialect: str, spreadsheet: bool) -> None:
    @settings(max_examples=40, deadline=None)
    @given(judged())
    def round_trip(record: VerdictRecord) -> None:
        (one,) = read(rows(dialect, record, spreadsheet=spreadsheet))
        assert isinstance(one, ImportedComparison)
        assert (one.prompt, one.first, one.second) == (record.prompt, record.a, record.b)
        assert (one.external_id, "pair" in one.metadata) == ("ext-1", False)
        assert (one.tags, "tags" in one.metadata) == (record.tags, False)
        assert [as_written(vote) for vote in one.votes] == list(record.votes)

    round_trip()


LONG = {
    "ascii": ("x" * 480_000, "y" * 480_000),
    "two bytes": ("ж" * 250_000, "я" * 250_000),
    "four bytes": ("\U0001f600" * 120_000, "\U0001f601" * 120_000),
    "quotes": ('"' * 250_000, '"' * 240_000 + "'"),
    "lines": ("a\n" * 160_000, "b\n" * 160_000),
}


@pytest.mark.parametrize("kind", LONG)
@pytest.mark.parametrize("dialect", ["csv", "parquet"])
def test_a_table_takes_back_what_is_as_long_as_a_record_may_be(dialect: str, kind: str) -> None:
    one, other = LONG[kind]
    record = VerdictRecord(WHY, CompletionText(one), CompletionText(other), "a", pair="c0ffee")
    others = [replace(record, b=CompletionText(text)) for text in ("short", "shorter")]
    (line,) = read(b"".join(writer("trl").write([record], DropReport(), WriteOptions())))
    assert isinstance(line, ImportedComparison), "Longer than a record may be."
    back = read(b"".join(writer(dialect).write([others[0], record, others[1]], DropReport(), WriteOptions())))
    assert all(isinstance(one, ImportedComparison) for one in back)
    assert [(one.first.text, one.second.text) for one in back if isinstance(one, ImportedComparison)] == [
        (one.a.text, one.b.text) for one in (others[0], record, others[1])
    ]


@pytest.mark.parametrize("dialect", ["csv", "parquet"])
def test_a_table_takes_back_long_completions_of_several_turns(dialect: str) -> None:
    turns = (message("assistant", "x" * 400_000), message("user", "And?"), message("assistant", "That."))
    record = VerdictRecord(
        WHY, CompletionText(flattened(turns), turns=turns), CompletionText("y" * 400_000), "a", pair="c0ffee"
    )
    (one,) = read(b"".join(writer(dialect).write([record], DropReport(), WriteOptions())))
    assert isinstance(one, ImportedComparison)
    assert (one.first, one.second) == (record.a, record.b)


def test_a_comparison_without_judgments_has_its_verdict_or_none() -> None:
    verdicts: list[tuple[Winner | None, str | None]] = [("b", "second"), (None, None)]
    for winner, preference in verdicts:
        record = VerdictRecord(
            [{"role": "user", "content": "Why?"}], CompletionText("a"), CompletionText("b"), winner, pair="c0ffee"
        )
        (one,) = read(rows("csv", record))
        assert isinstance(one, ImportedComparison)
        assert one.preference == preference


@pytest.mark.parametrize("dialect", ["csv", "parquet"])
def test_the_confidence_of_a_verdict_comes_back(dialect: str) -> None:
    record = VerdictRecord(WHY, CompletionText("a"), CompletionText("b"), "a", confidence=0.8, pair="c0ffee")
    (one,) = read(rows(dialect, record))
    assert isinstance(one, ImportedComparison)
    assert one.confidence == 0.8


JSON_TEXTS = ['[{"type": "text", "value": 1}]', '[{"role": "assistant", "content": "x"}]']
JSON_TEXTS += ['{"messages": [{"role": "user", "content": "x"}]}']


@pytest.mark.parametrize("text", JSON_TEXTS)
@pytest.mark.parametrize("dialect", ["csv", "parquet"])
def test_a_completion_that_is_json_comes_back_as_a_text(dialect: str, text: str) -> None:
    record = VerdictRecord(WHY, CompletionText(text), CompletionText("b"), "a", pair="c0ffee")
    data = b"".join(writer(dialect).write([record], DropReport(), WriteOptions()))
    (one,) = list(read_comparisons(io.BytesIO(data)))
    assert isinstance(one, ImportedComparison), one
    assert one.first == CompletionText(text)


@pytest.mark.parametrize("dialect", ["csv", "parquet", "labelstudio"])
@pytest.mark.parametrize(
    ("settled_by", "decided", "warnings"), [("adjudication", "first", ("expert_verdict",)), ("majority", None, ())]
)
def test_the_verdict_of_an_expert_comes_back_beside_the_votes(
    dialect: str, settled_by: str, decided: str | None, warnings: tuple[str, ...]
) -> None:
    votes = (Vote("anna", "a"), Vote("ben", "b"))
    record = VerdictRecord(WHY, CompletionText("a"), CompletionText("b"), "a", settled_by=settled_by, votes=votes)
    (one,) = read(rows(dialect, replace(record, pair="c0ffee")))
    assert isinstance(one, ImportedComparison)
    assert (one.decided, one.warnings) == (decided, warnings)


def test_kto_with_other_columns_brings_back_the_identity_and_the_confidence() -> None:
    record = VerdictRecord(WHY, CompletionText("a"), CompletionText("b"), "a", confidence=0.8, external_id="ext-1")
    data = b"".join(writer("kto").write([record], DropReport(), WriteOptions(extras=True)))
    (one,) = list(read_comparisons(io.BytesIO(data)))
    assert isinstance(one, ImportedComparison)
    assert (one.external_id, one.confidence, one.preference) == ("ext-1", 0.8, "first")
    assert {"id", "confidence"}.isdisjoint(one.first.metadata or {})


@pytest.mark.parametrize("dialect", ["csv", "parquet", "labelstudio"])
def test_the_source_that_a_record_stated_and_the_fields_of_its_prompt_come_back(dialect: str) -> None:
    kept: dict[str, dict[str, Any]] = {"comparison": {"source": "web"}, "prompt": {"licence": "cc0"}}
    record = VerdictRecord(
        WHY, CompletionText("a"), CompletionText("b"), "a", pair="c0ffee", source="api", metadata=kept
    )
    for _ in range(2):
        (one,) = read(rows(dialect, record))
        assert isinstance(one, ImportedComparison)
        assert (one.metadata, one.prompt_metadata) == ({"source": "web"}, {"licence": "cc0"})
        record = replace(record, metadata={"comparison": one.metadata, "prompt": one.prompt_metadata or {}})


@pytest.mark.parametrize("spreadsheet", [False, True])
@pytest.mark.parametrize("dialect", ["csv", "parquet", "labelstudio"])
def test_our_files_are_recognised_and_read_as_they_are(dialect: str, spreadsheet: bool) -> None:
    metadata: dict[str, dict[str, Any]] = {"comparison": {"scores": [1, None]}, "a": {"length": 3}}
    records = [
        VerdictRecord(
            [{"role": "user", "content": f"=Why, and\nhow {number}?"}],
            CompletionText('{"because": "so"}', "v1"),
            CompletionText("'tis\r\nso", "v2"),
            None,
            status="conflict",
            votes=(Vote("anna", "a", strength=1), Vote("ben", "b", strength=3)),
            pair=f"c0ffee{number}",
            metadata=metadata,
        )
        for number in range(3)
    ]
    options = WriteOptions(spreadsheet=spreadsheet and dialect == "csv")
    data = b"".join(writer(dialect).write(records, DropReport(), options))
    found = [one for one in read_comparisons(io.BytesIO(data)) if isinstance(one, ImportedComparison)]
    assert len(found) == 3
    for one, record in zip(found, records, strict=True):
        assert [as_written(vote) for vote in one.votes] == list(record.votes)
        assert one.preference is None
        assert (one.prompt, one.first.text, one.second.text) == (record.prompt, record.a.text, record.b.text)
        assert (one.metadata["scores"], one.first.metadata) == ([1, None], {"length": 3})


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "{"},
        {"prompt": '[{"role": "user", "content": "\\ud800"}]'},
        {"prompt": ["x"]},
        {"votes": "[1]"},
        {"votes": '[{"choice": "c"}]'},
        {"votes": '[{"choice": ["a"]}]'},
        {"votes": '[{"other": 1}]'},
        {"a": None},
        {"winner": {}, "votes": ""},
        {"winner": "c", "votes": ""},
        {"votes": "[" * 10_000},
    ],
)
def test_a_row_that_we_would_not_write_is_refused(change: dict[str, Any]) -> None:
    record = VerdictRecord(
        [{"role": "user", "content": "Why?"}], CompletionText("a"), CompletionText("b"), "a", pair="x"
    )
    (one,) = read([rows("csv", record)[0] | change])
    assert isinstance(one, Rejected)
