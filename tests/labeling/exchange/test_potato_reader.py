"""Potato: an item with its two texts, and the answers of a pairwise scheme."""

from typing import Any

import pytest

from labeling.exchange import ImportedComparison, Rejected, Vote
from tests.labeling.exchange.builders import read

ITEM = {"id": "item_1", "prompt": "Name two fruits.", "responses": ["Apples and plums.", "Potatoes."]}


def votes_of(record: dict[str, Any]) -> tuple[Vote, ...]:
    [comparison] = read([record])
    assert isinstance(comparison, ImportedComparison), comparison
    assert comparison.dialect == "potato"
    assert (comparison.external_id, comparison.metadata) == ("item_1", {})
    assert (comparison.first.text, comparison.second.text) == tuple(ITEM["responses"])
    return comparison.votes


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"preference": {"selection": "A"}}, Vote("ann", "first", left="first")),
        ({"preference": {"selection": "B"}}, Vote("ann", "second", left="first")),
        ({"preference": {"selection": "tie"}}, Vote("ann", "tie", left="first")),
        (
            {"how_much": {"scale_value": "-2"}},
            Vote("ann", "first", left="first", strength=2, certainty=0.5 + 2 / 6, metadata={"scale_value": -2.0}),
        ),
        ({"how_much": {"scale_value": "0"}}, Vote("ann", "tie", left="first", metadata={"scale_value": 0.0})),
    ],
)
def test_an_annotator_has_one_opinion(answers: dict[str, Any], expected: Vote) -> None:
    assert votes_of({**ITEM, "user_id": "ann", "label_annotations": answers}) == (expected,)
    assert votes_of({**ITEM, "annotations": {"ann": answers}}) == (expected,)


def test_a_row_of_the_table_has_the_answer_in_a_column() -> None:
    row = {"instance_id": "item_1", "prompt": ITEM["prompt"], "left": ITEM["responses"][0]}
    row |= {"right": ITEM["responses"][1], "user_id": "ben", "preference.selection": "B"}
    assert votes_of(row) == (Vote("ben", "second", left="first"),)


def test_answers_of_other_schemes_are_kept_and_items_without_answers_are_open() -> None:
    answers = {"preference": {"selection": "A"}, "fluency": {"good": "true"}}
    (vote,) = votes_of({**ITEM, "annotations": {"ann": answers, "ben": {}}})
    assert vote.metadata == {"answers": {"fluency": {"good": "true"}}}
    assert votes_of({**ITEM, "annotations": {}}) == ()


def test_an_unknown_answer_is_refused() -> None:
    [refused] = read([{**ITEM, "annotations": {"ann": {"preference": {"selection": "C"}}}}])
    assert isinstance(refused, Rejected)
    assert refused.code == "preference"


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"id": "1", "displayed_text": "Yes. No.", "label_annotations": {"p": {"selection": "A"}}}, "ZIP archive"),
        ({**ITEM, "annotations": {"ann": {"how_good": {"scale_4": "4"}}}}, "how_good"),
        ({**ITEM, "label_annotations": {"a": {"A": "true"}, "b": {"B": "true"}}}, "a, b"),
    ],
)
def test_answers_that_are_no_preference_are_refused_by_name(record: dict[str, Any], words: str) -> None:
    [refused] = read([record])
    assert isinstance(refused, Rejected)
    assert words in str(refused.reason)


def test_a_ticked_side_is_a_vote_and_other_annotators_answers_are_kept() -> None:
    [one] = read([{**ITEM, "annotations": {"ann": {"best": {"B": "true"}}, "ben": {"rating": {"scale_4": "4"}}}}])
    assert isinstance(one, ImportedComparison)
    assert [(vote.annotator, vote.choice) for vote in one.votes] == [("ann", "second")]
    assert one.metadata == {"other_answers": [{"rating": {"scale_4": "4"}}]}
