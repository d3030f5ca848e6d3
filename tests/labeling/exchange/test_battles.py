"""Dialects with single votes."""

import json
from dataclasses import replace
from io import BytesIO

import pytest

from labeling.exchange import DropReport, ImportedComparison, Vote, Winner, read_comparisons, writer
from tests.labeling.exchange.votes import PROMPT, record, written


def test_alpacaeval_has_a_row_for_each_vote_its_scale_has_a_number_for() -> None:
    report = DropReport()
    rows = json.loads(b"".join(writer("alpacaeval").write([record()], report)))
    assert (report.judgments, report.dropped_judgments) == (2, {"both_bad": 1})
    assert [(row["annotator"], row["preference"]) for row in rows] == [("annotator-1", 1.0), ("annotator-2", 1.5)]
    assert rows[0] | {"annotator": "", "preference": 0} == {
        "instruction": "What color is the sky?",
        "output_1": "It is blue.",
        "generator_1": "v1",
        "output_2": "It is green.",
        "generator_2": "v2",
        "annotator": "",
        "preference": 0,
    }


def test_arena_has_a_battle_for_each_vote_with_its_own_words_for_ties() -> None:
    rows = json.loads(written("arena", record()))
    assert [row["winner"] for row in rows] == ["model_a", "tie", "tie (bothbad)"]
    assert [row["judge"] for row in rows] == ["annotator-1", "annotator-2", "annotator-3"]
    assert (rows[0]["question_id"], rows[0]["turn"], rows[0]["tstamp"]) == ("7", 1, 1000.0)
    assert rows[0]["conversation_b"] == [*PROMPT, {"role": "assistant", "content": "It is green."}]


@pytest.mark.parametrize(
    ("winner", "confidence", "preference"), [("a", 0.65, 1.2), ("b", 0.7, 1.9), ("tie", 0.75, 1.5)]
)
def test_an_imported_preference_goes_out_with_its_size(winner: Winner, confidence: float, preference: float) -> None:
    imported = record(winner, votes=(), settled_by="import", confidence=confidence)
    [row] = json.loads(written("alpacaeval", imported))
    assert row["preference"] == preference
    [decided] = json.loads(written("alpacaeval", replace(imported, settled_by="adjudication")))
    assert decided["preference"] == {"a": 1, "b": 2, "tie": 1.5}[winner]


def test_an_imported_preference_of_no_size_is_no_tie() -> None:
    imported = [record(winner, votes=(), settled_by="import", confidence=0.5) for winner in ("a", "b")]
    assert [row["preference"] for row in json.loads(written("alpacaeval", *imported))] == [1.499, 1.501]
    found = read_comparisons(BytesIO(written("alpacaeval", *imported)), dialect="alpacaeval")
    assert [one.preference for one in found if isinstance(one, ImportedComparison)] == ["first", "second"]


def test_a_battle_of_an_arena_keeps_its_question_language_and_whether_it_was_anonymous() -> None:
    stated = {"language": "German", "anony": False, "turn": 1}
    [row, *_] = json.loads(written("arena", replace(record(), external_id="q17", metadata={"comparison": stated})))
    assert (row["question_id"], row["language"], row["anony"]) == ("q17", "German", False)
    odd = replace(record(), metadata={"comparison": {"language": 5, "anony": "no"}})
    [row, *_] = json.loads(written("arena", odd))
    assert (row["language"], row["anony"]) == ("unknown", True)


def test_alpacaeval_reads_back_the_same() -> None:
    data = written("alpacaeval", record("b", votes=()), record("tie", text="Blue.", votes=()))
    records = list(read_comparisons(BytesIO(data), dialect="alpacaeval"))
    assert all(isinstance(one, ImportedComparison) for one in records)
    votes = [
        (one.first.text, one.second.text, one.preference) for one in records if isinstance(one, ImportedComparison)
    ]
    assert votes == [("It is blue.", "It is green.", "second"), ("Blue.", "It is green.", "tie")]


@pytest.mark.parametrize("dialect", ["alpacaeval", "arena", "labelstudio"])
def test_a_verdict_without_votes_is_one_vote_of_what_settled_it(dialect: str) -> None:
    rows = json.loads(written(dialect, record("b", votes=(), settled_by="import")))
    votes = rows[0]["annotations"] if dialect == "labelstudio" else rows
    assert len(votes) == 1
    if dialect != "labelstudio":
        assert "import" in rows[0].values()


@pytest.mark.parametrize("dialect", ["alpacaeval", "arena", "labelstudio"])
def test_an_array_of_nothing_is_an_array(dialect: str) -> None:
    assert json.loads(written(dialect)) == []
    assert len(json.loads(written(dialect, record(), record(text="Blue!")))) >= 2


@pytest.mark.parametrize("dialect", ["alpacaeval", "arena", "labelstudio"])
def test_a_comparison_in_conflict_is_written_with_its_votes(dialect: str) -> None:
    rows = json.loads(written(dialect, record(None, status="conflict", settled_by="")))
    votes = rows[0]["annotations"] if dialect == "labelstudio" else rows
    assert len(votes) == (2 if dialect == "alpacaeval" else 3)


def test_a_skip_is_no_battle_and_is_counted() -> None:
    report = DropReport()
    skipped = record(None, status="open", votes=(Vote("annotator-1", "skip"),))
    assert json.loads(b"".join(writer("arena").write([skipped], report))) == []
    assert (report.dropped, report.dropped_judgments) == ({"not_expressible": 1}, {"skip": 1})
