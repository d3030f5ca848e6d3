"""Exports of Label Studio and Argilla: the task is the comparison, and what most people said its preference."""

from typing import Any

import pytest

from labeling.exchange import ImportedComparison, Rejected
from tests.labeling.exchange.builders import message, read

DATA = {"prompt": "Name two fruits.", "answer1": "Apples and plums.", "answer2": "Potatoes."}
FIELDS = {"prompt": DATA["prompt"], "response1": DATA["answer1"], "response2": DATA["answer2"]}


def task(*selected: str, **more: Any) -> dict[str, Any]:
    annotations = [{"id": at, "result": [{"value": {"selected": one}}]} for at, one in enumerate(selected)]
    return {"id": 7, "data": DATA, "annotations": annotations} | more


def argilla(*values: str) -> dict[str, Any]:
    responses = {"preference": [{"value": value, "user_id": f"u{at}"} for at, value in enumerate(values)]}
    return {"id": "5f0c", "fields": FIELDS, "metadata": {}, "responses": responses}


def flattened(*values: str) -> dict[str, Any]:
    return {"id": "5f0c", **FIELDS, "preference.responses": list(values)}


@pytest.mark.parametrize(
    ("record", "dialect", "preference"),
    [
        (task("left"), "labelstudio", "first"),
        (task("right", "right", "left"), "labelstudio", "second"),
        (task("right", "left"), "labelstudio", None),
        (task(), "labelstudio", None),
        (argilla("response1"), "argilla", "first"),
        (argilla("response2", "response2"), "argilla", "second"),
        (flattened("response2"), "argilla", "second"),
        (flattened("response1", "response2"), "argilla", None),
    ],
)
def test_tasks_are_comparisons(record: dict[str, Any], dialect: str, preference: str | None) -> None:
    [comparison] = read([record])
    assert isinstance(comparison, ImportedComparison), comparison
    assert (comparison.dialect, comparison.preference) == (dialect, preference)
    assert comparison.prompt == [message("user", DATA["prompt"])]
    assert (comparison.first.text, comparison.second.text) == (DATA["answer1"], DATA["answer2"])


def test_each_annotation_is_an_opinion_and_disagreement_is_a_warning() -> None:
    [comparison] = read([task("right", "left")])
    assert isinstance(comparison, ImportedComparison)
    assert [(vote.choice, vote.metadata) for vote in comparison.votes] == [("second", {"id": 0}), ("first", {"id": 1})]
    assert comparison.warnings == ("several_opinions",)


def test_cancelled_annotations_and_drafts_do_not_count() -> None:
    record = task("right", "left")
    record["annotations"][0]["was_cancelled"] = True
    nested = argilla("response1", "response2")
    nested["responses"]["preference"][0]["status"] = "draft"
    assert [one.preference for one in read([record])] == ["first"]  # type: ignore[union-attr]
    assert [one.preference for one in read([nested])] == ["second"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "record",
    [
        task("up"),
        task(data={"prompt": "Q", "text": "A"}),
        task(data={"prompt": ["Q", 1], "answer1": "A", "answer2": "B"}),
        {**argilla(), "responses": [1]},
        {**argilla(), "responses": {"preference": [1]}},
        {**argilla(), "fields": {"prompt": "Q"}},
    ],
)
def test_a_task_of_another_kind_is_refused(record: dict[str, Any]) -> None:
    try:
        [rejected] = read([record])
    except ValueError:  # no dialect has this shape, which is said once for the file
        return
    assert isinstance(rejected, Rejected)
    assert rejected.code != "unexpected"
