"""Records with more than two completions, and tools that list them: none is left aside without a word."""

import io
import json
from typing import Any

import pytest

from labeling.exchange import ImportedComparison, Rejected, read_comparisons
from tests.labeling.exchange.builders import message, read

FOUR = {"prompt": "Q", "response_a": "a", "response_b": "b", "response_c": "c", "response_d": "d"}
OPTIONS = {"text": "Q", "options": [{"id": 0, "text": "a"}, {"id": 1, "text": "b"}], "_annotator_id": "kim"}


def pairs(record: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    read_ = read([record])
    assert all(isinstance(one, ImportedComparison) for one in read_), read_
    return [(one.first.text, one.second.text, one.preference) for one in read_ if isinstance(one, ImportedComparison)]


@pytest.mark.parametrize("named", [{"preference": "response_c"}, {"winner": "C"}, {"preferred_response": "c"}])
def test_the_preferred_one_of_several_beats_each_of_the_others(named: dict[str, str]) -> None:
    assert pairs(FOUR | named) == [("c", other, "first") for other in "abd"]


@pytest.mark.parametrize("named", [{}, {"winner": "E"}, {"winner": "tie"}])
def test_several_completions_of_which_none_is_preferred_are_refused_by_name(named: dict[str, str]) -> None:
    [refused] = read([FOUR | named])
    assert isinstance(refused, Rejected)
    assert "4 completions (response_a, response_b, response_c, response_d)" in str(refused.reason)


def test_a_third_completion_in_a_later_record_counts_too() -> None:
    two = {"prompt": "Q", "response_1": "a", "response_2": "b", "winner": "response_1"}
    found = read([two, two | {"prompt": "Q2", "response_3": "c"}])
    assert [one.second.text for one in found if isinstance(one, ImportedComparison)] == ["b", "b", "c"]


def test_chosen_and_rejected_may_be_lists_as_in_reward_bench_2() -> None:
    record = {"prompt": "Q", "chosen": ["a", "b"], "rejected": ["c", "d"]}
    assert pairs(record) == [(x, y, "first") for x in "ab" for y in "cd"]
    assert pairs({"prompt": "Q", "chosen": "a", "rejected": ["c", "d"]}) == [("a", "c", "first"), ("a", "d", "first")]


@pytest.mark.parametrize("good", [["a", "c", "b"], ["c", "a", "b"]])
def test_pairs_of_a_record_that_cannot_be_read_are_noted_and_the_others_kept(good: list[str]) -> None:
    found = read([{"prompt": "Q", "chosen": good, "rejected": "c"}])
    assert [one.first.text for one in found if isinstance(one, ImportedComparison)] == ["a", "b"]
    assert [one.warnings for one in found if isinstance(one, ImportedComparison)] == [("pairs_left_out",), ()]
    [one, _other] = read([FOUR | {"winner": "c", "response_d": "c", "response_b": "b"}])
    assert isinstance(one, ImportedComparison)
    assert one.warnings == ("pairs_left_out",)
    assert isinstance(read([{"prompt": "Q", "chosen": ["c", "c"], "rejected": "c"}])[0], Rejected)


def test_an_empty_winner_names_nobody_even_where_a_model_has_no_name() -> None:
    record = {"prompt": "Q", "response_a": "a", "response_b": "b", "model_a": "", "model_b": "m"}
    [empty] = read([record | {"winner": ""}])
    [named] = read([record | {"winner": "m"}])
    assert isinstance(empty, ImportedComparison)
    assert isinstance(named, ImportedComparison)
    assert (empty.preference, named.preference) == (None, "second")


def test_texts_with_a_list_of_scores_or_ranks_are_a_ranking() -> None:
    texts = {"instruction": "Q", "generations": ["a", "b", "c"]}
    [one] = read([texts | {"ratings": [4, 2, 3], "generation_models": ["m", "n", "o"]}])
    assert isinstance(one, ImportedComparison)
    assert (one.first.text, one.first.model, one.second.text, one.second.model) == ("a", "m", "b", "n")
    assert one.certainty == pytest.approx(0.8808, abs=1e-4)
    assert pairs(texts | {"ranks": [2, 1, 3]}) == [("b", "c", "first")]
    assert isinstance(read([texts | {"ratings": [4, 2]}])[0], Rejected)


def test_a_text_without_a_score_stays_in_the_metadata() -> None:
    [one] = read([{"prompt": "Q", "responses": ["a", "b", "c"], "scores": [1, None, 3]}])
    assert isinstance(one, ImportedComparison)
    assert (one.first.text, one.metadata["responses"]) == ("c", ["a", "b", "c"])


def test_choices_of_prodigy_are_votes_and_what_was_ignored_is_a_skip() -> None:
    chosen, ignored = read(
        [OPTIONS | {"accept": [1], "answer": "accept"}, OPTIONS | {"text": "Q2", "accept": [], "answer": "ignore"}]
    )
    assert isinstance(chosen, ImportedComparison)
    assert isinstance(ignored, ImportedComparison)
    assert (chosen.first.text, [(vote.annotator, vote.choice) for vote in chosen.votes]) == ("b", [("kim", "first")])
    assert [(vote.annotator, vote.choice) for vote in ignored.votes] == [("kim", "skip")]
    assert isinstance(read([OPTIONS | {"accept": [0, 1], "answer": "accept"}])[0], Rejected)


def test_other_tools_names_of_a_pair_are_read() -> None:
    turns = [message("user", "Q"), message("assistant", "a")]
    assert pairs({"messages": turns, "rejected_response": "b"}) == [("a", "b", "first")]
    binarized = {"instruction": "Q", "chosen_response": "a", "rejected_response": "b", "chosen_avg_rating": 4.0}
    assert pairs(binarized) == [("a", "b", "first")]
    judged = {"question": "Q", "response_A": "a", "response_B": "b"}
    assert pairs(judged | {"label": "B>A"}) == [("a", "b", "second")]
    assert pairs(judged | {"label": "A=B"}) == [("a", "b", "tie")]


def test_a_battle_of_several_turns_as_a_table_is_one_comparison() -> None:
    row = {"prompt": '["Q","Q2"]', "response_a": '["a","a2"]', "response_b": '["b","b2"]'}
    won = {"winner_model_a": 1, "winner_model_b": 0, "winner_tie": 0}
    [one] = read([row | won])
    assert isinstance(one, ImportedComparison)
    assert one.prompt == [message("user", "Q")]
    assert list(one.first.turns) == [message("assistant", "a"), message("user", "Q2"), message("assistant", "a2")]
    [refused] = read([row | won | {"response_b": '["b"]'}])
    assert isinstance(refused, Rejected)
    assert str(refused.reason) == "The field 'response_b' has 1 turns, and the prompt has 2."


def test_questions_of_argilla_1_are_columns_with_lists_of_responses() -> None:
    responses = [
        {"user_id": "u", "value": "2", "status": "submitted"},
        {"user_id": "v", "value": "1", "status": "draft"},
    ]
    [one] = read([{"prompt": "Q", "response-1": "a", "response-2": "b", "preference": responses}])
    assert isinstance(one, ImportedComparison)
    assert [(vote.annotator, vote.choice) for vote in one.votes] == [("u", "second")]


@pytest.mark.parametrize("system", [message("system", "S"), [message("system", "S")], ["S"]])
def test_a_system_message_may_be_an_object_or_a_list_of_one(system: Any) -> None:
    [one] = read([{"system": system, "prompt": "Q", "chosen": "a", "rejected": "b"}])
    assert isinstance(one, ImportedComparison)
    assert one.prompt == [message("system", "S"), message("user", "Q")]
    [refused] = read([{"system": ["S", "T"], "prompt": "Q", "chosen": "a", "rejected": "b"}])
    assert isinstance(refused, Rejected)


@pytest.mark.parametrize(
    "prompt",
    [
        "<|prompter|>Q",
        "[gMASK]<sop><|user|>Q",
        "<|START_OF_TURN_TOKEN|>Q",
        "[|user|]Q",
        "<extra_id_0>System\nQ",
        "<human>: Q",
    ],
)
def test_a_prompt_in_the_template_of_any_model_is_refused(prompt: str) -> None:
    [refused] = read([{"prompt": prompt, "chosen": "a", "rejected": "b"}])
    assert isinstance(refused, Rejected)
    assert refused.code == "rendered"


def test_a_mapping_leads_into_lists() -> None:
    record = {"info": {"post": "Q"}, "summaries": [{"text": "a"}, {"text": "b"}], "choice": "b"}
    mapping = {"prompt": "info.post", "a": "summaries.0.text", "b": "summaries.1.text", "preference": "choice"}
    [one] = list(read_comparisons(io.BytesIO(json.dumps(record).encode()), mapping=mapping))
    assert isinstance(one, ImportedComparison)
    assert (one.first.text, one.second.text, one.preference) == ("a", "b", "second")
    [refused] = list(
        read_comparisons(io.BytesIO(json.dumps(record).encode()), mapping=mapping | {"b": "summaries.2.text"})
    )
    assert isinstance(refused, Rejected)
    assert str(refused.reason) == "The field 'summaries.2.text' is missing."


def test_passages_in_a_list_are_part_of_the_question() -> None:
    [one] = read([{"prompt": "Who?", "context": ["Ann ran.", "Ben sat."], "chosen": "a", "rejected": "b"}])
    assert isinstance(one, ImportedComparison)
    assert one.prompt == [message("user", "Who?\n\nAnn ran.\n\nBen sat.")]


def test_the_winner_may_be_the_name_of_its_model() -> None:
    battle = {"prompt": "Q", "response_a": "a", "response_b": "b", "model_a": "m", "model_b": "n"}
    assert pairs(battle | {"winner": "n"}) == [("a", "b", "second")]
    [refused] = read([battle | {"winner": "o"}])
    assert isinstance(refused, Rejected)


def test_labels_of_kto_in_a_table_may_be_digits() -> None:
    [one] = read(b"prompt,completion,label\nQ,a,1\nQ,b,0\n")
    assert isinstance(one, ImportedComparison)
    assert (one.first.text, one.preference) == ("a", "first")


@pytest.mark.parametrize(
    ("option", "choice"),
    [
        ({"id": "tie", "text": "Tie"}, "tie"),
        ({"id": "C", "text": "Both are equally good."}, "tie"),
        ({"id": 2, "text": "about the same"}, "tie"),
        ({"id": "both_bad", "text": "I like none of them"}, "both_bad"),
        ({"id": "n", "text": "Neither"}, "both_bad"),
    ],
)
@pytest.mark.parametrize("place", [0, 2])
def test_an_option_for_ties_is_no_answer(option: dict[str, Any], choice: str, place: int) -> None:
    options = list(OPTIONS["options"])
    options.insert(place, option)
    task = OPTIONS | {"options": options, "answer": "accept"}
    assert pairs(task | {"accept": [option["id"]]}) == [("a", "b", choice)]
    assert pairs(task | {"accept": [1]}) == [("b", "a", "first")]
    [tied] = read([task | {"accept": [option["id"]]}])
    assert isinstance(tied, ImportedComparison)
    assert [(vote.annotator, vote.choice) for vote in tied.votes] == [("kim", choice)]


def test_of_two_options_each_is_an_answer_and_a_tie_of_three_is_refused() -> None:
    options = [{"id": 0, "text": "Neither"}, {"id": 1, "text": "Both"}]
    assert pairs(OPTIONS | {"options": options, "accept": [0]}) == [("Neither", "Both", "first")]
    numbers = [{"id": at, "text": text} for at, text in enumerate(("1", "1.5", "2"))]
    assert len(pairs(OPTIONS | {"options": numbers, "accept": [1]})) == 2
    three = [*OPTIONS["options"], {"id": 2, "text": "c"}, {"id": 3, "text": "Tie"}]
    [refused] = read([OPTIONS | {"options": three, "accept": [3]}])
    assert isinstance(refused, Rejected)
    assert "more than two others" in str(refused.reason)


@pytest.mark.parametrize("values", [[1, 2, 0], [2, 3, 1], [2.0, 0.0, 1.0], [1, 3, 0, 2]])
@pytest.mark.parametrize("name", ["ranking", "rankings"])
def test_a_list_that_may_be_ranks_or_an_order_is_refused(name: str, values: list[float]) -> None:
    record = {"prompt": "Q", "answers": list("abcd"[: len(values)])}
    [refused] = read([record | {name: values}])
    assert isinstance(refused, Rejected)
    assert (refused.code, refused.field) == ("ranking", name)
    assert len(pairs(record | {"ranks": values})) == 1


@pytest.mark.parametrize(
    ("values", "best"), [([0, 1, 2], "a"), ([2, 1, 0], "c"), ([2, 1, 3], "b"), ([2, 1, 1], "b"), ([1, 0], "b")]
)
def test_a_ranking_that_says_the_same_either_way_is_read(values: list[int], best: str) -> None:
    [one] = read([{"prompt": "Q", "answers": list("abc"[: len(values)]), "ranking": values}])
    assert isinstance(one, ImportedComparison)
    assert one.first.text == best


def test_what_stands_beside_the_text_of_an_option_stays_with_it() -> None:
    options = [{"id": 0, "text": "a", "style": {"color": "red"}, "meta": {"model": "m1"}}, {"id": 1, "text": "b"}]
    [one] = read([OPTIONS | {"options": options, "accept": [1], "answer": "accept"}])
    assert isinstance(one, ImportedComparison)
    assert (one.first.metadata, one.second.metadata) == (None, {"style": {"color": "red"}, "meta": {"model": "m1"}})
