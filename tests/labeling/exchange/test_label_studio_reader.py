"""Votes of Label Studio that are no bare "left": choices of an interface, and the rows of its JSON-MIN and CSV."""

import json
from typing import Any

import pytest

from labeling.exchange import ImportedComparison
from tests.labeling.exchange.builders import read
from tests.labeling.exchange.test_platform_readers import DATA, task


def chosen(*choices: str) -> dict[str, Any]:
    return {"type": "choices", "from_name": "better", "to_name": "prompt", "value": {"choices": list(choices)}}


def annotated(*results: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": 3, "completed_by": {"id": 2, "email": "ann@example.org"}, "result": list(results), **more}


def only(data: Any) -> ImportedComparison:
    [comparison] = read(data)
    assert isinstance(comparison, ImportedComparison), comparison
    return comparison


@pytest.mark.parametrize(
    ("words", "side"),
    [
        ("Answer 1", "first"),
        ("answer2", "second"),
        ("Response B is better", "second"),
        ("left", "first"),
        ("Model A", "first"),
        ("2", "second"),
        ("A", "first"),
        ("both_bad", "both_bad"),
    ],
)
def test_a_choice_that_names_a_side_is_a_vote(words: str, side: str) -> None:
    comparison = only([task(annotations=[annotated(chosen(words))])])
    assert [(vote.annotator, vote.choice) for vote in comparison.votes] == [("ann@example.org", side)]
    assert "annotations" not in comparison.metadata


@pytest.mark.parametrize("results", [[chosen("Norwegian")], [chosen("A", "B")], [chosen("A"), chosen("B")], []])
def test_other_annotations_become_metadata_without_names(results: list[dict[str, Any]]) -> None:
    comparison = only([task(annotations=[annotated(*results), annotated(chosen("Answer 2"))])])
    assert [vote.choice for vote in comparison.votes] == ["second"]
    assert comparison.metadata["annotations"] == [{"id": 3, "result": results}] if results else True
    assert "ann@example.org" not in json.dumps(comparison.metadata)


@pytest.mark.parametrize("name", ["worse", "hallucinates", None])
def test_a_choice_of_a_tag_that_asks_for_something_else_is_noted_and_no_vote(name: str | None) -> None:
    other = chosen("Answer 1") | {"from_name": name}
    alone = only([task(annotations=[annotated(other)])])
    assert (alone.votes, alone.preference, alone.warnings) == ((), None, ("choices_apart",))
    assert alone.metadata["annotations"] == [{"id": 3, "result": [other]}]
    beside = only([task(annotations=[annotated(other, chosen("Answer 2"))])])
    assert [(vote.choice, vote.metadata["results"]) for vote in beside.votes] == [("second", [other])]
    assert beside.warnings == ("choices_apart",)


def test_a_pairwise_tag_for_the_worse_answer_is_no_vote_and_of_several_the_preference_counts() -> None:
    def pairwise(name: str, side: str) -> dict[str, Any]:
        return {"type": "pairwise", "from_name": name, "value": {"selected": side}}

    worse = only([task(annotations=[annotated(pairwise("worse", "left"))])])
    assert (worse.votes, worse.warnings) == ((), ("choices_apart",))
    several = only([task(annotations=[annotated(pairwise("safer", "left"), pairwise("preference", "right"))])])
    assert [(vote.choice, vote.metadata["results"][0]["from_name"]) for vote in several.votes] == [("second", "safer")]


@pytest.mark.parametrize("value", [{"choices": ["Answer 1"]}, "left", "tie"])
def test_a_column_of_a_tag_that_asks_for_something_else_is_metadata(value: Any) -> None:
    row = {**DATA, "id": 5, "annotation_id": 9, "annotator": 4, "worse": value}
    one = only([row])
    assert (one.preference, one.warnings, one.metadata["worse"]) == (None, ("choices_apart",), value)
    both = only([row | {"preference": "right"}])
    assert (both.preference, both.metadata["worse"]) == ("second", value)


@pytest.mark.parametrize("value", ["right", [{"selected": "right"}], {"selected": "right"}, '[{"selected": "right"}]'])
def test_the_choice_of_a_row_is_read_in_every_form_that_the_tool_writes(value: Any) -> None:
    row = {**DATA, "id": 5, "annotation_id": 9, "annotator": 4, "comparison": value, "lead_time": 2.5}
    comparison = only([row])
    assert [(vote.annotator, vote.choice, vote.seconds) for vote in comparison.votes] == [("4", "second", 2.5)]


def test_a_column_about_something_else_is_no_choice() -> None:
    row = {**DATA, "id": 5, "annotation_id": 9, "annotator": 4, "language": "A", "quality": [{"rating": 2}]}
    assert (only([row]).preference, only([row | {"preference": "Answer 1"}]).preference) == (None, "first")


@pytest.mark.parametrize(
    ("word", "choice"),
    [
        ("Tie", "tie"),
        ("Both are equally good", "tie"),
        ("NO PREFERENCE", "tie"),
        ("Neither", "both_bad"),
        ("Both bad", "both_bad"),
    ],
)
def test_a_tie_in_other_words_is_a_vote_under_a_tag_of_preferences_alone(word: str, choice: str) -> None:
    tag = {"from_name": "preference", "value": {"choices": [word]}}
    assert only([task(annotations=[annotated(tag)])]).votes[0].choice == choice
    other = only([task(annotations=[annotated({**tag, "from_name": "toxicity"})])])
    assert (other.votes, other.warnings) == ((), ())
    row = {"id": 1, "annotation_id": 3, "prompt": "Q", "answer1": "a", "answer2": "b", "preference": word}
    assert only([row]).preference == choice


def test_words_that_no_reader_knows_are_noted_under_a_tag_of_preferences() -> None:
    tag = {"from_name": "preference", "value": {"choices": ["Hard to say, really"]}}
    one = only([task(annotations=[annotated(tag)])])
    assert (one.votes, one.warnings) == ((), ("choices_unread",))


@pytest.mark.parametrize("word", ["None", "Both", "Same"])
def test_a_word_for_a_tie_under_another_tag_does_not_cancel_a_side(word: str) -> None:
    """Such a tag may list harms, of which the answers have none."""
    for tag in ("label", "choice"):
        harms = {"from_name": tag, "value": {"choices": [word]}}
        [vote] = only([task(annotations=[annotated(chosen("Answer 1"), harms)])]).votes
        assert (vote.choice, vote.metadata["results"]) == ("first", [harms])
        row = {**DATA, "annotation_id": 3, "pw": [{"selected": "left"}], tag: word}
        assert (only([row]).preference, only([row]).metadata[tag]) == ("first", word)
    assert only([task(annotations=[annotated({**harms, "from_name": "label"})])]).votes == ()
    assert only([{**DATA, "annotation_id": 3, "label": word}]).preference is None


def test_a_tie_in_our_own_word_beside_a_side_is_a_contradiction() -> None:
    tie = chosen("tie") | {"from_name": "preference"}
    assert only([task(annotations=[annotated(chosen("Answer 1"), tie)])]).votes == ()
