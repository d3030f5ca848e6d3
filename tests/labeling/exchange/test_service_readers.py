"""Training files of services and trainers: Gemini's preference tuning, NeMo RL, LlamaFactory's KTO."""

from typing import Any

import pytest

from labeling.exchange import ImportedComparison, Rejected
from tests.labeling.exchange.builders import message, read

ASKED = "Name a fruit."


def part(text: str) -> list[dict[str, str]]:
    return [{"text": text}]


def scored(text: str, score: int) -> dict[str, Any]:
    return {"score": score, "completion": {"role": "model", "parts": part(text)}}


GEMINI: dict[str, Any] = {
    "systemInstruction": {"parts": part("Be brief.")},
    "contents": [
        {"role": "user", "parts": part("Hello")},
        {"role": "model", "parts": part("Hi.")},
        {"role": "user", "parts": [*part("Name"), *part("a fruit.")]},
    ],
    "completions": [scored("A stone.", 0), scored("A plum.", 1)],
}
NEMO: dict[str, Any] = {
    "context": [message("system", "Be brief."), message("user", ASKED)],
    "completions": [
        {"rank": 1, "completion": [message("assistant", "A stone.")]},
        {"rank": 0, "completion": [message("assistant", "A plum.")]},
    ],
    "task_name": "fruit",
}


def the_one(records: list[object]) -> ImportedComparison:
    [found] = read(records)
    assert isinstance(found, ImportedComparison), found
    return found


@pytest.mark.parametrize("system", ["systemInstruction", "system_instruction"])
def test_gemini_keeps_the_system_message_the_turns_and_the_better_completion(system: str) -> None:
    record = {system if name == "systemInstruction" else name: value for name, value in GEMINI.items()}
    found = the_one([record])
    assert found.dialect == "gemini"
    roles = [(turn["role"], turn["content"]) for turn in found.prompt]
    assert roles[0] == ("system", "Be brief.")
    assert roles[1:] == [("user", "Hello"), ("assistant", "Hi."), ("user", "Name\na fruit.")]
    assert (found.first.text, found.second.text, found.preference) == ("A plum.", "A stone.", "first")
    assert (found.certainty, found.metadata) == (None, {})  # the scores say only which is better


@pytest.mark.parametrize(
    ("part_", "named"),
    [({"inlineData": {"data": "aGk="}}, "inlineData"), ({"text": "Hm.", "thought": True}, "thought"), ({}, "text")],
)
def test_gemini_parts_that_are_no_text_are_refused_by_name(part_: dict[str, Any], named: str) -> None:
    [found] = read([GEMINI | {"contents": [{"role": "user", "parts": [part_]}]}])
    assert isinstance(found, Rejected)
    assert f"a part of the type '{named}'" in str(found.reason)


@pytest.mark.parametrize("broken", [{"completions": [scored("A plum.", 1)]}, {"contents": [{"role": "user"}]}])
def test_gemini_records_that_lack_a_part_are_refused(broken: dict[str, Any]) -> None:
    [found] = read([GEMINI | broken, GEMINI])[:1]
    assert isinstance(found, Rejected)


def test_nemo_prefers_the_lowest_rank() -> None:
    found = the_one([NEMO])
    assert found.dialect == "nemo"
    assert found.prompt == [message("system", "Be brief."), message("user", ASKED)]
    assert (found.first.text, found.second.text, found.preference) == ("A plum.", "A stone.", "first")
    assert found.metadata == {"task_name": "fruit"}


def test_nemo_completions_without_a_rank_are_refused() -> None:
    [_, found] = read([NEMO, NEMO | {"completions": [{"completion": "a"}, {"completion": "b"}]}])
    assert isinstance(found, Rejected)
    assert "no rank" in str(found.reason)


def replies(first: Any, second: Any, **fields: Any) -> list[object]:
    turns = [{"role": "user", "content": ASKED}]
    said = [[*turns, {"role": "assistant", "content": text}] for text in ("A plum.", "A stone.")]
    return [{"messages": one, **fields, "label": label} for one, label in zip(said, (first, second), strict=True)]


def test_labeled_conversations_in_neighbouring_lines_are_a_pair() -> None:
    found = the_one(replies(False, True, id="q1"))
    assert found.dialect == "kto"
    assert (found.prompt, found.external_id) == ([message("user", ASKED)], "q1")
    assert (found.first.text, found.second.text, found.preference) == ("A plum.", "A stone.", "second")
    assert the_one(replies(False, False)).preference == "both_bad"


def test_labeled_conversations_of_sharegpt_and_instructions_are_read_too() -> None:
    human = {"from": "human", "value": ASKED}
    talks = [[human, {"from": "gpt", "value": text}] for text in ("A plum.", "A stone.")]
    found = the_one([{"conversations": talk, "kto_tag": good} for talk, good in zip(talks, (True, False), strict=True)])
    assert (found.prompt, found.first.text, found.preference) == ([message("user", ASKED)], "A plum.", "first")
    asked = {"instruction": "Shorten the text.", "input": "A long text."}
    found = the_one([asked | {"output": text, "kto_tag": text == "Text."} for text in ("Long.", "Text.")])
    assert found.prompt == [message("user", "Shorten the text.\n\nA long text.")]
    assert (found.second.text, found.preference) == ("Text.", "second")


def test_a_labeled_conversation_that_no_neighbour_answers_is_refused_with_its_reason() -> None:
    good, bad = replies(True, False)
    other = {"messages": [message("user", "Why?"), message("assistant", "Because.")], "label": True}
    [alone, pair] = read([other, good, bad])
    assert isinstance(alone, Rejected)
    assert alone.code == "single"
    assert isinstance(pair, ImportedComparison)


def test_a_labeled_conversation_without_a_reply_is_refused() -> None:
    good, bad = replies(True, False)
    asked = {"messages": [message("user", ASKED)], "label": True}
    [first, pair] = read([asked, good, bad])
    assert isinstance(first, Rejected)
    assert "must end with the user and the reply" in str(first.reason)
    assert isinstance(pair, ImportedComparison)


@pytest.mark.parametrize("other", [{"messages": "text", "label": True}, {"prompt": "Why?"}, {"kto_tag": True}])
def test_a_record_of_another_shape_among_labeled_replies_costs_only_itself(other: dict[str, Any]) -> None:
    [pair, refused] = read([*replies(True, False), other])
    assert isinstance(pair, ImportedComparison)
    assert isinstance(refused, Rejected)
    assert refused.code in ("wrong_type", "missing_field")


def test_a_pair_of_replies_with_a_label_is_not_taken_for_one_labeled_reply() -> None:
    pair = {"messages": [message("user", ASKED)], "response_a": "A plum.", "response_b": "A stone."}
    found = the_one([pair | {"preference": "a", "label": 1}])
    assert (found.first.text, found.second.text, found.preference) == ("A plum.", "A stone.", "first")


def test_what_stands_beside_a_completion_stays_with_it() -> None:
    beside = [{"model": "m1", "finishReason": "STOP"}, {"model": "m2", "logprob": -3.5}]
    for record, place in ((GEMINI, {"score": 0}), (NEMO, {"rank": 1})):
        completions = [one | more for one, more in zip(record["completions"], beside, strict=True)]
        found = the_one([{**record, "completions": completions}])
        assert (found.first.model, found.second.model) == ("m2", "m1")
        assert found.second.metadata == place | {"finishReason": "STOP"}
        assert (found.first.metadata or {})["logprob"] == -3.5
