"""Battles of two completions in public shapes: who won, under which prompt, and what is refused."""

from typing import Any

import pytest

from labeling.exchange import ImportedComparison, Rejected
from tests.labeling.exchange.builders import message, read

ASKED, GOOD, BAD = "Name two fruits.", "Apples and plums.", "Potatoes."


def battle(winner: object, *, answers: tuple[str, str] = (GOOD, BAD), **more: Any) -> dict[str, Any]:
    talks = [[message("user", ASKED), message("assistant", answer)] for answer in answers]
    names = {"id": "b1", "model_a": "m1", "model_b": "m2", "winner": winner}
    return names | {"conversation_a": talks[0], "conversation_b": talks[1]} | more


@pytest.mark.parametrize(
    ("record", "dialect", "preference"),
    [
        (battle("model_a"), "arena", "first"),
        (battle("model_b"), "arena", "second"),
        (battle("tie"), "arena", "tie"),
        (battle("tie (bothbad)"), "arena", "both_bad"),
        (battle("both_bad"), "arena", "both_bad"),
        ({"history": ASKED, "human_ref_A": GOOD, "human_ref_B": BAD, "labels": 0}, "shp", "second"),
        ({"history": ASKED, "human_ref_A": GOOD, "human_ref_B": BAD, "labels": 1}, "shp", "first"),
        *(
            (
                {
                    "context": [message("user", ASKED)],
                    "response1": GOOD,
                    "response2": BAD,
                    "overall_preference": value,
                },
                "helpsteer3",
                preference,
            )
            for value, preference in ((-3, "first"), (0, "tie"), (1, "second"), (None, None))
        ),
        *(
            (
                {"prompt": ASKED, "response_1": GOOD, "response_2": BAD, "preference_strength": value},
                "helpsteer2-preference",
                preference,
            )
            for value, preference in ((-2, "first"), (0, "tie"), (3, "second"), (None, None))
        ),
        (
            {"prompt": ASKED, "response_0": GOOD, "response_1": BAD, "better_response_id": 1},
            "better-response",
            "second",
        ),
        (
            {
                "prompt": f'["{ASKED}"]',
                "response_a": f'["{GOOD}"]',
                "response_b": f'["{BAD}"]',
                "winner_model_a": 0,
                "winner_model_b": 0,
                "winner_tie": 1,
            },
            "arena-table",
            "tie",
        ),
        ({"prompt": ASKED, "response_a": GOOD, "response_b": BAD}, "sides", None),
        ({"prompt": ASKED, "response_a": GOOD, "response_b": BAD, "preference": "B"}, "sides", "second"),
        ({"prompt": ASKED, "answer1": GOOD, "answer2": BAD, "comparison": "left"}, "sides", "first"),
    ],
)
def test_battles_are_recognised_and_read(record: dict[str, Any], dialect: str, preference: str | None) -> None:
    [comparison] = read([record])
    assert isinstance(comparison, ImportedComparison), comparison
    assert (comparison.dialect, comparison.preference) == (dialect, preference)
    assert comparison.prompt == [message("user", ASKED)]
    assert (comparison.first.text, comparison.second.text) == (GOOD, BAD)


def test_parts_of_a_message_are_its_text_and_models_and_judges_are_kept() -> None:
    record = battle("model_a", judge="expert_1", language="en")
    for name in ("conversation_a", "conversation_b"):
        record[name] = [
            {"role": turn["role"], "content": [{"type": "text", "text": turn["content"], "image": None}]}
            for turn in record[name]
        ]
    [comparison] = read([record])
    assert isinstance(comparison, ImportedComparison)
    assert (comparison.first.text, comparison.first.model, comparison.annotator) == (GOOD, "m1", "expert_1")
    assert (comparison.external_id, comparison.metadata) == ("b1", {"language": "en"})


def test_a_verdict_on_a_longer_battle_is_about_all_turns_or_about_the_first() -> None:
    record = battle("model_a")
    for name, answer in (("conversation_a", "Pears."), ("conversation_b", "No.")):
        record[name] = [*record[name], message("user", "And?"), message("assistant", answer)]
    whole, first = read([record, {**record, "turn": 1}])
    assert isinstance(whole, ImportedComparison)
    assert [turn["content"] for turn in whole.first.turns] == [GOOD, "And?", "Pears."]
    assert [turn["content"] for turn in whole.second.turns] == [BAD, "And?", "No."]
    assert isinstance(first, ImportedComparison)
    assert first.metadata["conversation_b_after"] == [message("user", "And?"), message("assistant", "No.")]


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (battle("nobody knows"), "preference"),
        (battle(["model_a"]), "preference"),
        (battle("model_a", answers=(GOOD, GOOD)), "role"),
        (battle("model_a", conversation_b=[message("user", "Else?"), message("assistant", BAD)]), "different_prompts"),
        ({"history": ASKED, "human_ref_A": GOOD, "human_ref_B": BAD, "labels": 7}, "preference"),
        ({"prompt": ASKED, "response_a": GOOD, "response_b": BAD, "preference": 0}, "preference"),
        ({"prompt": ASKED, "response_a": GOOD, "response_b": BAD, "preference": [1]}, "preference"),
    ],
)
def test_an_unknown_winner_is_an_error_and_not_a_tie(record: dict[str, Any], code: str) -> None:
    [rejected] = read([record])
    assert isinstance(rejected, Rejected), rejected
    assert rejected.code == code
