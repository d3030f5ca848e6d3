"""Conversations with tools, and completions of several turns: their normal form, their text, and their other forms.

The normal form is OpenAI's: the arguments of a call are a text of JSON, because the order of keys is what a model wrote
and a database does not keep it. The tools that a prompt offers are a text of JSON at its first message, so they belong
to the prompt's identity. A completion of one message without calls is a text; any other is a list of messages.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from common.phrases import Phrase, gettext_noop
from labeling.exchange.records import JsonObject, Message, ToolCall

ROLES = ("system", "user", "assistant", "tool")
ASKING = ("user", "tool")
"""The roles of messages to which an assistant replies."""

OTHERS = ("tool_calls", "tool_call_id", "name", "tools")
"""The fields of a message besides its role and its content."""


def bare(message: Mapping[str, Any]) -> Message:
    """The message with its known fields only."""
    kept = Message(role=message["role"], content=message["content"])
    if len(message) == 2:
        return kept
    for name in OTHERS:
        if message.get(name):
            kept[name] = message[name]  # type: ignore[literal-required]
    return kept


def bare_conversation(messages: Iterable[Mapping[str, Any]]) -> list[Message]:
    """The messages with their known fields only."""
    return [bare(message) for message in messages]


def written(value: Any) -> str:
    """A value as a text of JSON that keeps the order of keys."""
    return json.dumps(value, ensure_ascii=False)


def offered_tools(messages: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The tools that a prompt offers, in OpenAI's form; empty: none."""
    listed: list[Any] = json.loads(messages[0]["tools"]) if messages and messages[0].get("tools") else []
    return listed


def offering(messages: Sequence[Message], tools: str) -> list[Message]:
    """The prompt, which offers these tools: a text of JSON; empty: none."""
    return [bare({**messages[0], "tools": tools}), *bare_conversation(messages[1:])]


def arguments_of(call: Mapping[str, Any]) -> Any:
    """The arguments of a call as values; their text, if it is no JSON object: models write such arguments, too."""
    text = call["function"]["arguments"]
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, dict) else text


def has_tools(messages: Iterable[Mapping[str, Any]]) -> bool:
    """Whether the messages offer, call or answer with tools."""
    return any(message["role"] == "tool" or any(message.get(name) for name in OTHERS) for message in messages)


def common_beginning(first: Sequence[Message], second: Sequence[Message]) -> int:
    """How many messages two conversations share at their beginning, at most all but the last of the shorter one."""
    limit = min(len(first), len(second)) - 1
    return next((number for number in range(limit) if first[number] != second[number]), limit)


def is_plain(turns: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a completion is one message without calls, which a text says as well."""
    return len(turns) == 1 and not turns[0].get("tool_calls")


def flattened(turns: Sequence[Mapping[str, Any]]) -> str:
    """The turns of a completion as one readable text, for searches, differences, lengths, and tools that know no turns.

    The first assistant's text stands alone; every other turn and every call has a heading in brackets.
    """
    blocks: list[str] = []
    for number, turn in enumerate(turns):
        heading = f"[{turn['role']}{': ' + turn['name'] if turn.get('name') else ''}]\n" if number else ""
        if turn["content"] or not turn.get("tool_calls"):
            blocks.append(heading + turn["content"])
        blocks += [
            f"[tool call: {call['function']['name']}]\n{call['function']['arguments']}"
            for call in turn.get("tool_calls", ())
        ]
    return "\n\n".join(blocks)


def as_asked(message: Mapping[str, Any]) -> str:
    """All that a message says, as one text: its content, and its calls."""
    return flattened([message]) if message.get("tool_calls") else str(message["content"])


def texts_of_message(message: Mapping[str, Any]) -> list[str]:
    """All texts in a message."""
    texts = [message["content"], *(message.get(name, "") for name in OTHERS[1:])]
    for call in message.get("tool_calls", ()):
        texts += [call.get("id", ""), call["function"]["name"], call["function"]["arguments"]]
    return texts


def for_templates(messages: Iterable[Mapping[str, Any]]) -> list[JsonObject]:
    """The messages as chat templates and TRL take them: arguments are values, and tools stand beside the messages."""
    return [_with_calls(message, lambda call: arguments_of(call)) for message in messages]


def for_openai(messages: Iterable[Mapping[str, Any]]) -> list[JsonObject]:
    """The messages as OpenAI takes them: arguments are a text, and a message of calls alone has no content."""
    listed = [_with_calls(message, lambda call: call["function"]["arguments"]) for message in messages]
    return [{**one, "content": None} if one.get("tool_calls") and not one["content"] else one for one in listed]


def fault(messages: Sequence[Mapping[str, Any]]) -> Phrase | None:
    """The fault of the tools and calls of messages that are not from a file, as a sentence; None: nothing."""
    for number, message in enumerate(messages, 1):
        texts = [message.get(name, "") for name in ("tool_call_id", "name", "tools")]
        if not all(isinstance(text, str) for text in texts):
            texts_only = gettext_noop("Message %(number)s: 'tool_call_id', 'name' and 'tools' must be texts.")
            return Phrase(texts_only, number=number)
        if message.get("tools") and (number > 1 or not _is_list(message["tools"])):
            return Phrase(gettext_noop("Tools are a JSON list, at the first message."))
        calls = message.get("tool_calls") or []
        if not isinstance(calls, list) or not all(map(_is_call, calls)) or (calls and message["role"] != "assistant"):
            strange_call = gettext_noop(
                "Message %(number)s: 'tool_calls' must be calls of functions by the assistant, in OpenAI's form."
            )
            return Phrase(strange_call, number=number)
        if message["role"] == "tool" and number == 1:
            return Phrase(gettext_noop("A conversation cannot begin with the result of a tool."))
    return None


def _with_calls(message: Mapping[str, Any], arguments: Any) -> JsonObject:
    fields: JsonObject = {**bare(message)}
    fields.pop("tools", None)
    if calls := message.get("tool_calls"):
        fields["tool_calls"] = [
            {**call, "function": {"name": call["function"]["name"], "arguments": arguments(call)}} for call in calls
        ]
    return fields


def _is_list(text: str) -> bool:
    try:
        return isinstance(json.loads(text), list)
    except (ValueError, RecursionError):
        return False


def _is_call(call: Any) -> bool:
    if not isinstance(call, dict) or not {"type", "function"} <= call.keys() <= {"id", "type", "function"}:
        return False
    function = call["function"]
    return (
        call["type"] == "function"
        and isinstance(call.get("id", ""), str)
        and isinstance(function, dict)
        and function.keys() == {"name", "arguments"}
        and all(isinstance(text, str) for text in function.values())
    )


def made_call(name: str, arguments: str, identity: str = "") -> ToolCall:
    """A call in the normal form."""
    call: ToolCall = {"type": "function", "function": {"name": name, "arguments": arguments}}
    if identity:
        call["id"] = identity
    return call
