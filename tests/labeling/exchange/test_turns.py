"""Tools, calls and completions of several turns: hashes, texts, and every dialect that has a place for them."""

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.exchange import (
    Cleaning,
    CompletionText,
    DropReport,
    ImportedComparison,
    Message,
    PreferencePair,
    VerdictRecord,
    Vote,
    WriteOptions,
    cleaned,
    messages_hash,
    pair_id,
    preference_pair,
    read_comparisons,
    text_hash,
    writer,
)
from labeling.exchange.looks import look_alike
from labeling.exchange.redaction import Redaction
from labeling.exchange.turns import fault, flattened, is_plain, made_call
from tests.labeling.exchange.builders import message, prompts, spoken

names = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
values = st.recursive(st.none() | st.booleans() | st.integers() | spoken, lambda inner: st.lists(inner, max_size=2))
arguments = st.dictionaries(spoken, values, max_size=3).map(lambda one: json.dumps(one, ensure_ascii=False))
tools = st.lists(names.map(lambda name: {"type": "function", "function": {"name": name}}), min_size=1, max_size=3)


@st.composite
def calling(draw: st.DrawFn) -> Message:
    called = draw(st.lists(st.tuples(names, arguments, names), min_size=1, max_size=2))
    calls = [made_call(name, text, identity) for name, text, identity in called]
    return {"role": "assistant", "content": draw(st.just("") | spoken), "tool_calls": calls}


@st.composite
def continuations(draw: st.DrawFn) -> list[Message]:
    """Turns that the assistant begins and ends, with turns of users, calls and results between."""
    turns = []
    for _ in range(draw(st.integers(0, 2))):
        if draw(st.booleans()):
            result: Message = {"role": "tool", "content": draw(spoken), "tool_call_id": draw(names)}
            turns += [draw(calling()), result]
        else:
            turns += [message("assistant", draw(spoken)), message("user", draw(spoken))]
    return [*turns, draw(calling() | spoken.map(lambda text: message("assistant", text)))]


def completed(turns: list[Message]) -> CompletionText:
    if is_plain(turns):
        return CompletionText(turns[0]["content"])
    return CompletionText(flattened(turns), turns=tuple(turns))


@st.composite
def records(draw: st.DrawFn) -> VerdictRecord:
    prompt = draw(prompts())
    if draw(st.booleans()):
        prompt[0] = {**prompt[0], "tools": json.dumps(draw(tools))}
    if draw(st.booleans()):
        prompt += [draw(calling()), {"role": "tool", "content": draw(spoken)}]
    a = draw(continuations())
    b = draw(continuations().filter(lambda turns: turns[0] != a[0]))
    one, other = completed(a), completed(b)
    if look_alike(one.text, other.text):
        other = CompletionText(f"{one.text}, or not")
    vote = Vote("anna", "a", strength=2)
    return VerdictRecord(prompt, one, other, "a", pair="p", votes=(vote,), comparison=1)


def written(dialect: str, record: VerdictRecord) -> tuple[bytes, DropReport]:
    report = DropReport()
    return b"".join(writer(dialect).write([record], report)), report


@pytest.mark.parametrize("dialect", ["trl", "trl-implicit", "openai", "csv", "labelstudio", "kto"])
@given(record=records())
def test_conversations_with_tools_come_back_as_they_were(dialect: str, record: VerdictRecord) -> None:
    data, report = written(dialect, record)
    assert report.kept == 1
    [one] = read_comparisons(io.BytesIO(data))
    assert isinstance(one, ImportedComparison), one
    assert one.prompt == record.prompt
    assert (one.first.text, one.first.turns) == (record.a.text, record.a.turns)
    assert (one.second.text, one.second.turns) == (record.b.text, record.b.turns)
    assert one.preference == "first"


@given(record=records())
def test_a_line_of_a_snapshot_is_the_pair_and_names_it_by_all_of_it(record: VerdictRecord) -> None:
    pair = preference_pair(record)
    again = PreferencePair.from_dict(json.loads(pair.canonical_json()))
    assert again.as_dict() == pair.as_dict()
    assert pair.id == pair_id(record.prompt, record.a.identity, record.b.identity)
    [one] = read_comparisons(io.BytesIO(pair.canonical_json()))
    assert isinstance(one, ImportedComparison), one
    assert (one.prompt, one.first.turns, one.second.turns) == (record.prompt, record.a.turns, record.b.turns)


CALLING: list[Message] = [{"role": "assistant", "content": "", "tool_calls": [made_call("f", '{"b": 1, "a": 2}')]}]
ASKED = [message("user", "Why?")]
RECORD = VerdictRecord(ASKED, completed(CALLING), CompletionText("No."), "a", votes=(Vote("anna", "a"),))
OFFERED: list[Message] = [{**ASKED[0], "tools": '[{"type": "function", "function": {"name": "f"}}]'}]


@pytest.mark.parametrize("dialect", ["hh", "alpacaeval", "arena"])
def test_dialects_without_a_place_for_them_leave_them_out_and_count_them(dialect: str) -> None:
    for record in (RECORD, replace(RECORD, prompt=OFFERED, a=CompletionText("Yes."))):
        report = written(dialect, record)[1]
        assert (report.kept, report.dropped["not_expressible"]) == (0, 1)


def test_an_arena_holds_several_turns_without_tools() -> None:
    turns = [message("assistant", "Hm?"), message("user", "So?"), message("assistant", "Because.")]
    record = replace(RECORD, a=completed(turns))
    [one] = read_comparisons(io.BytesIO(written("arena", record)[0]))
    assert isinstance(one, ImportedComparison)
    assert (one.prompt, list(one.first.turns), one.second.text) == (ASKED, turns, "No.")


def test_a_file_of_fixed_columns_has_no_place_for_tools() -> None:
    report = DropReport()
    turns = [message("assistant", "Hm?"), message("user", "So?"), message("assistant", "Because.")]
    options = WriteOptions(fixed_columns=True)
    assert len(list(writer("trl").write([RECORD, replace(RECORD, a=completed(turns))], report, options))) == 1
    assert report.dropped["not_expressible"] == 1


def test_the_arguments_of_a_call_keep_their_order() -> None:
    assert b'"arguments":{"b":1,"a":2}' in written("trl", RECORD)[0]
    assert b'"arguments":"{\\"b\\": 1, \\"a\\": 2}"' in written("openai", RECORD)[0]


def test_whether_a_model_may_call_several_tools_at_once_comes_back() -> None:
    row: Any = {
        "input": {"messages": ASKED, "tools": [{"type": "function", "function": {"name": "f"}}]},
        "preferred_output": [message("assistant", "Yes.")],
        "non_preferred_output": [message("assistant", "No.")],
    }
    for given_value in (True, False):
        row["input"]["parallel_tool_calls"] = given_value
        [one] = read_comparisons(io.BytesIO(json.dumps(row).encode()))
        assert isinstance(one, ImportedComparison)
        record = VerdictRecord(one.prompt, one.first, one.second, "a", metadata={"comparison": one.metadata})
        assert json.loads(written("openai", record)[0]) == row


def test_texts_are_named_as_before_there_were_tools() -> None:
    assert messages_hash(ASKED) == "8ebc0118da86957eeed740ad2fdfb7dd0624c37132560b772bbf4ad34c7d852d"
    pair = PreferencePair(pair_id(ASKED, "Yes.", "No."), ASKED, "Yes.", "No.")
    assert pair.id == "05bef026be61a16a92f1eb98d008f29f"
    assert "tools" not in pair.as_dict()
    assert CompletionText("Yes.").identity == "Yes."
    assert messages_hash(ASKED) != messages_hash(OFFERED)
    assert text_hash(RECORD.a.identity) != text_hash(RECORD.a.text)


def test_personal_data_in_calls_results_and_tools_is_redacted() -> None:
    mail = "ada@example.org"
    turns: list[Message] = [
        {"role": "assistant", "content": f"To {mail}", "tool_calls": [made_call("f", json.dumps({"to": mail}))]},
        {"role": "tool", "content": mail},
        {"role": "assistant", "content": "", "tool_calls": [made_call("f", f"broken {mail}")]},
    ]
    offered: list[Message] = [{**ASKED[0], "tools": json.dumps([{"name": "f", "description": mail}])}]
    record = replace(RECORD, prompt=offered, a=completed(turns))
    report = DropReport()
    [clean] = cleaned([record], Cleaning(redaction=Redaction(("email",))), report, list)
    assert mail not in repr(clean)
    assert json.loads(clean.a.turns[0]["tool_calls"][0]["function"]["arguments"]) == {"to": "[EMAIL]"}
    assert report.redacted["email"] == 5
    assert clean.a.text == flattened(clean.a.turns)


@pytest.mark.parametrize(
    "messages",
    [
        [{**ASKED[0], "tools": "no JSON"}],
        [{**ASKED[0], "tools": "{}"}],
        [*ASKED, {**ASKED[0], "tools": "[]"}],
        [{**ASKED[0], "tool_calls": CALLING[0]["tool_calls"]}],
        [*ASKED, {**CALLING[0], "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": {}}}]}],
        [*ASKED, {**CALLING[0], "tool_calls": [{"function": {"name": "f", "arguments": ""}}]}],
        [{"role": "tool", "content": "rain"}],
        [{**ASKED[0], "name": 3}],
    ],
)
def test_messages_of_another_form_are_no_prompt(messages: list[dict[str, Any]]) -> None:
    assert fault(messages)
    assert not fault([*OFFERED, *CALLING, message("tool", "rain")])
