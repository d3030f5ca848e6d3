"""A conversation, as chat templates take it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict


class CalledFunction(TypedDict):
    """arguments: a text of JSON, as the model wrote it."""

    name: str
    arguments: str


class ToolCall(TypedDict):
    """A call of a tool by an assistant. type: function."""

    id: NotRequired[str]
    type: str
    function: CalledFunction


class Message(TypedDict):
    """One turn of a conversation: role system, user, assistant or tool, and what was said.

    tool_calls: of an assistant. tool_call_id, name: of a tool's result. tools: those on offer, a text of JSON, at one
    message of a conversation.
    """

    role: str
    content: str
    tool_calls: NotRequired[list[ToolCall]]
    tool_call_id: NotRequired[str]
    name: NotRequired[str]
    tools: NotRequired[str]


def template_messages(messages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The messages as chat templates take them: the arguments of calls are values, where they are JSON."""
    return [_for_template(message) for message in messages]


def template_tools(messages: Sequence[Mapping[str, Any]]) -> list[Any] | None:
    """The tools that a conversation offers; None: it offers none."""
    text = next((message["tools"] for message in messages if message.get("tools")), None)
    tools: list[Any] | None = json.loads(text) if text else None
    return tools


def has_tools(messages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a conversation offers tools, calls them, or has their results."""
    return any(one["role"] == "tool" or one.get("tool_calls") or one.get("tools") for one in messages)


def _for_template(message: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in message.items() if name != "tools"}
    if calls := message.get("tool_calls"):
        fields["tool_calls"] = [
            {**call, "function": {**call["function"], "arguments": _values(call["function"]["arguments"])}}
            for call in calls
        ]
    return fields


def _values(arguments: Any) -> Any:
    if not isinstance(arguments, str):
        return arguments
    try:
        values = json.loads(arguments)
    except (ValueError, RecursionError):
        return arguments
    return values if isinstance(values, dict) else arguments
