"""Conversations with tools and several turns: stored, shown as HTML, exported as they came, and not edited."""

import io
import json
from typing import Any

import pytest

from labeling.actions.campaign_imports import import_campaign
from labeling.actions.exports import open_export
from labeling.actions.import_reports import ImportSettings
from labeling.actions.imports import import_comparisons
from labeling.exchange import messages_hash, text_hash
from labeling.judging.conversations import completion_html, shown_messages, turns_html
from labeling.judging.drafts import InvalidJudgment
from labeling.judging.presentation import present_assignment
from labeling.models import Comparison, Completion, Prompt
from tests.people import Stage, stage

CALL = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": '{"town": "Oslo", "at": 1}'}}
RECORD: dict[str, Any] = {
    "input": {
        "messages": [{"role": "user", "content": "Weather in *Oslo*?"}],
        "tools": [
            {
                "type": "function",
                "function": {"name": "get_weather", "description": "The <b>sky</b>.", "parameters": {"type": "object"}},
            }
        ],
        "parallel_tool_calls": False,
    },
    "preferred_output": [
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": '{"sky": "<grey>"}'},
        {"role": "assistant", "content": "It **rains**."},
    ],
    "non_preferred_output": [{"role": "assistant", "content": "I do not know."}],
}


def told(**rules: Any) -> Stage:
    """A campaign with one comparison, of which one side has turns and calls."""
    scene = stage(**rules)
    report = import_comparisons(
        campaign=scene.campaign,
        stream=io.BytesIO(json.dumps(RECORD).encode()),
        settings=ImportSettings(),
        source="file",
        acting_user=scene.maya,
        now=scene.now,
    )
    assert (report.created, report.rejected) == (1, [])
    return scene


def with_turns() -> Completion:
    return Completion.objects.get(turns__isnull=False)


def test_tools_calls_and_turns_are_stored_and_named_by_all_of_them() -> None:
    told()
    prompt, completion = Prompt.objects.get(), with_turns()
    assert json.loads(prompt.messages[0]["tools"]) == RECORD["input"]["tools"]
    assert prompt.messages_hash == messages_hash(prompt.messages)
    assert completion.turns is not None
    assert [turn["role"] for turn in completion.turns] == ["assistant", "tool", "assistant"]
    assert completion.text_hash == text_hash(completion.identity) != text_hash(completion.text)
    assert '[tool call: get_weather]\n{"town": "Oslo", "at": 1}' in completion.text
    assert "It **rains**." in completion.text
    assert Comparison.objects.get().metadata == {"input_fields": {"parallel_tool_calls": False}}


def test_the_same_record_again_is_there_already() -> None:
    scene = told()
    report = import_comparisons(
        campaign=scene.campaign,
        stream=io.BytesIO(json.dumps(RECORD).encode()),
        settings=ImportSettings(),
        source="file",
        acting_user=scene.maya,
        now=scene.now,
    )
    assert (report.created, Completion.objects.count()) == (0, 2)


def test_an_export_gives_the_record_back_and_a_whole_campaign_itself() -> None:
    scene = stage()
    import_comparisons(
        campaign=scene.campaign,
        stream=io.BytesIO(json.dumps(RECORD).encode()),
        settings=ImportSettings(keep_preferences=True),
        source="file",
        acting_user=scene.maya,
        now=scene.now,
    )
    assert json.loads(b"".join(open_export(scene.campaign, "openai").pieces)) == RECORD
    whole = b"".join(open_export(scene.campaign, "full").pieces)
    imported = import_campaign(stream=io.BytesIO(whole), name="Again", acting_user=scene.maya, now=scene.now)
    again = b"".join(open_export(imported.campaign, "openai").pieces)
    assert json.loads(again) == RECORD


def test_a_prompt_shows_its_tools_first_and_hostile_texts_as_text() -> None:
    messages: list[dict[str, Any]] = [
        {"role": "user", "content": "<script>", "tools": json.dumps(RECORD["input"]["tools"])},
        {"role": "assistant", "content": "", "tool_calls": [CALL]},
        {"role": "tool", "content": "<img src=x>", "tool_call_id": "c1"},
    ]
    tools, user, call, result = shown_messages(messages)
    assert [one["role"] for one in (tools, user, call, result)] == ["tools", "user", "assistant", "tool"]
    assert "1 tool is offered: get_weather" in tools["html"]
    assert "The &lt;b&gt;sky&lt;/b&gt;." in tools["html"]
    assert "Calls <code>get_weather</code>" in call["html"]
    assert call["html"].index("&quot;town&quot;") < call["html"].index("&quot;at&quot;")
    assert "Result of <code>get_weather</code>" in result["html"]
    assert "<img" not in result["html"]
    assert "<script" not in user["html"]


def test_a_completion_of_several_turns_names_who_speaks() -> None:
    told()
    html = completion_html(with_turns())
    assert html.count('role="listitem"') == 3
    assert "<strong>rains</strong>" in html
    assert "&lt;grey&gt;" in html
    alone = turns_html([{"role": "assistant", "content": "Hm", "tool_calls": [CALL]}])
    assert 'role="listitem"' not in alone


def test_arguments_that_are_no_json_are_shown_as_they_are() -> None:
    broken = {"type": "function", "function": {"name": "f<", "arguments": '{"a": <'}}
    html = turns_html([{"role": "assistant", "content": "", "tool_calls": [broken]}])
    assert '{"a": &lt;' in html
    assert "f&lt;" in html


def test_a_pair_with_turns_is_shown_whole_and_cannot_be_edited() -> None:
    scene = told(allow_edit=True)
    assignment = scene.given(scene.alice)
    body = present_assignment(assignment)
    assert body["allow_edit"] is False
    assert [message["role"] for message in body["prompt"]] == ["tools", "user"]
    assert any('role="listitem"' in body[side]["html"] for side in ("left", "right"))
    with pytest.raises(InvalidJudgment, match="several turns"):
        scene.vote(assignment, "a", edit="Better.")


def test_hundreds_of_slow_turns_end_as_plain_text() -> None:
    code = "```python\nx = [" + "'a', " * 900 + "]\n```"
    turns = [{"role": "assistant", "content": f"{code}\n{number}"} for number in range(400)]
    html = turns_html(turns)
    assert "hl-" in html[:20_000], "The first turns look as usual."
    assert html.count("plain-text") > 200
    assert html.endswith("```\n399</div></div></div>")
    assert [shown["html"].startswith('<div class="plain-text') for shown in shown_messages(turns)][-1]


@pytest.mark.parametrize("depth", [300, 5000])
def test_brackets_within_brackets_are_shown_as_they_came(depth: int) -> None:
    content = "[" + ",".join("[" * depth + "]" * depth for _ in range(30)) + "]"
    called = {"id": "c", "type": "function", "function": {"name": "f", "arguments": f'{{"a": {content}}}'}}
    turns: list[dict[str, Any]] = [
        {"role": "assistant", "content": "", "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "c", "content": content},
    ]
    html = turns_html(turns)
    assert len(html) < 3 * len(content)
    assert html.count(content) == 2
