"""Column mappings: who judged, which side is preferred without a column for it, and numbers that count from 0."""

import io
from collections.abc import Iterable, Mapping

import pytest

from labeling.exchange import ImportedComparison, Message, Rejected, mapping_text, parse_mapping, read_comparisons
from labeling.exchange.errors import UndetectedDialect, UnknownDialect
from tests.labeling.exchange.builders import as_lines, message

ROW = {"q": "Why?", "one": "Because.", "two": "No."}


def mapped(text: str, records: Iterable[Mapping[str, object]]) -> list[ImportedComparison]:
    """The comparisons that a mapping reads. A refused record fails the test."""
    found = list(read_comparisons(io.BytesIO(as_lines(records)), mapping=parse_mapping(text)))
    assert not [one for one in found if isinstance(one, Rejected)], found
    return [one for one in found if isinstance(one, ImportedComparison)]


def test_each_line_of_a_crowd_is_the_vote_of_its_worker() -> None:
    rows = [{**ROW, "Answer.best": best, "WorkerId": who} for best, who in (("a", "W1"), ("a", "W2"), ("b", "W3"))]
    found = mapped("prompt=q a=one b=two preference=Answer.best annotator=WorkerId", rows)
    assert [(vote.annotator, vote.choice) for one in found for vote in one.votes] == [
        ("W1", "first"),
        ("W2", "first"),
        ("W3", "second"),
    ]
    assert all(one.metadata == {} for one in found)


def test_a_name_inside_of_an_object_or_a_list_does_not_stay_in_the_metadata() -> None:
    rows = [{**ROW, "best": "b", "by": {"name": "Ann", "shift": [1, {"mail": "ann@example.org"}]}}]
    [one] = mapped("prompt=q a=one b=two preference=best annotator=by.name", rows)
    assert (one.votes[0].annotator, one.metadata) == ("Ann", {"by": {"shift": [1, {"mail": "ann@example.org"}]}})
    [one] = mapped("prompt=q a=one b=two preference=best annotator=by.shift.1.mail", rows)
    assert (one.votes[0].annotator, one.metadata) == ("ann@example.org", {"by": {"name": "Ann", "shift": [1, {}]}})


def test_chosen_and_rejected_in_a_mapping_need_no_column_of_preferences() -> None:
    text = "prompt=q chosen=one rejected=two"
    [one] = mapped(text, [ROW])
    assert (one.preference, one.first.text, one.second.text) == ("first", "Because.", "No.")
    assert mapping_text(parse_mapping(text)) == text


@pytest.mark.parametrize(
    "text", ["prompt=q chosen=one", "prompt=q chosen=one rejected=two preference=x", "chosen=x b=y"]
)
def test_chosen_and_rejected_stand_alone_in_a_mapping(text: str) -> None:
    with pytest.raises(UnknownDialect):
        parse_mapping(text)


@pytest.mark.parametrize("names", [("response_1", "response_2"), ("one", "two")])
def test_where_a_line_says_0_no_number_names_a_side(names: tuple[str, str]) -> None:
    """The 1 of such a file is the second completion, or the mark of a good one: read by its name it would be wrong."""
    rows = [{"prompt": f"{number}?", names[0]: "x", names[1]: "y", "label": number} for number in (1, 0, 1)]
    mapping = None if names[0] == "response_1" else parse_mapping("prompt=prompt a=one b=two preference=label")
    found = list(read_comparisons(io.BytesIO(as_lines(rows)), mapping=mapping))
    assert [(one.code, one.field) for one in found if isinstance(one, Rejected)] == [("preference", "label")] * 3
    assert "counting" in str(found[0].reason)  # type: ignore[union-attr]


def test_numbers_from_1_name_the_sides_that_end_in_them() -> None:
    rows = [{"prompt": f"{number}?", "response_1": "x", "response_2": "y", "label": number} for number in (1, 2)]
    found = [one for one in read_comparisons(io.BytesIO(as_lines(rows))) if isinstance(one, ImportedComparison)]
    assert [one.preference for one in found] == ["first", "second"]


@pytest.mark.parametrize(
    "field", ["annotator", "annotator_id", "worker_id", "WorkerId", "labeler", "rater_id", "judge", "reviewer"]
)
def test_the_usual_names_of_annotators_need_no_mapping(field: str) -> None:
    rows = [{"prompt": "Why?", "chosen": "Because.", "rejected": "No.", field: who} for who in (7, 8)]
    found = [one for one in read_comparisons(io.BytesIO(as_lines(rows))) if isinstance(one, ImportedComparison)]
    assert [(one.votes[0].annotator, one.metadata) for one in found] == [("7", {}), ("8", {})]


def test_a_0_in_a_field_that_is_not_the_outcome_says_nothing_of_its_numbers() -> None:
    sides = {"response_1": "x", "response_2": "y"}
    rows = [{"prompt": f"{number}?", **sides, "preference": number, "label": 0} for number in (1, 2)]
    found = [one for one in read_comparisons(io.BytesIO(as_lines(rows))) if isinstance(one, ImportedComparison)]
    assert [(one.preference, one.metadata["label"]) for one in found] == [("first", 0), ("second", 0)]


def test_a_mapped_annotator_leaves_the_opinions_of_a_labeling_tool_in_place() -> None:
    annotation = {"id": 1, "completed_by": 5, "result": [{"value": {"selected": "right"}}]}
    record = {"data": {**ROW, "worker_id": "W1"}, "annotations": [annotation]}
    [one] = mapped("prompt=data.q a=data.one b=data.two annotator=data.worker_id", [record])
    assert [(vote.annotator, vote.choice) for vote in one.votes] == [("5", "second")]
    assert "annotations" not in one.metadata


SYSTEM = message("system", "Be brief.")
OTHER_PARTS: list[tuple[dict[str, object], list[Message]]] = [
    ({"input": "Cats sleep."}, [message("user", "Why?\n\nCats sleep.")]),
    ({"Context": "Cats sleep."}, [message("user", "Why?\n\nCats sleep.")]),
    ({"system_prompt": "Be brief."}, [SYSTEM, message("user", "Why?")]),
    ({"messages": [SYSTEM]}, [SYSTEM, message("user", "Why?")]),
    (
        {"history": [["Hi.", "Hello."]]},
        [message("user", "Hi."), message("assistant", "Hello."), message("user", "Why?")],
    ),
]


@pytest.mark.parametrize(("beside", "prompt"), OTHER_PARTS)
def test_the_parts_of_a_prompt_beside_its_column_are_read(beside: dict[str, object], prompt: list[Message]) -> None:
    [one] = mapped("prompt=q chosen=one rejected=two", [{**ROW, **beside}])
    assert one.prompt == prompt
    assert set(one.metadata) <= {"messages"}
    [one] = mapped("prompt=in.q chosen=one rejected=two", [{**ROW, "in": {"q": "Why?", **beside}}])
    assert one.prompt == prompt


def test_a_column_that_is_another_part_is_none_of_the_prompt() -> None:
    [one] = mapped(
        "prompt=q a=input b=context system=rules", [{"q": "Why?", "input": "x", "context": "y", "rules": "z"}]
    )
    assert one.prompt == [message("system", "z"), message("user", "Why?")]


def test_no_mapping_is_proposed_for_records_by_their_ids() -> None:
    row = {"prompt": "Why?", "chosen": "x", "rejected": "y"}
    with pytest.raises(UndetectedDialect) as caught:
        list(read_comparisons(io.BytesIO(as_lines([{"first": row, "second": row}]))))
    assert caught.value.mapping == ""


def test_a_trajectory_is_the_prompt_and_no_task() -> None:
    row = {"task": "Math", "trajectory": [{"from": "user", "value": "1 + 1?"}], "chosen": "2", "rejected": "3"}
    [one] = [one for one in read_comparisons(io.BytesIO(as_lines([row]))) if isinstance(one, ImportedComparison)]
    assert (one.prompt, one.metadata) == ([message("user", "1 + 1?")], {"task": "Math"})
