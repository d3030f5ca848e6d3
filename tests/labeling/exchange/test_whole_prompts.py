"""The prompt of a completion is read whole: no part of a record's prompt is passed over, and none is guessed."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from labeling.exchange import ImportedComparison, Rejected, UndetectedDialect, read_comparisons, read_prompts
from tests.labeling.exchange.builders import message, read
from training.engine.data.conversations import ConversationReader
from training.engine.errors import RecordError

TOOL = [{"type": "function", "function": {"name": "look"}}]
PARTS: list[tuple[str, Any, Any]] = [
    ("input", "Cats sleep.", "Ships sail."),
    ("context", ["Cats sleep."], ["Ships sail."]),
    ("history", [["Hi.", "Hello."]], [["Hi.", "Good day."]]),
    ("system_message", "Be brief.", "Be exact."),
    ("tools", TOOL, []),
]


def comparisons(*records: dict[str, Any]) -> list[ImportedComparison]:
    return [one for one in read(records) if isinstance(one, ImportedComparison)]


def labeled(text: str, label: bool, **parts: Any) -> dict[str, Any]:
    return {"prompt": "Say it shorter.", "completion": text, "label": label, **parts}


def rated(text: str, good: bool, **parts: Any) -> dict[str, Any]:
    return {"prompt": "Say it shorter.", "response": text, "helpfulness": 4 if good else 1, **parts}


@pytest.mark.parametrize(("name", "one", "other"), PARTS)
@pytest.mark.parametrize("line", [labeled, rated])
def test_completions_of_different_prompts_are_no_pair(line: Any, name: str, one: Any, other: Any) -> None:
    found = read([line("Cats.", True, **{name: one}), line("Ships.", False, **{name: other})])
    assert [type(entry) for entry in found] == [Rejected, Rejected]
    assert isinstance(read([line("Cats.", True, **{name: one}), line("Ships.", False)])[0], Rejected)


@pytest.mark.parametrize(("name", "one", "_other"), PARTS)
@pytest.mark.parametrize("line", [labeled, rated])
def test_completions_of_one_prompt_are_a_pair_about_all_of_it(line: Any, name: str, one: Any, _other: Any) -> None:
    (pair,) = comparisons(line("Cats.", True, **{name: one}), line("Ships.", False, **{name: one}))
    (alone,) = comparisons({"prompt": "Say it shorter.", name: one, "chosen": "Cats.", "rejected": "Ships."})
    assert (pair.prompt, pair.preference) == (alone.prompt, "first")
    assert pair.prompt != [message("user", "Say it shorter.")]
    assert name not in pair.metadata | (pair.first.metadata or {}) | (pair.second.metadata or {})


ALIKE = {
    "chosen": "I'm sorry, but I can't say how to open it.",
    "rejected": "I'm sorry, but I can't wait. Take a hook.",
}
SHARED = {"chosen": "Which fruit grows here? Apples.", "rejected": "Which fruit grows here? Bananas."}
TALK = {
    "chosen": "\n\nHuman: Which fruit?\n\nAssistant: Apples.",
    "rejected": "\n\nHuman: Which fruit?\n\nAssistant: Bananas.",
}
TURNS = {name: [message("user", "Which fruit?"), message("assistant", name)] for name in ("chosen", "rejected")}


@pytest.mark.parametrize("name", ["user_prompt", "Question_Text", "post", "ticket"])
def test_words_that_two_answers_share_are_no_prompt_where_another_text_may_be_it(name: str) -> None:
    record = {name: "How do I open a lock?", **ALIKE}
    with pytest.raises(UndetectedDialect) as refused:
        read([record])
    assert refused.value.mapping == ("" if name == "ticket" else f"prompt={name} chosen=chosen rejected=rejected")
    later = read([SHARED, record])
    assert isinstance(later[1], Rejected)
    assert later[1].field == name
    with pytest.raises(RecordError, match=name):
        ConversationReader(Path("pairs.jsonl"), 1, record).conversation()


@pytest.mark.parametrize(
    "beside", [{"source": "a list of many fruits"}, {"comment": "It is the better one."}, {"k": "x"}]
)
def test_a_shared_beginning_is_the_prompt_beside_what_is_about_the_pair(beside: dict[str, str]) -> None:
    (one,) = comparisons(SHARED | beside)
    assert (one.prompt, one.first.text) == ([message("user", "Which fruit grows here?")], "Apples.")


@pytest.mark.parametrize("first", [SHARED, TALK, TURNS])
@pytest.mark.parametrize("name", ["prompt", "question"])
def test_the_first_line_takes_no_prompt_from_later_ones(first: dict[str, Any], name: str) -> None:
    _first, later = comparisons(first, {name: "What is red?", **ALIKE})
    assert (later.prompt, later.first.text) == ([message("user", "What is red?")], ALIKE["chosen"])
    assert name not in later.metadata


@pytest.mark.parametrize("first", [SHARED, TALK, TURNS])
def test_transcripts_of_another_prompt_are_refused(first: dict[str, Any]) -> None:
    _first, later = read([first, {"prompt": "Which tree?", **TALK}])
    assert isinstance(later, Rejected)
    assert (later.code, later.field) == ("different_prompts", "prompt")
    (_first, same) = comparisons(first, {"prompt": "Which fruit?", **TALK})
    assert (same.prompt, same.first.text) == ([message("user", "Which fruit?")], "Apples.")


SPAIN = message("user", "And Spain?")
EARLIER = [message("user", "Capital of France?"), message("assistant", "Paris, it's big.")]
PAIRS = [["Capital of France?", "Paris, it's big."]]
NOTHING: list[Any] = [None, "", [], "[]", "[ ]", "None", "nan"]
ANSWERS = {"chosen": "Madrid.", "rejected": "Lisbon."}


def said(record: dict[str, Any], *, as_prompts: bool) -> list[Any]:
    """The prompts that are read from a record, or the code and the field of its refusal."""
    data = io.BytesIO(json.dumps(record if as_prompts else record | ANSWERS).encode())
    read_all: Any = read_prompts if as_prompts else read_comparisons
    (one,) = read_all(data)
    if isinstance(one, Rejected):
        return [one.code, one.field]
    assert all(value in NOTHING for value in one.metadata.values())
    return list(one.messages if as_prompts else one.prompt)


@pytest.mark.parametrize("as_prompts", [False, True])
@pytest.mark.parametrize("name", ["history", "conversation_history"])
@pytest.mark.parametrize("turns", [PAIRS, json.dumps(PAIRS), repr(PAIRS), EARLIER, json.dumps(EARLIER), repr(EARLIER)])
def test_earlier_turns_are_part_of_the_prompt_in_any_notation(name: str, turns: Any, as_prompts: bool) -> None:
    assert said({"prompt": "And Spain?", name: turns}, as_prompts=as_prompts) == [*EARLIER, SPAIN]


@pytest.mark.parametrize("as_prompts", [False, True])
@pytest.mark.parametrize("name", ["context", "input"])
def test_messages_about_an_instruction_are_its_earlier_turns(name: str, as_prompts: bool) -> None:
    assert said({"question": "And Spain?", name: EARLIER}, as_prompts=as_prompts) == [*EARLIER, SPAIN]


@pytest.mark.parametrize("as_prompts", [False, True])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("history", "We spoke of France."),
        ("history", "[not a list"),
        ("conversation_history", {"a": 1}),
        ("context", {"doc": "Spain is a country."}),
        ("context", [{"title": "Spain", "text": "A country."}]),
        ("input", 7),
    ],
)
def test_a_part_of_the_prompt_that_cannot_be_read_is_refused_by_name(name: str, value: Any, as_prompts: bool) -> None:
    code, field = said({"prompt": "And Spain?", name: value}, as_prompts=as_prompts)
    assert code in ("wrong_type", "role")
    assert field in (name, "")


@pytest.mark.parametrize("nothing", NOTHING)
def test_no_earlier_turns_are_none(nothing: Any) -> None:
    assert said({"prompt": "And Spain?", "history": nothing}, as_prompts=False) == [SPAIN]


@pytest.mark.parametrize("form", ["prompt", "messages", "conversations"])
@pytest.mark.parametrize(
    ("name", "inside", "apart"), [("context", "Spain?", "France."), ("history", PAIRS, [["Capital of Peru?", "Lima."]])]
)
def test_what_stands_beside_messages_is_in_them_or_refused(form: str, name: str, inside: Any, apart: Any) -> None:
    prompt = {form: [*EARLIER, SPAIN]}
    assert said(prompt | {name: inside}, as_prompts=False) == [*EARLIER, SPAIN]
    assert said(prompt | {name: apart}, as_prompts=False) == ["prompt_apart", name]


PIRATE = message("system", "You are a pirate.")
ANSWERED = message("assistant", "Madrid.")


@pytest.mark.parametrize("as_prompts", [False, True])
@pytest.mark.parametrize("name", ["messages", "conversation", "conversations"])
@pytest.mark.parametrize("before", [[PIRATE], EARLIER, [PIRATE, *EARLIER], []])
@pytest.mark.parametrize("after", [[], [ANSWERED], [ANSWERED, message("user", "And Peru?"), ANSWERED]])
def test_the_turns_before_a_prompt_are_read_from_the_conversation_beside_its_text(
    before: list[Any], after: list[Any], name: str, as_prompts: bool
) -> None:
    record = {"prompt": "And Spain? ", name: [*before, SPAIN, *after]}
    reading: Any = read_prompts if as_prompts else read_comparisons
    (one,) = reading(io.BytesIO(json.dumps(record if as_prompts else record | ANSWERS).encode()))
    assert (one.messages if as_prompts else one.prompt) == [*before, message("user", "And Spain? ")]
    assert one.metadata[name] == record[name]


def test_a_prompt_that_was_asked_twice_is_the_end_of_its_conversation_or_unclear() -> None:
    record: dict[str, Any] = {"prompt": "And Spain?", "messages": [SPAIN, ANSWERED, SPAIN], **ANSWERS}
    (one,) = comparisons(record)
    assert one.prompt == [SPAIN, ANSWERED, SPAIN]
    record["messages"] = [SPAIN, ANSWERED, SPAIN, ANSWERED]
    assert said(record, as_prompts=False) == ["prompt_apart", "messages"]


def test_a_conversation_about_something_else_beside_a_prompt_is_refused() -> None:
    record = {"prompt": "And Spain?", "messages": [PIRATE, message("user", "And Peru?")]}
    assert said(record, as_prompts=False) == ["prompt_apart", "messages"]


def test_a_text_that_is_a_whole_conversation_may_stand_beside_its_messages() -> None:
    text = "\n\nHuman: Capital of France?\n\nAssistant: Paris, it's big.\n\nHuman: And Spain?\n\nAssistant:"
    (one,) = comparisons({"prompt": text, "messages": [*EARLIER, SPAIN], **ANSWERS})
    assert one.prompt == [*EARLIER, SPAIN]


def test_an_instruction_with_its_input_may_stand_in_the_conversation_beside_it() -> None:
    asked = message("user", "Say it shorter.\nCats sleep.")
    (one,) = comparisons(
        {"instruction": "Say it shorter.", "input": "Cats sleep.", "messages": [PIRATE, asked], **ANSWERS}
    )
    assert one.prompt == [PIRATE, message("user", "Say it shorter.\n\nCats sleep.")]
