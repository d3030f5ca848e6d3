"""Well-known data sets in shapes of their own, and lists of completions without scores."""

from typing import Any

import pytest

from labeling.exchange import ImportedComparison, Rejected, UndetectedDialect
from tests.labeling.exchange.builders import message, read

WHY = [message("user", "Why?")]
NOVA = {"role": "assistant", "candidates": []}


def only(record: dict[str, Any]) -> ImportedComparison:
    [one] = read([record])
    assert isinstance(one, ImportedComparison), one
    return one


def refused(record: dict[str, Any]) -> str:
    [one] = read([record])
    assert isinstance(one, Rejected), one
    return one.code


def candidate(text: str, label: str) -> dict[str, Any]:
    return {"content": [{"text": text}], "preferenceLabel": label}


def test_answers_of_stack_exchange_are_a_ranking_by_their_votes() -> None:
    answers = [{"text": "No.", "pm_score": 1, "answer_id": 7}, {"text": "Because.", "pm_score": 4, "answer_id": 8}]
    found = only({"qid": 3, "question": "Why?", "answers": answers})
    assert (found.prompt, found.first.text, found.second.text) == (WHY, "Because.", "No.")
    assert (found.preference, found.certainty, found.metadata) == ("first", None, {"qid": 3})
    assert found.first.metadata == {"pm_score": 4, "answer_id": 8}


@pytest.mark.parametrize("about", ["post", "article"])
def test_summaries_are_about_their_post_and_the_choice_counts_from_0(about: str) -> None:
    summaries = [{"text": "Because.", "policy": "one"}, {"text": "No.", "policy": "two"}]
    record = {"info": {about: "Why?", "title": "T"}, "summaries": summaries, "choice": 1, "worker": "kim"}
    found = only(record)
    assert (found.prompt, found.preference, found.metadata) == (WHY, "second", {"info": {"title": "T"}})
    assert [vote.annotator for vote in found.votes] == ["kim"]
    assert [found.first.model, found.second.model] == ["one", "two"]
    assert refused({**record, "choice": 2}) == "preference"
    assert refused({**record, "info": {"title": "T"}}) == "missing_field"


def test_the_winner_of_a_battle_may_be_the_name_of_its_model() -> None:
    sides = {f"conversation_{side}": [*WHY, message("assistant", side)] for side in "ab"}
    battle = {**sides, "model_a_name": "x", "model_b_name": "y", "both_equal": False, "chosen_model_name": "y"}
    found = only(battle)
    assert (found.prompt, found.preference, found.metadata) == (WHY, "second", {})
    assert [found.first.model, found.second.model] == ["x", "y"]
    assert "chosen_model_name" in found.fields
    assert only({**battle, "chosen_model_name": None, "both_equal": True}).preference == "tie"
    assert only({**battle, "chosen_model_name": None}).preference is None
    for contradiction in ({"both_equal": True}, {"chosen_model_name": "z"}, {"model_a_name": "y"}):
        assert refused({**battle, **contradiction}) == "preference"


def test_candidates_of_nova_are_a_pair_after_its_system_message() -> None:
    candidates = [candidate("No.", "non-preferred"), candidate("Because.", "preferred")]
    asked = [{"role": "user", "content": [{"text": "Why?"}]}]
    record = {"system": [{"text": "Be brief."}], "messages": [*asked, {**NOVA, "candidates": candidates}]}
    found = only(record)
    assert found.prompt == [message("system", "Be brief."), *WHY]
    assert (found.first.text, found.second.text, found.preference) == ("Because.", "No.", "first")
    picture = [{"role": "user", "content": [{"image": {"format": "png"}}]}, {**NOVA, "candidates": candidates}]
    assert refused({"messages": picture}) == "content_part"


@pytest.mark.parametrize("name", ["responses", "candidates", "outputs"])
@pytest.mark.parametrize("word", ["B", "Because.", "two"])
def test_of_listed_completions_a_letter_a_text_or_a_model_names_the_preferred_one(name: str, word: str) -> None:
    listed = [{"text": "No.", "model": "one"}, {"text": "Because.", "model": "two"}, {"text": "Perhaps."}]
    if word != "two":
        listed = [one["text"] for one in listed]  # type: ignore[misc]
    found = read([{"prompt": "Why?", name: listed, "winner": word}])
    assert [
        (one.first.text, one.second.text, one.preference) for one in found if isinstance(one, ImportedComparison)
    ] == [
        ("Because.", "No.", "first"),
        ("Because.", "Perhaps.", "first"),
    ]


def test_two_listed_completions_may_tie_or_wait_for_annotators() -> None:
    assert only({"prompt": "Why?", "responses": ["x", "y"], "preference": "tie"}).preference == "tie"
    assert only({"prompt": "Why?", "responses": ["x", "y"]}).preference is None
    assert refused({"prompt": "Why?", "responses": ["x", "y"], "preference": 1}) == "preference"


def test_listed_completions_of_which_none_is_preferred_are_not_called_prompts() -> None:
    with pytest.raises(UndetectedDialect) as caught:
        read([{"prompt": "Why?", "responses": ["x", "y", "z"]}])
    assert not caught.value.is_prompts


@pytest.mark.parametrize("word", ["rejected", "tie", "Both bad"])
def test_a_pair_that_somebody_saw_otherwise_is_refused(word: str) -> None:
    pair = {"prompt": "Why?", "chosen": "x", "rejected": "y"}
    assert refused({**pair, "human_preference": word}) == "preference"
    assert only({**pair, "preference": "chosen"}).preference == "first"


def test_roles_are_known_in_any_case() -> None:
    turns = {"prompt": [{"role": "User", "content": "Why?"}], "chosen": [{"role": "Chatbot", "content": "x"}]}
    assert only({**turns, "rejected": [{"role": "ASSISTANT", "content": "y"}]}).prompt == WHY


def test_a_step_of_an_answer_is_refused_by_the_name_of_its_beginning() -> None:
    pair = {"prompt": "Why?", "chosen": "x", "rejected": "y", "initial_reason_steps": "First,"}
    assert refused(pair) == "unkept_field"


def test_sizes_and_models_of_other_trainers_are_read() -> None:
    swift = {"messages": [*WHY, message("assistant", "x")], "rejected_response": "y", "margin": 2}
    assert only(swift).certainty == pytest.approx(0.881, abs=0.001)
    pair = {"prompt": "Why?", "chosen": "x", "rejected": "y", "chosen-model": "one", "Rejected Model": "two"}
    assert [only(pair).first.model, only(pair).second.model] == ["one", "two"]
    old = {"query": "And?", "history": [["Why?", "So."]], "response": "x", "rejected_response": "y"}
    assert only(old).prompt == [*WHY, message("assistant", "So."), message("user", "And?")]
