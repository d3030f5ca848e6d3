"""Messages, tools and completions of several turns become one normal form, or a refusal."""

import json
from typing import Any

import pytest

from labeling.exchange import Rejected, conversations, offered_tools
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.places import PROMPT
from labeling.exchange.records import ImportedComparison
from tests.labeling.exchange.builders import read

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}, "at": {"type": "string"}}},
    },
}
USER = {"role": "user", "content": "Weather in Oslo?"}
CALL = {"type": "function", "function": {"name": "get_weather", "arguments": '{"city": "Oslo", "at": "noon"}'}}
CALLING = {"role": "assistant", "content": "", "tool_calls": [CALL]}
RESULT = {"role": "tool", "name": "get_weather", "content": "rain"}
ANSWER = {"role": "assistant", "content": "It rains."}


def comparison(record: dict[str, Any]) -> ImportedComparison:
    [one] = read([record])
    assert isinstance(one, ImportedComparison), one
    return one


def test_a_prompt_ends_with_the_user_and_has_a_system_message_only_first() -> None:
    user, system = {"role": "user", "content": "Hi"}, {"role": "system", "content": "Be kind"}
    assert conversations.prompt([system, user]) == [system, user]
    for conversation, code in (
        ([], "empty_prompt"),
        ([user, {"role": "user", "content": " "}], "empty_prompt"),
        ([user, system, user], "role"),
        ([user, {"role": "assistant", "content": "Hello"}], "role"),
    ):
        with pytest.raises(BadRecordError) as refusal:
            conversations.prompt(conversation)
        assert refusal.value.code == code


def test_a_prompt_may_end_with_the_result_of_a_tool_that_was_called() -> None:
    assert conversations.prompt([USER, CALLING, RESULT]) == [USER, CALLING, RESULT]
    with pytest.raises(BadRecordError, match="that nobody called"):
        conversations.prompt([USER, RESULT])


OPENAI_CALL = {"id": "call_1", **CALL}


@pytest.mark.parametrize(
    "record",
    [
        {
            "input": {"messages": [USER], "tools": [WEATHER], "parallel_tool_calls": False},
            "preferred_output": [{"role": "assistant", "content": None, "tool_calls": [OPENAI_CALL]}],
            "non_preferred_output": [ANSWER],
        },
        {
            "prompt": [USER],
            "tools": json.dumps([WEATHER]),
            "chosen": [
                {
                    "role": "assistant",
                    "tool_calls": [
                        {
                            "id": "call_1",
                            "type": "function",
                            "function": {"name": "get_weather", "arguments": {"city": "Oslo", "at": "noon"}},
                        }
                    ],
                }
            ],
            "rejected": [ANSWER],
        },
        {
            "conversations": [{"from": "human", "value": USER["content"]}],
            "tools": json.dumps([WEATHER]),
            "chosen": {
                "from": "function_call",
                "value": json.dumps(
                    {"id": "call_1", "name": "get_weather", "arguments": {"city": "Oslo", "at": "noon"}}
                ),
            },
            "rejected": {"from": "gpt", "value": ANSWER["content"]},
        },
    ],
    ids=["openai", "trl", "sharegpt"],
)
def test_tools_and_calls_of_public_schemas_are_one_normal_form(record: dict[str, Any]) -> None:
    one = comparison(record)
    assert offered_tools(one.prompt) == [WEATHER]
    assert [one.prompt[0]["role"], one.prompt[0]["content"]] == ["user", USER["content"]]
    assert one.first.turns == ({"role": "assistant", "content": "", "tool_calls": [OPENAI_CALL]},)
    assert one.first.text == '[tool call: get_weather]\n{"city": "Oslo", "at": "noon"}'
    assert (one.second.text, one.second.turns) == ("It rains.", ())
    assert "tools" not in one.metadata


def test_calls_between_the_tags_of_hermes_are_calls() -> None:
    value = 'I look.\n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>'
    one = comparison(
        {
            "conversations": [
                {"from": "system", "value": "You call functions. <tools>[]</tools>"},
                {"from": "human", "value": USER["content"]},
                {"from": "gpt", "value": value},
                {"from": "tool", "value": '<tool_response>\n{"sky": "grey"}\n</tool_response>'},
            ],
            "tools": [WEATHER],
            "chosen": {"from": "gpt", "value": "It rains."},
            "rejected": {"from": "gpt", "value": "Sun."},
        }
    )
    assert one.prompt[2]["content"] == "I look."
    assert [call["function"]["arguments"] for call in one.prompt[2]["tool_calls"]] == ['{"city": "Oslo"}']
    assert one.prompt[3] == {"role": "tool", "content": '{"sky": "grey"}'}
    assert one.warnings == ("tools_twice",)


@pytest.mark.parametrize(
    "value",
    ["<tool_call>not JSON</tool_call>", '<tool_call>{"name": "a"}</tool_call> and more', "<tool_call>{}</tool_call>"],
)
def test_a_text_between_tags_that_is_no_call_stays_text(value: str) -> None:
    [message] = conversations.messages([{"from": "gpt", "value": value}], PROMPT)
    assert message == {"role": "assistant", "content": value}


def test_tags_in_a_text_of_another_form_stay_text() -> None:
    text = '<tool_call>{"name": "a", "arguments": {}}</tool_call>'
    assert conversations.completion([{"role": "assistant", "content": text}], "chosen").text == text


def test_a_completion_may_go_on_for_several_turns() -> None:
    turns = [CALLING, RESULT, ANSWER, {"role": "user", "content": "Sure?"}, {"role": "assistant", "content": "Yes."}]
    one = comparison({"prompt": [USER], "chosen": turns, "rejected": [ANSWER]})
    assert list(one.first.turns) == turns
    assert one.first.text == (
        '[tool call: get_weather]\n{"city": "Oslo", "at": "noon"}\n\n[tool: get_weather]\nrain\n\n'
        "[assistant]\nIt rains.\n\n[user]\nSure?\n\n[assistant]\nYes."
    )


def test_arguments_that_are_no_json_are_kept_as_the_model_wrote_them() -> None:
    broken = {**CALLING, "tool_calls": [{**CALL, "function": {"name": "f", "arguments": '{"city": '}}]}
    assert conversations.completion([broken], "chosen").turns == (broken,)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tools": "no JSON"}, "tools"),
        ({"tools": [{"description": "nameless"}]}, "tools"),
        ({"tools": {"a": 1}}, "tools"),
        ({"tool_choice": "auto"}, "tools"),
        ({"prompt": [{**USER, "tool_calls": [CALL]}]}, "tools"),
        ({"prompt": [USER, {**ANSWER, "tools": [WEATHER]}, USER]}, "tools"),
        ({"chosen": [{"role": "assistant", "content": None}]}, "wrong_type"),
        ({"chosen": [{**CALLING, "tool_calls": [{"type": "custom", "function": {"name": "a"}}]}]}, "tools"),
        ({"chosen": [{**CALLING, "tool_calls": [{**CALL, "thought": "hm"}]}]}, "tools"),
        ({"chosen": [{**CALLING, "tool_calls": [{"function": {"name": ""}}]}]}, "tools"),
        ({"chosen": [{**CALLING, "tool_calls": 7}]}, "tools"),
        ({"chosen": [RESULT, ANSWER]}, "role"),
        ({"chosen": [ANSWER, USER]}, "role"),
        ({"chosen": [ANSWER, USER, RESULT, ANSWER]}, "role"),
        ({"chosen": [ANSWER, {"role": "system", "content": "Be kind."}, ANSWER]}, "role"),
        ({"chosen": [ANSWER, USER, {"role": "assistant", "content": " "}]}, "empty_completion"),
    ],
)
def test_tools_and_turns_that_have_no_place_are_refused_by_name(change: dict[str, Any], code: str) -> None:
    [one] = read([{"prompt": [USER], "chosen": [ANSWER], "rejected": "No.", **change}])
    assert isinstance(one, Rejected)
    assert one.code == code
