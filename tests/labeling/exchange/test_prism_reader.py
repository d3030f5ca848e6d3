"""PRISM: a participant scores several replies at each turn, and goes on with the best one."""

from typing import Any

import pytest

from labeling.exchange import ImportedComparison, Rejected
from tests.labeling.exchange.builders import message, read


def reply(turn: int, text: str, score: int | None, *, chosen: bool = False) -> dict[str, Any]:
    said = {"turn": turn, "role": "model", "content": text, "model_name": f"m-{text}", "model_provider": "lab"}
    return said | {"score": score, "if_chosen": chosen, "within_turn_id": 0}


def asked(turn: int, text: str) -> dict[str, Any]:
    return {"turn": turn, "role": "user", "content": text}


HISTORY = [
    asked(0, "Hello"),
    reply(0, "No.", 10),
    reply(0, "Hi!", 90, chosen=True),
    reply(0, "Hm.", 40),
    asked(1, "And now?"),
    reply(1, "Now.", 50, chosen=True),
    reply(1, "Later.", 50),
]
CONVERSATION = {
    "conversation_id": "c1",
    "user_id": "user7",
    "conversation_type": "unguided",
    "opening_prompt": "Hello",
    "conversation_turns": 2,
    "conversation_history": HISTORY,
    "open_feedback": "Fine.",
}


def kept(records: list[Any]) -> list[ImportedComparison]:
    found = read(records)
    assert all(isinstance(one, ImportedComparison) for one in found), found
    return [one for one in found if isinstance(one, ImportedComparison)]


def test_each_turn_of_a_conversation_is_a_ranking_by_its_participant() -> None:
    first, second = kept([CONVERSATION])
    assert (first.dialect, first.external_id, first.prompt) == ("prism", "c1-0", [message("user", "Hello")])
    assert (first.first.text, first.second.text, first.preference) == ("Hi!", "No.", "first")
    assert [(vote.annotator, vote.choice) for vote in first.votes] == [("user7", "first")]
    assert first.certainty == 0.5 + 80 / 198  # of a scale from 1 to 100
    assert second.prompt == [message("user", "Hello"), message("assistant", "Hi!"), message("user", "And now?")]
    assert (second.external_id, second.preference) == ("c1-1", "tie")


def test_what_a_conversation_says_besides_is_kept() -> None:
    first, _ = kept([CONVERSATION])
    assert first.first.model == "m-Hi!"
    assert first.first.metadata is not None
    assert (first.first.metadata["score"], first.first.metadata["model_provider"]) == (90, "lab")
    assert (first.metadata["open_feedback"], first.metadata["conversation_type"]) == ("Fine.", "unguided")
    assert "user_id" not in first.metadata
    assert {"conversation_history", "user_id"} <= set(first.fields)


def utterances(conversation: str = "c1") -> list[dict[str, Any]]:
    prompts = {one["turn"]: one["content"] for one in HISTORY if one["role"] == "user"}
    return [
        {
            "utterance_id": f"ut{number}",
            "conversation_id": conversation,
            "user_id": "user7",
            "turn": one["turn"],
            "user_prompt": prompts[one["turn"]],
            "model_response": one["content"],
            **{name: one[name] for name in ("model_name", "score", "if_chosen")},
        }
        for number, one in enumerate(HISTORY)
        if one["role"] == "model"
    ]


def test_the_same_conversation_as_one_line_for_each_reply_is_the_same_comparisons() -> None:
    def said(one: ImportedComparison) -> tuple[Any, ...]:
        return (one.prompt, one.first.text, one.second.text, one.preference, one.certainty, one.external_id)

    whole = [said(one) for one in kept([CONVERSATION])]
    other = [said(one) for one in kept([CONVERSATION | {"conversation_id": "c2"}])]
    assert [said(one) for one in kept([*utterances(), *utterances("c2")])] == whole + other


def test_a_turn_whose_earlier_one_is_missing_is_refused_and_the_others_are_kept() -> None:
    first, *others = kept([*utterances()[:3], *utterances("c2")])
    assert (first.warnings, len(others)) == ((), 2)
    refused = read(utterances()[3:])
    assert all(isinstance(one, Rejected) and "an earlier one is missing" in str(one.reason) for one in refused)
    gap = CONVERSATION | {"conversation_history": [*HISTORY[:4], asked(2, "And?"), *(reply(2, t, 5) for t in "ab")]}
    [partly] = kept([gap])
    assert partly.warnings == ("pairs_left_out",)


def test_a_conversation_without_two_scores_is_refused_with_its_reason() -> None:
    [refused] = read([CONVERSATION | {"conversation_history": HISTORY[:2]}])
    assert isinstance(refused, Rejected)
    assert "two replies with scores" in str(refused.reason)


def test_a_score_that_is_no_number_is_refused_by_name() -> None:
    for score in ("nan", "1e999", True, [1]):
        history = [*HISTORY[:2], reply(0, "Hi!", 5) | {"score": score}]
        [refused] = read([CONVERSATION | {"conversation_history": history}])
        assert isinstance(refused, Rejected)
        assert "'score'" in str(refused.reason)


@pytest.mark.parametrize("history", [[message("user", "Hello"), message("assistant", "Hi.")], [asked(0, "Hello")], []])
def test_a_pair_with_an_earlier_conversation_is_not_taken_for_one(history: list[Any]) -> None:
    pair = {"prompt": "Why?", "conversation_history": history, "response_a": "So.", "response_b": "No."}
    [found] = kept([pair | {"preference": "a"}])
    assert (found.first.text, found.second.text, found.preference) == ("So.", "No.", "first")
