"""Argilla's records whose annotators order three or more texts."""

import io
from typing import Any

import pytest

from labeling.exchange import ImportedComparison, ReadLimits, Rejected, read_comparisons
from tests.labeling.exchange.builders import as_lines, read

FIELDS = {
    "prompt": "Name a fruit.",
    "response1": "Apple.",
    "response2": "Potato.",
    "response3": "Stone.",
    "topic": "food",
}


def order(user: str, **ranks: float) -> dict[str, Any]:
    value = [{"value": name, "rank": rank} for name, rank in ranks.items()]
    return {"value": value, "user_id": user, "status": "submitted"}


def ranked(*orders: dict[str, Any], **more: list[dict[str, Any]]) -> dict[str, Any]:
    return {"id": "r1", "fields": FIELDS, "metadata": {"k": 1}, "responses": {"ranking": list(orders), **more}}


ANN = order("ann", response2=2, response1=1, response3=3)
BOB = order("bob", response1=1, response2=1, response3=2)


def pairs(record: dict[str, Any], ranking: Any) -> list[ImportedComparison]:
    found = read_comparisons(io.BytesIO(as_lines([record])), limits=ReadLimits(ranking=ranking))
    return [one for one in found if isinstance(one, ImportedComparison)]


@pytest.mark.parametrize(
    ("ranking", "expected"),
    [
        ("best-worst", {("Apple.", "Stone."): ["first", "first"]}),
        ("neighbours", {("Apple.", "Potato."): ["first", "tie"], ("Potato.", "Stone."): ["first", "first"]}),
    ],
)
def test_each_pair_of_an_order_has_the_opinion_of_each_annotator(ranking: str, expected: dict[Any, list[str]]) -> None:
    found = pairs(ranked(ANN, BOB), ranking)
    assert {(one.first.text, one.second.text): [vote.choice for vote in one.votes] for one in found} == expected
    assert {vote.annotator for one in found for vote in one.votes} == {"ann", "bob"}
    assert found[0].metadata == {"metadata": {"k": 1}, "data_fields": {"topic": "food"}}
    assert len(pairs(ranked(ANN, BOB), "all")) == 3


def test_words_beside_an_order_are_its_comment_and_a_discarded_answer_is_a_skip() -> None:
    beside = {"comment": [{"value": "Stones hurt.", "user_id": "ann"}], "sure": [{"value": "yes", "user_id": "ann"}]}
    discarded = {"value": None, "user_id": "cy", "status": "discarded"}
    [one] = pairs(ranked(ANN, discarded, **beside), "best-worst")
    assert [(vote.choice, vote.comment, vote.metadata) for vote in one.votes] == [
        ("first", "Stones hurt.", {"answers": {"sure": "yes"}}),
        ("skip", "", {}),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        order("ann", response1=1, response2=2, response9=3),
        {**ANN, "value": [*ANN["value"], {"value": "response1", "rank": 4}]},
        {**ANN, "value": [{"value": name, "rank": "first"} for name in ("response1", "response2", "response3")]},
        {**ANN, "value": [{"value": ["response1"], "rank": 1}] * 3},
    ],
)
def test_a_wrong_order_is_refused_by_its_reason(wrong: dict[str, Any]) -> None:
    [refused] = read([ranked(wrong)])
    assert isinstance(refused, Rejected)
    assert (refused.code, refused.field) in (("ranking", "responses"), ("wrong_type", "rank"))


def test_an_order_of_qualities_is_no_order_of_the_texts() -> None:
    qualities = order("ann", helpful=1, honest=2, harmless=3)
    preferred = {"value": "response2", "user_id": "ann", "status": "submitted"}
    two = {name: text for name, text in FIELDS.items() if name != "response3"}
    record = ranked(qualities, preference=[preferred]) | {"fields": two}
    [one] = pairs(record, "best-worst")
    assert [(vote.choice, vote.metadata) for vote in one.votes] == [
        ("second", {"answers": {"ranking": qualities["value"]}})
    ]
    [beside] = pairs(ranked(ANN, qualities=[qualities]), "best-worst")
    assert beside.votes[0].metadata == {"answers": {"qualities": qualities["value"]}}


def test_the_prompt_of_an_order_has_its_input_its_history_and_its_system_message() -> None:
    asked = {"instruction": "Translate.", "input": "Bonjour", "history": [["Hi", "Hello."]], "system_prompt": "Hush."}
    texts = {name: text for name, text in FIELDS.items() if name.startswith("response")}
    [three] = pairs(ranked(ANN) | {"fields": asked | texts}, "best-worst")
    preferred = {"preference": [{"value": "response2", "user_id": "ann"}]}
    [two] = pairs(ranked() | {"fields": asked | texts, "responses": preferred}, "best-worst")
    assert [message["role"] for message in three.prompt] == ["system", "user", "assistant", "user"]
    assert "Bonjour" in three.prompt[-1]["content"]
    assert (three.prompt, three.metadata) == (two.prompt, {"metadata": {"k": 1}})
