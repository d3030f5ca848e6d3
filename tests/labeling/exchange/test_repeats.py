"""Completions that repeat their prompt."""

from typing import Any

import pytest

from labeling.exchange import ImportedComparison, Rejected
from tests.labeling.exchange.builders import message, read

ASKED = "Name two fruits that grow in Norway."
USER = message("user", ASKED)
TALK = [message("user", "Hi"), message("assistant", "Hello"), USER]


def only(record: dict[str, Any]) -> ImportedComparison:
    (one,) = read([record])
    assert isinstance(one, ImportedComparison), one
    return one


def refusal(record: dict[str, Any]) -> Rejected:
    (one,) = read([record])
    assert isinstance(one, Rejected), one
    return one


def whole(form: str, reply: str) -> str:
    return form.format(q=ASKED) + reply


HH = "\n\nHuman: {q}\n\nAssistant: "
FORMS = [
    HH,
    "Human: {q}\nAssistant: ",
    "### Human: {q}\n### Assistant: ",
    "USER: {q}\nASSISTANT: ",
    "USER: {q} ASSISTANT: ",
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("asked", [ASKED, [USER], f"\n\nHuman: {ASKED}\n\nAssistant:"])
def test_transcripts_that_repeat_the_prompt_are_read_without_it(form: str, asked: Any) -> None:
    one = only({"prompt": asked, "chosen": whole(form, "Apples."), "rejected": whole(form, "Potatoes.")})
    assert (one.prompt, one.first.text, one.second.text) == ([USER], "Apples.", "Potatoes.")


def test_the_prompt_gets_the_turns_that_only_the_transcripts_have() -> None:
    form = "\n\nHuman: Hi\n\nAssistant: Hello" + HH
    one = only({"prompt": ASKED, "chosen": whole(form, "Apples."), "rejected": whole(form, "Potatoes.")})
    assert (one.prompt, one.first.text) == (TALK, "Apples.")


NAMED = [
    ({"instruction": ASKED}, ("output_1", "output_2")),
    ({"history": ASKED}, ("human_ref_A", "human_ref_B")),
    ({"prompt": ASKED, "winner": "a"}, ("response_a", "response_b")),
    ({"prompt": ASKED, "better_response_id": 0}, ("response_0", "response_1")),
]


@pytest.mark.parametrize(("fields", "names"), NAMED)
def test_every_reader_sees_the_repeated_prompt(fields: dict[str, Any], names: tuple[str, str]) -> None:
    said = whole(HH, "Apples."), whole(HH, "Potatoes.")
    assert only(fields | dict(zip(names, said, strict=True))).second.text == "Potatoes."
    said = f"{ASKED} Apples.", f"{ASKED} Potatoes."
    assert refusal(fields | dict(zip(names, said, strict=True))).code == "prompt_repeated"


def test_the_answers_of_a_ranking_are_looked_at_too() -> None:
    answers = [{"answer": whole(HH, text), "rank": rank} for rank, text in enumerate(("Apples.", "Potatoes."), 1)]
    assert only({"prompt": ASKED, "answers": answers}).first.text == "Apples."


def test_a_prompt_that_only_one_repeats_is_refused() -> None:
    assert refusal({"prompt": ASKED, "chosen": whole(HH, "Apples."), "rejected": "Potatoes."}).code == "prompt_repeated"


def test_transcripts_with_another_beginning_are_refused() -> None:
    other = "\n\nHuman: Hi\n\nAssistant: Ho" + HH
    refused = refusal({"prompt": ASKED, "chosen": whole(HH, "Apples."), "rejected": whole(other, "Potatoes.")})
    assert (refused.code, "different prompts" in refused.reason) == ("different_prompts", True)


def test_a_dialogue_that_was_asked_for_stays_a_text() -> None:
    said = "Human: Hi\nAssistant: Hello", "Human: Hey\nAssistant: Ho"
    one = only({"prompt": "Write a dialogue.", "chosen": said[0], "rejected": said[1]})
    assert (one.first.text, one.second.text) == said


def test_a_template_of_alpaca_in_a_completion_is_refused() -> None:
    form = "### Instruction:\n{q}\n\n### Response:\n"
    refused = refusal({"prompt": ASKED, "chosen": whole(form, "Apples."), "rejected": whole(form, "Potatoes.")})
    assert (refused.code, refused.field) == ("prompt_repeated", "chosen")


def test_both_speakers_of_a_battle_may_repeat_the_question() -> None:
    battle = {
        f"conversation_{side}": [USER, message("assistant", f"{ASKED} {text}")]
        for side, text in (("a", "Apples."), ("b", "Potatoes."))
    }
    assert only(battle | {"winner": "model_a"}).first.text == f"{ASKED} Apples."
