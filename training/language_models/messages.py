"""A conversation, as chat templates take it."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NotRequired, TypedDict, cast


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


def with_texts(messages: Sequence[Message], change: Callable[[str], str]) -> list[Message]:
    """The messages with every text that a template may render changed, each by itself: what was said, names and ids,
    and the keys and texts within the JSON of arguments and tools, which templates read as values."""
    return [
        cast(Message, {name: one if name == "role" else _changed(name, one, change) for name, one in message.items()})
        for message in messages
    ]


def opaque_arguments(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """The arguments of calls that are no JSON object, which templates get as one text here. A server may read them as
    the values that they are in JSON."""
    given = (call["function"]["arguments"] for one in messages for call in one.get("tool_calls") or ())
    return [text for text in given if isinstance(text, str) and not isinstance(_values(text), dict)]


def texts_within(text: str) -> list[str]:
    """The keys and texts within a text of JSON of any kind; none where it is no JSON."""
    found: list[str] = []

    def keep(one: str) -> str:
        found.append(one)
        return one

    values = _values(text, object)
    if values is not text:
        _changed("", values, keep, within_json=True)
    return found


_JSON = {"tools": list, "arguments": dict}
"""Fields that hold a text of JSON, and the kind of value as which templates read it. Anything else stays a text."""


def _changed(name: str, value: Any, change: Callable[[str], str], *, within_json: bool = False) -> Any:
    if isinstance(value, str):
        values = None if within_json or name not in _JSON else _values(value, _JSON[name])
        if values is None or values is value:
            return change(value)
        return json.dumps(_changed("", values, change, within_json=True), ensure_ascii=False)
    root = [value]
    waiting: list[Any] = [root]  # and no recursion: JSON may be nested as deep as its reader goes
    while waiting:
        one = waiting.pop()
        entries = list(one.items() if isinstance(one, dict) else enumerate(one))
        if isinstance(one, dict):
            one.clear()
        for key, inner in entries:
            if isinstance(inner, dict | list):
                inner = inner.copy()
                waiting.append(inner)
            elif isinstance(inner, str):
                inner = _changed(str(key), inner, change, within_json=within_json)
            one[change(key) if isinstance(key, str) else key] = inner
    return root[0]


def _for_template(message: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in message.items() if name != "tools"}
    if calls := message.get("tool_calls"):
        fields["tool_calls"] = [
            {**call, "function": {**call["function"], "arguments": _values(call["function"]["arguments"])}}
            for call in calls
        ]
    return fields


def _values(text: Any, kind: type = dict) -> Any:
    """The values that a text of JSON holds; the text itself where it holds none of that kind."""
    if not isinstance(text, str):
        return text
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return values if isinstance(values, kind) else text


def is_mark(name: str) -> bool:
    """Whether an added token can be a mark of a template: some tokenizers add line breaks, spaces, single letters."""
    return len(name) > 1 and bool(name.strip())


def opening_tokens(names: Iterable[str], render: Callable[[Sequence[Any]], str]) -> frozenset[str]:
    """Those of a tokenizer's added tokens by which the chat template opens and closes turns, special or not.

    They stand in a conversation in which nobody thinks and no tool is called. render: the conversation in the template;
    one that it refuses is tried without a system message.
    """
    turns = [{"role": role, "content": "x"} for role in ("system", "user", "assistant", "user")]
    for conversation in (turns, turns[1:]):
        try:
            rendered = render(conversation)
        except Exception:  # noqa: S112 - whatever a template raises
            continue
        return frozenset(name for name in names if is_mark(name) and name in rendered)
    return frozenset()
