"""Conversations as safe HTML: prompts with their tools, calls and results, and completions of several turns."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.html import escape
from django.utils.translation import gettext, ngettext

from common.text.budget import budget, seconds_left
from common.text.highlighting import highlighted
from common.text.rendering import MARKDOWN_LIMIT, render_markdown, render_plain
from labeling.exchange import arguments_of, as_asked, offered_tools
from labeling.models import Completion

PROMPT_SECONDS = 0.5
"""CPU time for the messages of one prompt. Further ones are shown as they are."""
TURNS_SECONDS = 0.25
"""The same for the turns of one completion: each side has its own, so that neither looks plain because of the other."""


def shown_messages(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """The messages of a prompt as role, HTML and text. Those of role "tools" first, if the prompt offers some."""
    tools, called = offered_tools(messages), _names_of_calls(messages)
    with budget(PROMPT_SECONDS):
        shown = [_tools(tools)] if tools else []
        return shown + [
            {"role": turn["role"], "html": _message_html(turn, called), "text": as_asked(turn)} for turn in messages
        ]


def completion_html(completion: Completion) -> str:
    """A completion as HTML: a text, or the conversation that it is."""
    return turns_html(completion.turns) if completion.turns else render_markdown(completion.text)


def turns_html(turns: Sequence[Mapping[str, Any]]) -> str:
    """The turns of a completion; with the name of who speaks if there is more than one."""
    called = _names_of_calls(turns)
    with budget(TURNS_SECONDS):
        messages = [_message_html(turn, called) for turn in turns]
    if len(turns) == 1:
        return messages[0]
    labels = {"user": gettext("User"), "assistant": gettext("Assistant"), "tool": gettext("Tool")}
    items = (
        f'<div class="turn" role="listitem" data-role="{turn["role"]}"><p class="turn-role">{labels[turn["role"]]}</p>'
        f"{message}</div>"
        for turn, message in zip(turns, messages, strict=True)
    )
    return f'<div class="turns" role="list">{"".join(items)}</div>'


def _message_html(message: Mapping[str, Any], called: Mapping[str, str]) -> str:
    if message["role"] == "tool":
        name = message.get("name") or called.get(message.get("tool_call_id", ""), "")
        heading = _named(gettext("Result of"), name)
        return f'<div class="tool-result">{heading}{_result(message["content"])}</div>'
    said = render_markdown(message["content"]) if message["content"] or not message.get("tool_calls") else ""
    return said + "".join(_call(call) for call in message.get("tool_calls", ()))


def _call(call: Mapping[str, Any]) -> str:
    arguments, written = arguments_of(call), call["function"]["arguments"]
    body = (
        "" if arguments == {} else _json(arguments, written) if isinstance(arguments, dict) else render_plain(arguments)
    )
    heading = _named(gettext("Calls"), call["function"]["name"])
    return f'<div class="tool-call">{heading}{body}</div>'


def _named(verb: str, name: str) -> str:
    return f'<p class="tool-name">{escape(verb)} <code>{escape(name)}</code></p>' if name else ""


def _result(content: str) -> str:
    """A result, which is data, not Markdown. Objects and lists are set out line by line."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return render_plain(content)
    return _json(value, content) if isinstance(value, dict | list) else render_plain(content)


def _json(value: Any, source: str | None = None) -> str:
    """A value line by line. One that gets too long or too deep that way is shown as it came. source: as it came."""
    text = ""
    try:
        for piece in json.JSONEncoder(ensure_ascii=False, indent=2).iterencode(value):
            text += piece  # piece by piece: a kilobyte of brackets within brackets becomes megabytes of spaces
            if len(text) > MARKDOWN_LIMIT or seconds_left() <= 0:
                return render_plain(source or json.dumps(value, ensure_ascii=False))
    except RecursionError:
        return render_plain(source or "…")
    return f'<pre><code class="language-json">{highlighted(text, "json")}</code></pre>'


def _tools(tools: Sequence[Any]) -> dict[str, str]:
    functions = [tool.get("function", tool) for tool in tools if isinstance(tool, dict)]
    names = ", ".join(str(function.get("name", "")) for function in functions)
    count = ngettext("%(count)s tool is offered", "%(count)s tools are offered", len(functions))
    summary = f"{escape(count % {'count': len(functions)})}: {escape(names)}"
    body = "".join(_tool(function) for function in functions)
    html = f'<details class="offered-tools"><summary>{summary}</summary>{body}</details>'
    return {"role": "tools", "html": html, "text": names}


def _tool(function: Mapping[str, Any]) -> str:
    description = function.get("description")
    said = render_plain(description) if isinstance(description, str) and description else ""
    parameters = function.get("parameters")
    return (
        f'<div class="offered-tool"><p class="tool-name"><code>{escape(str(function.get("name", "")))}</code></p>{said}'
        f"{_json(parameters) if parameters else ''}</div>"
    )


def _names_of_calls(messages: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The names of the called tools by the ids of their calls."""
    return {
        call["id"]: call["function"]["name"]
        for message in messages
        for call in message.get("tool_calls", ())
        if "id" in call
    }
