"""All that annotators said beside their preference is kept, as a part of the opinion or as its metadata."""

from typing import Any

import pytest

from labeling.exchange import ImportedComparison, Vote
from tests.labeling.exchange.builders import read

TASK = {"prompt": "Name a fruit.", "answer1": "Apple.", "answer2": "Potato."}
FIELDS = {"prompt": "Name a fruit.", "response1": "Apple.", "response2": "Potato."}
REMARK = {"quality": 4, "fluent": "yes"}


def only(record: dict[str, Any]) -> ImportedComparison:
    (one,) = read([record])
    assert isinstance(one, ImportedComparison), one
    return one


def result(tag: str, **value: Any) -> dict[str, Any]:
    return {"from_name": tag, "value": value}


def annotated(*results: dict[str, Any], **more: Any) -> Vote:
    """The only opinion of a task for Label Studio."""
    annotation = {"completed_by": 1, "result": [result("preference", selected="left"), *results], **more}
    return only({"id": 1, "data": TASK, "annotations": [annotation]}).votes[0]


def test_of_two_ratings_and_two_text_areas_none_is_lost() -> None:
    ratings = [result("strength", rating=2), result("clarity", rating=3)]
    areas = [result("why", text=["So."]), result("remark", text=["Look", "here."])]
    vote = annotated(*ratings, *areas)
    assert (vote.strength, vote.comment) == (2, "So.")
    assert vote.metadata == {"results": [ratings[1], areas[1]]}


def test_a_rating_beside_a_tie_is_kept() -> None:
    rating = result("strength", rating=2)
    [vote] = only(
        {"data": TASK, "annotations": [{"result": [result("preference", choices=["tie"]), rating]}]},
    ).votes
    assert (vote.choice, vote.strength, vote.metadata) == ("tie", None, {"results": [rating]})


def test_the_second_time_of_an_annotation_stays() -> None:
    vote = annotated(created_at="2024-05-01T00:00:00Z", updated_at="2024-05-02T00:00:00Z", lead_time=3, duration=9)
    assert (vote.at, vote.seconds) == (1714521600, 3)
    assert vote.metadata == {"updated_at": "2024-05-02T00:00:00Z", "duration": 9}


def test_all_words_of_an_opinion_are_kept() -> None:
    individual = {"score": -1, "reasoning": "So.", "feedback": "Shorter.", "explanation": "Long."}
    record = {
        "context": [{"role": "user", "content": "Why?"}],
        "response1": "a",
        "response2": "b",
        "overall_preference": -1,
        "individual_preference": [individual],
    }
    [vote] = only(record).votes
    assert (vote.comment, vote.metadata) == ("So.", {"feedback": "Shorter.", "explanation": "Long."})


ARGILLA: dict[str, dict[str, Any]] = {
    "by question": {
        "fields": FIELDS,
        "responses": {
            "preference": [{"value": "response1", "user_id": "u1"}],
            **{name: [{"value": value, "user_id": "u2"}] for name, value in REMARK.items()},
        },
    },
    "by annotator": {
        "fields": FIELDS,
        "responses": [
            {"user_id": "u1", "values": {"preference": {"value": "response1"}}},
            {"user_id": "u2", "values": {name: {"value": value} for name, value in REMARK.items()}},
        ],
    },
    "columns": {
        **FIELDS,
        "preference": [{"value": "response1", "user_id": "u1", "status": "submitted"}],
        **{name: [{"value": value, "user_id": "u2", "status": "submitted"}] for name, value in REMARK.items()},
    },
    "ranking": {
        "fields": {"prompt": "Name a fruit.", "x": "Apple.", "y": "Potato.", "z": "Pea."},
        "responses": {
            "order": [{"value": [{"value": name, "rank": at} for at, name in enumerate("xyz")], "user_id": "u1"}],
            **{name: [{"value": value, "user_id": "u2"}] for name, value in REMARK.items()},
        },
    },
}


@pytest.mark.parametrize("form", ARGILLA)
def test_answers_of_somebody_without_a_preference_are_kept_beside_those_of_others(form: str) -> None:
    one = only(ARGILLA[form])
    assert [vote.annotator for vote in one.votes] == ["u1"]
    assert one.metadata["other_answers"] == [{"answers": REMARK}]


def test_somebody_who_answers_a_question_twice_says_two_things() -> None:
    said = [{"value": f"response{number}", "user_id": "u1"} for number in (2, 1)]
    one = only({"fields": FIELDS, "responses": {"preference": said}})
    assert [(vote.annotator, vote.choice) for vote in one.votes] == [("u1", "second"), ("u1", "first")]
    assert one.warnings == ("several_opinions",)
