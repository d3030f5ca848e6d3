"""Exports of Label Studio and Argilla: the task is the comparison, and what most people said its preference."""

import io
import json
from typing import Any

import pytest

from labeling.exchange import ImportedComparison, Rejected, read_comparisons
from tests.labeling.exchange.builders import as_lines, message, read

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


def test_label_studios_json_min_has_one_annotation_in_each_row() -> None:
    row = {**DATA, "id": 1, "pw": "right", "annotator": {"id": 3, "email": "ann@example.com"}, "annotation_id": 11}
    row |= {"lead_time": 4.2, "created_at": "2024-05-01T10:00:00Z", "topic": "fruit"}
    [comparison] = read([row])
    assert isinstance(comparison, ImportedComparison), comparison
    assert (comparison.dialect, comparison.preference, comparison.external_id) == ("labelstudio-min", "second", "1")
    (vote,) = comparison.votes
    assert (vote.annotator, vote.seconds, vote.at) == ("ann@example.com", 4.2, 1714557600.0)
    assert comparison.metadata == {"annotation_id": 11, "topic": "fruit"}


@pytest.mark.parametrize("choice", ["tie", "both_bad"])
@pytest.mark.parametrize("form", [lambda one: one, lambda one: [one]])
def test_a_row_of_our_interface_may_have_the_choice_beside_the_pair(choice: str, form: Any) -> None:
    row = {**DATA, "id": 1, "neither": form(choice), "annotator": 3, "annotation_id": 11, "strength": 2}
    [comparison] = read([row])
    assert isinstance(comparison, ImportedComparison), comparison
    assert (comparison.preference, [vote.choice for vote in comparison.votes]) == (choice, [choice])
    assert "neither" not in comparison.metadata


def renamed(fields: dict[str, str], a: str, b: str) -> dict[str, str]:
    return dict(zip(("question", "good", "bad"), (DATA["prompt"], fields[a], fields[b]), strict=True))


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("part", ["data", "fields"])
def test_a_mapping_names_the_fields_of_a_task(part: str, inside: bool) -> None:
    record = {
        "data": task("right", data=renamed(DATA, "answer1", "answer2") | {"topic": "fruit", "key": 5}),
        "fields": argilla("bad") | {"fields": renamed(FIELDS, "response1", "response2") | {"topic": "fruit", "key": 5}},
    }[part]
    columns = {"prompt": "question", "a": "good", "b": "bad"}
    mapping = {name: f"{part}.{column}" if inside else column for name, column in columns.items()}
    (one,) = read_comparisons(io.BytesIO(as_lines([record])), mapping=mapping | {"id": f"{part}.key"})
    assert isinstance(one, ImportedComparison), one
    assert (one.prompt, one.first.text) == ([message("user", DATA["prompt"])], DATA["answer1"])
    assert ([vote.choice for vote in one.votes], one.preference, one.external_id) == (["second"], "second", "5")
    assert one.metadata.get("data_fields") == {"topic": "fruit", "key": 5}


@pytest.mark.parametrize("fields", [{"image": "cat.png"}, {"documents": ["x"]}])
@pytest.mark.parametrize("record", [task("left"), argilla("response1"), flattened("response1")])
def test_a_task_about_an_image_is_refused(record: dict[str, Any], fields: dict[str, Any]) -> None:
    part = next((name for name in ("data", "fields") if name in record), None)
    [refused] = read([record | {part: record[part] | fields} if part else record | fields])
    assert isinstance(refused, Rejected)
    assert (refused.code, refused.field) == ("unkept_field", next(iter(fields)))


def test_the_tools_of_a_task_belong_to_its_prompt() -> None:
    tools = [{"type": "function", "function": {"name": "look"}}]
    [comparison] = read([task("left", data=DATA | {"tools": tools})])
    assert isinstance(comparison, ImportedComparison)
    assert json.loads(comparison.prompt[0]["tools"]) == tools
    assert comparison.metadata.get("data_fields") is None


def test_argillas_answers_of_one_annotator_belong_together() -> None:
    ranking = [{"value": "response2", "rank": 1}, {"value": "response1", "rank": 2}]
    nested = argilla() | {
        "responses": {
            "preference": [
                {"value": ranking, "user_id": "u1"},
                {"value": ranking, "user_id": "u2", "status": "discarded"},
            ],
            "comment": [{"value": "Clear.", "user_id": "u1"}],
            "safe": [{"value": "yes", "user_id": "u1"}],
        }
    }
    [comparison] = read([nested])
    assert isinstance(comparison, ImportedComparison), comparison
    one, skip = comparison.votes
    assert (one.annotator, one.choice, one.comment, one.metadata) == (
        "u1",
        "second",
        "Clear.",
        {"answers": {"safe": "yes"}},
    )
    assert (skip.annotator, skip.choice, comparison.preference) == ("u2", "skip", "second")


def test_argilla_of_version_1_lists_responses_by_annotator() -> None:
    values = {"preference": {"value": "response1"}, "reason": {"value": "True."}}
    responses = [{"user_id": "u1", "status": "submitted", "values": values}, {"user_id": "u2", "status": "draft"}]
    [comparison] = read([argilla() | {"responses": responses}])
    assert isinstance(comparison, ImportedComparison), comparison
    assert [(vote.annotator, vote.choice, vote.comment) for vote in comparison.votes] == [("u1", "first", "True.")]


def test_argillas_table_names_its_annotators() -> None:
    row = flattened("response1", "response2") | {"preference.responses.users": ["u1", "u2"]}
    [comparison] = read([row | {"preference.responses.status": ["submitted", "draft"]}])
    assert isinstance(comparison, ImportedComparison), comparison
    assert [(vote.annotator, vote.choice) for vote in comparison.votes] == [("u1", "first")]
