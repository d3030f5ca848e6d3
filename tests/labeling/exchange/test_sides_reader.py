"""Two completions under their usual names: which they are, and which words, numbers and scores prefer one of them."""

from typing import Any

import pytest

from labeling.exchange import ImportedComparison, Rejected
from tests.labeling.exchange.builders import message, read

SIDES = {"prompt": "Why?", "response_a": "Because.", "response_b": "No."}
FROM_0 = {"prompt": "Why?", "response_0": "Because.", "response_1": "No."}
FROM_1 = {"prompt": "Why?", "response_1": "Because.", "response_2": "No."}


def only(record: dict[str, Any]) -> ImportedComparison:
    [one] = read([record])
    assert isinstance(one, ImportedComparison), one
    return one


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("response_j", "response_k"),
        ("accepted", "rejected"),
        ("selected", "rejected"),
        ("preferred", "non_preferred"),
        ("better", "worse"),
    ],
)
def test_names_of_a_preferred_completion_and_another_one_are_read(one: str, other: str) -> None:
    found = only({"question": "Why?", one: "Because.", other: "No."})
    assert (found.first.text, found.second.text, found.preference) == ("Because.", "No.", "first")
    assert found.metadata == {}


@pytest.mark.parametrize(
    ("word", "choice"),
    [
        ("Response A", "first"),
        ("response b", "second"),
        ("[[B]]", "second"),
        ("A is better", "first"),
        ("B wins", "second"),
        ("Equally good", "tie"),
        ("Both are bad", "both_bad"),
    ],
)
def test_words_of_interfaces_name_a_side(word: str, choice: str) -> None:
    assert only({**SIDES, "preference": word}).preference == choice


@pytest.mark.parametrize("word", ["A is much better", "A is worse", "not A", "Answer 1", "none", "C"])
def test_other_words_are_refused(word: str) -> None:
    [refused] = read([{**SIDES, "preference": word}])
    assert isinstance(refused, Rejected)
    assert refused.code == "preference"


@pytest.mark.parametrize("field", ["which_is_better", "human_preference", "verdict", "vote", "overall_preference"])
def test_a_word_in_a_field_that_asks_for_the_better_one_is_the_preference(field: str) -> None:
    found = only({**SIDES, field: "B"})
    assert (found.preference, found.metadata) == ("second", {})
    for other in ("It depends.", 1, -2, None):
        found = only({**SIDES, field: other})
        assert (found.preference, found.metadata) == (None, {field: other})


def test_two_such_fields_that_differ_name_nothing_and_one_for_the_worse_never_does() -> None:
    assert only({**SIDES, "verdict": "A", "vote": "B"}).preference is None
    assert only({**SIDES, "which_is_worse": "B"}).preference is None


def test_completions_that_count_from_0_are_named_by_their_numbers() -> None:
    found = read([{**FROM_0, "prompt": f"{place}?", "preference": place} for place in (0, 1, 1)])
    assert [one.preference for one in found if isinstance(one, ImportedComparison)] == ["first", "second", "second"]
    three = {**FROM_0, "response_2": "Perhaps.", "preferred": 2}
    found = read([three])
    assert [one.first.text for one in found if isinstance(one, ImportedComparison)] == ["Perhaps.", "Perhaps."]


@pytest.mark.parametrize("word", ["response_1", "Response_1", "response1", "Response 1", "response-1"])
def test_the_name_of_a_side_goes_before_usual_words(word: str) -> None:
    assert only({**FROM_0, "preference": word}).preference == "second"
    assert only({**FROM_1, "preference": word}).preference == "first"


def test_the_name_of_a_side_is_clear_in_a_file_that_counts_from_0_elsewhere() -> None:
    rows = [{**FROM_1, "prompt": f"{at}?", "preference": at} for at in (0, 1)]
    found = read([*rows, {**FROM_1, "preference": "response_1"}])
    assert [one.preference for one in found if isinstance(one, ImportedComparison)] == ["first"]


def test_a_row_that_waits_for_its_preference_takes_none_from_scores() -> None:
    for nothing in (None, ""):
        assert only({**SIDES, "preference": nothing, "reward_a": 1, "reward_b": 2}).preference is None


def test_a_numbered_word_beside_a_list_is_refused() -> None:
    for word in ("response_1", "response2", "answer1", 1):
        [refused] = read([{"prompt": "Why?", "responses": ["Because.", "No."], "preference": word}])
        assert isinstance(refused, Rejected)
    assert only({"prompt": "Why?", "responses": ["Because.", "No."], "preference": "B"}).preference == "second"


@pytest.mark.parametrize("record", [{**FROM_0, "preference": 2}, {**FROM_0, "label": 1}, {**FROM_1, "preference": 0}])
def test_a_number_that_names_no_side_for_certain_is_refused(record: dict[str, Any]) -> None:
    [refused] = read([record])
    assert isinstance(refused, Rejected)


@pytest.mark.parametrize(
    ("scores", "preference", "certainty"),
    [((2, 1), "first", 0.731), (("1", "2.0"), "second", 0.731), ((1, 1), "tie", None), ((1, None), None, None)],
)
def test_scores_of_both_prefer_the_higher_one(scores: tuple[Any, Any], preference: str, certainty: Any) -> None:
    found = only({**SIDES, "score_a": scores[0], "score_b": scores[1]})
    assert found.preference == preference
    assert found.certainty == (certainty if certainty is None else pytest.approx(certainty, abs=0.001))
    assert found.metadata == {"score_a": scores[0], "score_b": scores[1]}


def test_a_stated_preference_goes_before_scores() -> None:
    assert only({**SIDES, "winner": "a", "score_a": 1, "score_b": 9}).preference == "first"


def test_the_question_of_webgpt_is_an_object() -> None:
    question = {"dataset": "eli5", "id": "x", "full_text": "Why?"}
    found = only({"question": question, "answer_0": "Because.", "answer_1": "No.", "score_0": -0.5, "score_1": 0.5})
    assert (found.prompt, found.preference) == ([message("user", "Why?")], "second")
    assert found.metadata["question_fields"] == {"dataset": "eli5", "id": "x"}
