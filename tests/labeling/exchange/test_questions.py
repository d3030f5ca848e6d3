"""Which question of several is the preference, and which side it asks for: alike in all labeling tools."""

from collections.abc import Callable
from typing import Any

import pytest

from labeling.exchange import ImportedComparison, Rejected
from labeling.exchange.questions import asks_for_better, asks_for_worse, asks_how_much
from tests.labeling.exchange.builders import read

TEXTS = {"prompt": "Name two fruits.", "response1": "Apples and plums.", "response2": "Potatoes."}
Questions = dict[str, str]
"""The side that each question names."""


def argilla(said: Questions) -> dict[str, Any]:
    answers = {name: [{"value": f"response{'AB'.index(side) + 1}", "user_id": "ann"}] for name, side in said.items()}
    return {"id": "r", "fields": TEXTS, "responses": answers}


def argilla_1(said: Questions) -> dict[str, Any]:
    values = {name: {"value": f"response{'AB'.index(side) + 1}"} for name, side in said.items()}
    return {"fields": TEXTS, "responses": [{"user_id": "ann", "status": "submitted", "values": values}]}


def argilla_table(said: Questions) -> dict[str, Any]:
    columns = {f"{name}.responses": [f"response{'AB'.index(side) + 1}"] for name, side in said.items()}
    return {**TEXTS, **columns, **{f"{name}.users": ["ann"] for name in columns}}


def argilla_hub(said: Questions) -> dict[str, Any]:
    return TEXTS | {
        name: [{"user_id": "ann", "value": f"response{'AB'.index(side) + 1}", "status": "submitted"}]
        for name, side in said.items()
    }


def potato(said: Questions) -> dict[str, Any]:
    texts = {"prompt": TEXTS["prompt"], "responses": [TEXTS["response1"], TEXTS["response2"]]}
    return {**texts, "user_id": "ann", "label_annotations": {name: {side: "true"} for name, side in said.items()}}


def potato_pairwise(said: Questions) -> dict[str, Any]:
    return potato({}) | {"label_annotations": {name: {"selection": side} for name, side in said.items()}}


def potato_table(said: Questions) -> dict[str, Any]:
    texts = {"prompt": TEXTS["prompt"], "left": TEXTS["response1"], "right": TEXTS["response2"]}
    return {**texts, "user_id": "ann", **{f"{name}.selection": side for name, side in said.items()}}


def studio(said: Questions) -> dict[str, Any]:
    results = [{"from_name": name, "value": {"choices": [side]}} for name, side in said.items()]
    return {"data": TEXTS, "annotations": [{"completed_by": "ann", "result": results}]}


def studio_pairwise(said: Questions) -> dict[str, Any]:
    results = [
        {"from_name": name, "value": {"selected": {"A": "left", "B": "right"}[side]}} for name, side in said.items()
    ]
    return {"data": TEXTS, "annotations": [{"completed_by": "ann", "result": results}]}


def studio_row(said: Questions) -> dict[str, Any]:
    return {**TEXTS, "annotation_id": 1, "annotator": "ann", **said}


LABELS = [argilla, argilla_1, argilla_table, argilla_hub, potato, studio, studio_row]
COMPARISONS = [potato_pairwise, potato_table, studio_pairwise]
Tool = Callable[[Questions], dict[str, Any]]


def choices(record: dict[str, Any]) -> list[str]:
    """The choices of the record's votes; none if it is refused because it has none."""
    [one] = read([record])
    if isinstance(one, Rejected):
        assert "name no preference" in str(one.reason)
        return []
    return [vote.choice for vote in one.votes]


@pytest.mark.parametrize("worse", ["worse", "which_is_worse", "more_harmful", "leastHelpful", "rejected_response"])
@pytest.mark.parametrize("tool", [*LABELS, *COMPARISONS])
def test_a_question_for_the_worse_text_is_no_preference(tool: Tool, worse: str) -> None:
    assert choices(tool({worse: "A"})) == []
    assert choices(tool({worse: "A", "which_is_better": "B"})) == ["second"]


@pytest.mark.parametrize("tool", [*LABELS, *COMPARISONS])
@pytest.mark.parametrize("better", ["preference", "best_response", "winner", "Which answer do you prefer"])
def test_the_question_for_the_preference_counts_wherever_it_stands(tool: Tool, better: str) -> None:
    assert choices(tool({"fluency": "A", better: "B"})) == ["second"]
    assert choices(tool({better: "B", "fluency": "A"})) == ["second"]


@pytest.mark.parametrize("tool", LABELS)
def test_a_label_of_another_question_is_no_preference(tool: Tool) -> None:
    assert choices(tool({"has_errors": "A"})) == []
    assert choices(tool({"better": "A", "winner": "B"})) == []


@pytest.mark.parametrize("tool", COMPARISONS)
def test_a_comparison_of_another_name_counts_if_no_other_contradicts_it(tool: Tool) -> None:
    assert choices(tool({"how_fluent": "B"})) == ["second"]
    assert choices(tool({"how_fluent": "B", "how_true": "B"})) == ["second"]
    assert choices(tool({"how_fluent": "B", "how_true": "A"})) == []


@pytest.mark.parametrize("tool", [argilla, argilla_1, argilla_table, argilla_hub, studio])
def test_an_answer_that_is_no_preference_is_kept_and_noted(tool: Tool) -> None:
    [one] = read([tool({"more_harmful": "A"})])
    assert isinstance(one, ImportedComparison)
    assert one.warnings == ("choices_apart",)
    assert "more_harmful" in str(one.metadata)
    assert "ann" not in str(one.metadata).replace("annotation", "")


def orders(tool: str, said: dict[str, list[str]]) -> dict[str, Any]:
    """A record whose questions order three texts, best first."""
    texts = {f"response{at}": f"Text {at}." for at in (1, 2, 3)}
    if tool == "argilla":
        ranked = {name: [{"value": one, "rank": at} for at, one in enumerate(order)] for name, order in said.items()}
        answers = {name: [{"value": value, "user_id": "ann"}] for name, value in ranked.items()}
        return {"fields": {"prompt": "Q", **texts}, "responses": answers}
    items = [{"id": name, "text": text} for name, text in texts.items()]
    results = [{"from_name": name, "value": {"ranker": order}} for name, order in said.items()]
    return {"data": {"prompt": "Q", "items": items}, "annotations": [{"completed_by": "ann", "result": results}]}


UP, DOWN = ["response3", "response2", "response1"], ["response1", "response2", "response3"]


@pytest.mark.parametrize("tool", ["argilla", "ranker"])
@pytest.mark.parametrize("said", [{"toxic": DOWN, "order": UP}, {"fluency": DOWN, "preference": UP}])
def test_of_several_orders_that_of_the_preference_counts(tool: str, said: dict[str, list[str]]) -> None:
    [one] = read([orders(tool, said)])
    assert isinstance(one, ImportedComparison), one
    better = one.first if one.votes[0].choice == "first" else one.second
    assert better.text == "Text 3."


@pytest.mark.parametrize("tool", ["argilla", "ranker"])
@pytest.mark.parametrize("said", [{"toxic": DOWN}, {"fluency": DOWN, "truth": UP}])
def test_orders_of_which_none_is_the_preference_are_no_votes(tool: str, said: dict[str, list[str]]) -> None:
    [one] = read([orders(tool, said)])
    assert isinstance(one, Rejected) or not one.votes


@pytest.mark.parametrize("rating", [1, 2, 2.0, 5])
def test_a_rating_is_no_choice_of_a_side(rating: float) -> None:
    alone = argilla({}) | {"responses": {"quality": [{"value": rating, "user_id": "ann"}]}}
    assert choices(alone) == []
    [kept] = read([alone])
    assert isinstance(kept, ImportedComparison)
    assert kept.metadata["other_answers"] == [{"answers": {"quality": rating}}]
    alone["responses"]["which_is_better"] = [{"value": "response1", "user_id": "ann"}]
    assert choices(alone) == ["first"]
    [refused] = read([alone | {"responses": {"preference": [{"value": rating, "user_id": "ann"}]}}])
    assert isinstance(refused, Rejected)
    assert refused.code == "preference"


@pytest.mark.parametrize(("tag", "strength"), [("how_much_better", 2), ("quality_of_answer1", None), ("stars", None)])
def test_only_a_rating_that_asks_for_it_is_the_strength(tag: str, strength: int | None) -> None:
    record = studio_pairwise({"preference": "A"})
    record["annotations"][0]["result"].append({"from_name": tag, "value": {"rating": 2}})
    [one] = read([record])
    assert isinstance(one, ImportedComparison)
    assert [vote.strength for vote in one.votes] == [strength]
    assert ("results" in one.votes[0].metadata) is (strength is None)


@pytest.mark.parametrize(
    ("name", "better", "worse", "size"),
    [
        ("preferredResponse", True, False, False),
        ("Overall", True, False, False),
        ("better_grammar", False, False, False),
        ("choice_reason", False, False, False),
        ("harmless", False, False, False),
        ("closer_to_facts", False, False, False),
        ("not_preferred", False, True, False),
        ("loser", False, True, False),
        ("preference_strength", False, False, True),
        ("", False, False, False),
    ],
)
def test_names_of_questions(name: str, better: bool, worse: bool, size: bool) -> None:
    assert (asks_for_better(name), asks_for_worse(name), asks_how_much(name)) == (better, worse, size)
