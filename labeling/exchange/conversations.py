"""Messages of records: prompts, completions, tools and their calls, in the normal form of `turns`."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from labeling.exchange import parsing
from labeling.exchange.looks import is_rendered, looks_empty
from labeling.exchange.parsing import BadRecordError, sentence
from labeling.exchange.records import CompletionText, JsonObject, Message, ToolCall
from labeling.exchange.turns import ASKING, flattened, is_plain, made_call, offering, written

ROLES: Mapping[str, str] = {
    "system": "system",
    "user": "user",
    "assistant": "assistant",
    "developer": "system",
    "human": "user",
    "prompter": "user",
    "gpt": "assistant",
    "bot": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "function_call": "assistant",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
    "ipython": "tool",
}
"""The names of roles in public data sets, and the role that each means."""

UNKEPT_IN_MESSAGE = (
    "reasoning_content",
    "reasoning",
    "thinking",
    "audio",
)

HERMES_CALL = re.compile(r"<tool_call>\s*(.*?)\s*</tool_call>", re.DOTALL)
HERMES_RESULT = re.compile(r"\s*<tool_response>\n?((?:(?!</?tool_response>).)*?)\n?</tool_response>\s*", re.DOTALL)
"""Of the Hermes models: how ShareGPT conversations write calls and results."""


def messages(value: Any, where: str, extras: JsonObject | None = None) -> list[Message]:
    """A list of chat messages with known roles and text contents. where: its name in the refusal.

    extras: receives the other fields of the messages. None: a message with another field is refused.
    """
    if not isinstance(value, list):
        reason = f"{sentence(where)} is a JSON {parsing.kind_of(value)} where text or a list of messages is expected."
        raise BadRecordError("wrong_type", reason)
    return [_message(item, f"Message {number} of {where}", extras) for number, item in enumerate(value, 1)]


def prompt(value: Any, where: str = "the prompt", extras: JsonObject | None = None) -> list[Message]:
    """A prompt from a list of messages, or from a text as one user message."""
    text = parsing.sole_text(value)
    if text is None:
        return checked_prompt(messages(value, where, extras), where)
    if is_rendered(text):
        reason = f"{sentence(where)} was rendered by a chat template: it begins with a control token."
        raise BadRecordError("rendered", reason)
    return checked_prompt([Message(role="user", content=text)], where)


def checked_prompt(conversation: Sequence[Message], where: str = "the prompt") -> list[Message]:
    """The conversation, if a completion can follow it.

    Not empty, no blank message, a system message only at the start, and at the end a message of the user or the result
    of a tool. Calls of tools need no text, and a tool may return nothing.
    """
    if not conversation:
        raise BadRecordError("empty_prompt", f"{sentence(where)} is empty.")
    for number, message in enumerate(conversation, 1):
        if looks_empty(message["content"]) and not message.get("tool_calls") and message["role"] != "tool":
            raise BadRecordError("empty_prompt", f"Message {number} of {where} is empty.")
        if message["role"] == "system" and number > 1:
            raise BadRecordError("role", f"Message {number} of {where} is a system message; only the first may be.")
        if message["role"] == "tool" and conversation[max(number - 2, 0)]["role"] not in ("assistant", "tool"):
            raise BadRecordError("role", f"Message {number} of {where} is the result of a tool that nobody called.")
    if conversation[-1]["role"] not in ASKING:
        role = conversation[-1]["role"]
        raise BadRecordError("role", f"{sentence(where)} ends with a message of {role!r}; it must end with 'user'.")
    return list(conversation)


def with_tools(conversation: Sequence[Message], value: Any) -> list[Message]:
    """The prompt, which offers the tools of a record's field: a list, or a text of JSON; nothing: none."""
    return offering(conversation, text) if (text := _tools(value, "The field 'tools'")) else list(conversation)


def completion(value: Any, name: str, extras: JsonObject | None = None) -> CompletionText:
    """A completion, from a text, one assistant message, or a list of messages: see `of_turns`."""
    text = parsing.sole_text(value)
    if text is not None:
        return CompletionText(text)
    return of_turns(messages([value] if isinstance(value, dict) else value, repr(name), extras), name)


def conversation_of(turns: Any) -> CompletionText:
    """The completion that has these turns, in the normal form. Raises BadRecordError."""
    return of_turns(messages(turns, "the completion"), "the completion")


def of_turns(turns: Sequence[Message], name: str) -> CompletionText:
    """The completion that these messages are: the assistant begins and ends it. Raises BadRecordError."""
    roles = [turn["role"] for turn in turns]
    if not turns or roles[0] != "assistant" or roles[-1] != "assistant" or "system" in roles:
        reason = f"{name!r} must begin and end with a message of 'assistant', without a system message."
        raise BadRecordError("role", reason, name)
    if is_plain(turns):
        return CompletionText(turns[0]["content"])
    for number, turn in enumerate(turns, 1):
        if looks_empty(turn["content"]) and not turn.get("tool_calls") and turn["role"] != "tool":
            raise BadRecordError("empty_completion", f"Message {number} of {name!r} is empty.", name)
        if turn["role"] == "tool" and roles[number - 2] not in ("assistant", "tool"):
            reason = f"Message {number} of {name!r} is the result of a tool that nobody called."
            raise BadRecordError("role", reason, name)
    return CompletionText(flattened(turns), turns=tuple(turns))


def _message(item: Any, where: str, extras: JsonObject | None) -> Message:
    if not isinstance(item, dict):
        raise BadRecordError("wrong_type", f"{where} is a JSON {parsing.kind_of(item)} where an object is expected.")
    names = ("from", "value") if "from" in item and "role" not in item else ("role", "content")
    named = item.get(names[0])
    role = ROLES.get(named) if isinstance(named, str) else None
    if role is None:
        known = "system, user, assistant, developer, tool"
        raise BadRecordError("role", f"{where} has the role {parsing.shortened(named)}; known are {known}.")
    is_more = len(item) > 2 or names[1] not in item
    of_tools = _fields_of_tools(item, role, where) if is_more or named == "function_call" else {}
    if is_more:
        _other_fields(item, (*names, *of_tools, *(["function_call"] if of_tools else [])), where, extras)
    content = "" if named == "function_call" else _content(item.get(names[1]), role, bool(of_tools), where)
    message = Message(role=role, content=content, **of_tools)  # type: ignore[typeddict-item]
    return _as_hermes(message) if names[0] == "from" else message


def _content(value: Any, role: str, may_be_null: bool, where: str) -> str:
    if isinstance(value, list) and role == "tool" and not all(isinstance(part, str | dict) for part in value):
        return written(value)
    if isinstance(value, list):
        value = _joined_parts(value, where)
    if isinstance(value, dict | int | float) and role == "tool":
        return written(value)  # a result as values
    if value is None and may_be_null:
        return ""
    if not isinstance(value, str):
        raise BadRecordError("wrong_type", f"{where} has no text content.")
    return value


def _fields_of_tools(item: JsonObject, role: str, where: str) -> JsonObject:
    """The calls, names and tools of a message, in the normal form. Raises BadRecordError where they have no place."""
    fields: JsonObject = {}
    calls = _parsed(item.get("tool_calls"), f"The field 'tool_calls' of {where.lower()}") or []
    if call := item.get("function_call") or (item.get("role", item.get("from")) == "function_call" and _own_call(item)):
        calls = [_parsed(call, f"The call of {where.lower()}")]
    if calls:
        if role != "assistant":
            raise BadRecordError("tools", f"{where} calls tools; only messages of 'assistant' may.", "tool_calls")
        if not isinstance(calls, list):
            raise BadRecordError("tools", f"{where} has calls of tools that are no list.", "tool_calls")
        fields["tool_calls"] = [_call(one, where) for one in calls]
    for name in ("tool_call_id", "name") if role == "tool" else ():
        if text := parsing.as_name(item.get(name), parsing.LONGEST_ID):
            fields[name] = text
    if tools := _tools(item.get("tools"), f"The field 'tools' of {where.lower()}"):
        if not where.startswith("Message 1 "):
            raise BadRecordError("tools", f"{where} offers tools; only the first message may.", "tools")
        fields["tools"] = tools
    return fields


def _own_call(item: JsonObject) -> Any:
    return item.get("value", item.get("content"))


def _call(value: Any, where: str) -> ToolCall:
    """A call of a function, from OpenAI's form or a plain one: a name and arguments."""
    values = {name: one for name, one in value.items() if one is not None} if isinstance(value, dict) else {}
    function = values.get("function", values)
    if not isinstance(function, dict) or not isinstance(function.get("name"), str) or not function["name"]:
        raise BadRecordError("tools", f"{where} has a call of a tool without a name.", "tool_calls")
    known = ("id", "type", "index", "name", "arguments") if function is values else ("id", "type", "index", "function")
    unknown = [name for name in values if name not in known]
    unknown += [name for name in function if function is not values and name not in ("name", "arguments")]
    if unknown or values.get("type", "function") != "function":
        strange = unknown[0] if unknown else f"the type {parsing.shortened(values['type'])}"
        raise BadRecordError(
            "tools", f"{where} has a call of a tool with {strange}, which cannot be kept.", "tool_calls"
        )
    arguments = function.get("arguments")
    text = arguments if isinstance(arguments, str) else written({} if arguments is None else arguments)
    return made_call(function["name"], text, parsing.as_name(values.get("id"), parsing.LONGEST_ID))


def _tools(value: Any, where: str) -> str:
    """Tools as a text of JSON; empty: there are none. Raises BadRecordError."""
    listed = _parsed(value, where)
    if listed in (None, "", [], {}):
        return ""
    if not isinstance(listed, list) or not all(isinstance(one, dict) and _tool_name(one) for one in listed):
        raise BadRecordError("tools", f"{where} must be a list of tools, each with its name.", "tools")
    return written(listed)


def _tool_name(tool: JsonObject) -> str:
    function = tool.get("function", tool)
    name = function.get("name") if isinstance(function, dict) else None
    return name if isinstance(name, str) else ""


def _parsed(value: Any, where: str) -> Any:
    """A value that may be written as a text of JSON. Raises BadRecordError for another text."""
    if not isinstance(value, str) or not value.strip():
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise BadRecordError("tools", f"{where} is a text that is not JSON.", "tools") from error


def _as_hermes(message: Message) -> Message:
    """A message of a ShareGPT conversation, in which calls and results stand in the text between tags."""
    text = message["content"]
    if message["role"] == "tool" and (result := HERMES_RESULT.fullmatch(text)):
        return {**message, "content": result[1]}
    first = HERMES_CALL.search(text)
    if message["role"] != "assistant" or message.get("tool_calls") or first is None:
        return message
    rest = text[first.start() :]
    if HERMES_CALL.sub("", rest).strip():
        return message  # it goes on after a call, which no normal form can say
    try:
        values = [json.loads(call) for call in HERMES_CALL.findall(rest)]
        calls = [_call(value, "The message") for value in values]
    except (ValueError, RecursionError, BadRecordError):
        return message
    return {**message, "content": text[: first.start()].rstrip(), "tool_calls": calls}


def _other_fields(item: JsonObject, names: Sequence[str], where: str, extras: JsonObject | None) -> None:
    others = {name: value for name, value in item.items() if name not in names and value not in (None, "", [], {})}
    for name in UNKEPT_IN_MESSAGE:
        if name in others:
            raise BadRecordError("unkept_field", f"{where} has the field {name!r}, which cannot be kept here.", name)
    if others and extras is None:
        raise BadRecordError("unkept_field", f"{where} has other fields: {', '.join(others)[:80]}.", next(iter(others)))
    if others and extras is not None:
        extras.setdefault("message_fields", {})[where] = others


def _joined_parts(parts: list[Any], where: str) -> str:
    """The text of a message that is a list of parts. Raises BadRecordError for images and the like."""
    texts = []
    for part in parts:
        text = part.get("text") if isinstance(part, dict) else part
        kind = part.get("type", "text") if isinstance(part, dict) else "text"
        if kind not in ("text", "input_text", "output_text") or not isinstance(text, str):
            reason = f"{where} has a part of the type {parsing.shortened(kind)}; only text can be kept here."
            raise BadRecordError("content_part", reason, "content")
        texts.append(text)
    return "\n".join(texts)
