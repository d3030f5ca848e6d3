"""Messages of records: prompts, completions, tools and their calls, in the normal form of `turns`."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from common.phrases import Phrase, gettext_noop
from common.prompt_fields import UNKEPT_IN_MESSAGE
from labeling.exchange import parsing
from labeling.exchange.looks import is_alpaca, is_open, is_rendered, looks_empty
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.places import COMPLETION, PROMPT, Conversation, Turn, in_field
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
    "ai": "assistant",
    "bot": "assistant",
    "chatbot": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "function_call": "assistant",
    "tool": "tool",
    "function": "tool",
    "observation": "tool",
    "ipython": "tool",
}
"""The names of roles in public data sets, and the role that each means."""

HERMES_CALL = re.compile(r"<tool_call>((?:(?!</?tool_call>).)*+)</tool_call>", re.DOTALL)
HERMES_RESULT = re.compile(r"\s*<tool_response>\n?((?:(?!</?tool_response>).)*?)\n?</tool_response>\s*", re.DOTALL)
"""Of the Hermes models: how ShareGPT conversations write calls and results."""


EMPTY = gettext_noop("%(where)s is empty.")
WHOLE = gettext_noop("%(where)s is a whole conversation in one text, up to the reply. Write it as messages.")
NOT_CALLED = gettext_noop("%(where)s is the result of a tool that nobody called.")


def role_named(value: Any) -> str | None:
    """The role that a message names, in any case. None: it is unknown."""
    return ROLES.get(value.strip().casefold()) if isinstance(value, str) else None


def messages(value: Any, where: Conversation, extras: JsonObject | None = None) -> list[Message]:
    """A list of chat messages with known roles and text contents. where: its place, for a refusal.

    extras: receives the other fields of the messages. None: a message with another field is refused.
    """
    if not isinstance(value, list):
        reason = gettext_noop("%(where)s is a JSON %(kind)s where text or a list of messages is expected.")
        raise BadRecordError("wrong_type", reason, where=where.subject, kind=parsing.kind_of(value))
    return [_message(item, Turn(where, number), extras) for number, item in enumerate(value, 1)]


def prompt(value: Any, where: Conversation = PROMPT, extras: JsonObject | None = None) -> list[Message]:
    """A prompt from a list of messages, or from a text as one user message."""
    text = parsing.sole_text(value)
    if text is None:
        return checked_prompt(messages(value, where, extras), where)
    if is_rendered(text):
        reason = gettext_noop("%(where)s was rendered by a chat template: it begins with a control token.")
        raise BadRecordError("rendered", reason, where=where.subject)
    if is_open(text) or is_alpaca(text):
        raise BadRecordError("rendered", WHOLE, where=where.subject)
    return checked_prompt([Message(role="user", content=text)], where)


def checked_prompt(conversation: Sequence[Message], where: Conversation = PROMPT) -> list[Message]:
    """The conversation, if a completion can follow it.

    Not empty, no blank message, a system message only at the start, and at the end a message of the user or the result
    of a tool. Calls of tools need no text, and a tool may return nothing.
    """
    if not conversation:
        raise BadRecordError("empty_prompt", EMPTY, where=where.subject)
    for number, message in enumerate(conversation, 1):
        if looks_empty(message["content"]) and not message.get("tool_calls") and message["role"] != "tool":
            raise BadRecordError("empty_prompt", EMPTY, where=Turn(where, number).subject)
        if message["role"] == "system" and number > 1:
            reason = gettext_noop("%(where)s is a system message; only the first may be.")
            raise BadRecordError("role", reason, where=Turn(where, number).subject)
        if message["role"] == "tool" and conversation[max(number - 2, 0)]["role"] not in ("assistant", "tool"):
            raise BadRecordError("role", NOT_CALLED, where=Turn(where, number).subject)
    if conversation[-1]["role"] not in ASKING:
        reason = gettext_noop("%(where)s ends with a message of %(role)s; it must end with 'user'.")
        raise BadRecordError("role", reason, where=where.subject, role=repr(conversation[-1]["role"]))
    return list(conversation)


def with_tools(conversation: Sequence[Message], value: Any) -> list[Message]:
    """The prompt, which offers the tools of a record's field: a list, or a text of JSON; nothing: none."""
    return offering(conversation, text) if (text := _tools(value, None)) else list(conversation)


def completion(value: Any, name: str, extras: JsonObject | None = None) -> CompletionText:
    """A completion, from a text, one assistant message, or a list of messages: see `of_turns`."""
    text = parsing.sole_text(value)
    if text is not None:
        return CompletionText(text)
    where = in_field(name)
    return of_turns(messages([value] if isinstance(value, dict) else value, where, extras), where, name)


def conversation_of(turns: Any) -> CompletionText:
    """The completion that has these turns, in the normal form. Raises BadRecordError."""
    return of_turns(messages(turns, COMPLETION), COMPLETION)


def of_turns(turns: Sequence[Message], where: Conversation, field: str = "") -> CompletionText:
    """The completion that these messages are: the assistant begins and ends it. Raises BadRecordError.

    field: of the record; empty: of none.
    """
    roles = [turn["role"] for turn in turns]
    if not turns or roles[0] != "assistant" or roles[-1] != "assistant" or "system" in roles:
        reason = gettext_noop("%(where)s must begin and end with a message of 'assistant', without a system message.")
        raise BadRecordError("role", reason, field, where=where.subject)
    if is_plain(turns):
        return CompletionText(turns[0]["content"])
    for number, turn in enumerate(turns, 1):
        if looks_empty(turn["content"]) and not turn.get("tool_calls") and turn["role"] != "tool":
            raise BadRecordError("empty_completion", EMPTY, field, where=Turn(where, number).subject)
        if turn["role"] == "tool" and roles[number - 2] not in ("assistant", "tool"):
            raise BadRecordError("role", NOT_CALLED, field, where=Turn(where, number).subject)
    return CompletionText(flattened(turns), turns=tuple(turns))


def _message(item: Any, where: Turn, extras: JsonObject | None) -> Message:
    if not isinstance(item, dict):
        reason = gettext_noop("%(where)s is a JSON %(kind)s where an object is expected.")
        raise BadRecordError("wrong_type", reason, where=where.subject, kind=parsing.kind_of(item))
    names = ("from", "value") if "from" in item and "role" not in item else ("role", "content")
    named = item.get(names[0])
    role = role_named(named)
    if role is None:
        reason = gettext_noop("%(where)s has the role %(role)s; known are %(all)s.")
        known = "system, user, assistant, developer, tool"
        raise BadRecordError("role", reason, where=where.subject, role=parsing.shortened(named), all=known)
    is_more = len(item) > 2 or names[1] not in item
    of_tools = _fields_of_tools(item, role, where) if is_more or named == "function_call" else {}
    if is_more:
        _other_fields(item, (*names, *of_tools, *(["function_call"] if of_tools else [])), where, extras)
    content = "" if named == "function_call" else _content(item.get(names[1]), role, bool(of_tools), where)
    message = Message(role=role, content=content, **of_tools)  # type: ignore[typeddict-item]
    return _as_hermes(message) if names[0] == "from" else message


def _content(value: Any, role: str, may_be_null: bool, where: Turn) -> str:
    if isinstance(value, list) and role == "tool" and not all(isinstance(part, str | dict) for part in value):
        return written(value)
    if isinstance(value, list):
        value = _joined_parts(value, where)
    if isinstance(value, dict | int | float) and role == "tool":
        return written(value)  # a result as values
    if value is None and may_be_null:
        return ""
    if not isinstance(value, str):
        raise BadRecordError("wrong_type", gettext_noop("%(where)s has no text content."), where=where.subject)
    return value


def _fields_of_tools(item: JsonObject, role: str, where: Turn) -> JsonObject:
    """The calls, names and tools of a message, in the normal form. Raises BadRecordError where they have no place."""
    fields: JsonObject = {}
    calls = _parsed(item.get("tool_calls"), "tool_calls", where) or []
    if call := item.get("function_call") or (item.get("role", item.get("from")) == "function_call" and _own_call(item)):
        calls = [_parsed(call, "", where)]
    if calls:
        if role != "assistant":
            reason = gettext_noop("%(where)s calls tools; only messages of 'assistant' may.")
            raise BadRecordError("tools", reason, "tool_calls", where=where.subject)
        if not isinstance(calls, list):
            reason = gettext_noop("%(where)s has calls of tools that are no list.")
            raise BadRecordError("tools", reason, "tool_calls", where=where.subject)
        fields["tool_calls"] = [_call(one, where) for one in calls]
    for name in ("tool_call_id", "name") if role == "tool" else ():
        if text := parsing.as_name(item.get(name), parsing.LONGEST_ID):
            fields[name] = text
    if tools := _tools(item.get("tools"), where):
        if where.number > 1:
            reason = gettext_noop("%(where)s offers tools; only the first message may.")
            raise BadRecordError("tools", reason, "tools", where=where.subject)
        fields["tools"] = tools
    return fields


def _own_call(item: JsonObject) -> Any:
    return item.get("value", item.get("content"))


def _call(value: Any, where: Turn) -> ToolCall:
    """A call of a function, from OpenAI's form or a plain one: a name and arguments."""
    values = {name: one for name, one in value.items() if one is not None} if isinstance(value, dict) else {}
    function = values.get("function", values)
    if not isinstance(function, dict) or not isinstance(function.get("name"), str) or not function["name"]:
        reason = gettext_noop("%(where)s has a call of a tool without a name.")
        raise BadRecordError("tools", reason, "tool_calls", where=where.subject)
    known = ("id", "type", "index", "name", "arguments") if function is values else ("id", "type", "index", "function")
    unknown = [name for name in values if name not in known]
    unknown += [name for name in function if function is not values and name not in ("name", "arguments")]
    if unknown or values.get("type", "function") != "function":
        reason = gettext_noop("%(where)s has a call of a tool with %(name)s, which cannot be kept.")
        kind = gettext_noop("the type %(kind)s")
        name = unknown[0] if unknown else Phrase(kind, kind=parsing.shortened(values["type"]))
        raise BadRecordError("tools", reason, "tool_calls", where=where.subject, name=name)
    arguments = function.get("arguments")
    text = arguments if isinstance(arguments, str) else written({} if arguments is None else arguments)
    return made_call(function["name"], text, parsing.as_name(values.get("id"), parsing.LONGEST_ID))


def _tools(value: Any, where: Turn | None) -> str:
    """Tools as a text of JSON; empty: there are none. where: None: in the record itself. Raises BadRecordError."""
    listed = _parsed(value, "tools", where)
    if listed in (None, "", [], {}):
        return ""
    if not isinstance(listed, list) or not all(isinstance(one, dict) and _tool_name(one) for one in listed):
        reason = gettext_noop("%(part)s must be a list of tools, each with its name.")
        raise BadRecordError("tools", reason, "tools", part=_part("tools", where))
    return written(listed)


def _tool_name(tool: JsonObject) -> str:
    function = tool.get("function", tool)
    name = function.get("name") if isinstance(function, dict) else None
    return name if isinstance(name, str) else ""


def _parsed(value: Any, name: str, where: Turn | None) -> Any:
    """A value that may be a text of JSON. name, where: see `_part`. Raises BadRecordError for another text."""
    if not isinstance(value, str) or not value.strip():
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        reason = gettext_noop("%(part)s is a text that is not JSON.")
        raise BadRecordError("tools", reason, "tools", part=_part(name, where)) from error


def _part(name: str, where: Turn | None) -> Phrase:
    """A part of a message, where a sentence begins. name: its field; empty: its call. where: None: of the record."""
    if where is None:
        return Phrase(gettext_noop("The field %(name)s"), name=repr(name))
    if not name:
        return Phrase(gettext_noop("The call of %(message)s"), message=where.inner)
    return Phrase(gettext_noop("The field %(name)s of %(message)s"), name=repr(name), message=where.inner)


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
        calls = [_call(value, Turn(PROMPT, 1)) for value in values]  # a refusal is not shown
    except (ValueError, RecursionError, BadRecordError):
        return message
    return {**message, "content": text[: first.start()].rstrip(), "tool_calls": calls}


def _other_fields(item: JsonObject, names: Sequence[str], where: Turn, extras: JsonObject | None) -> None:
    others = {name: value for name, value in item.items() if name not in names and value not in (None, "", [], {})}
    for name in UNKEPT_IN_MESSAGE:
        if name in others:
            reason = gettext_noop("%(where)s has the field %(name)s, which cannot be kept here.")
            raise BadRecordError("unkept_field", reason, name, where=where.subject, name=repr(name))
    if others and extras is None:
        reason = gettext_noop("%(where)s has other fields: %(names)s.")
        names = ", ".join(others)[:80]
        raise BadRecordError("unkept_field", reason, next(iter(others)), where=where.subject, names=names)
    if others and extras is not None:
        extras.setdefault("message_fields", {})[where.name] = others


def _joined_parts(parts: list[Any], where: Turn) -> str:
    """The text of a message that is a list of parts. Raises BadRecordError for images and the like."""
    texts = []
    for part in parts:
        text = part.get("text") if isinstance(part, dict) else part
        kind = part.get("type", "text") if isinstance(part, dict) else "text"
        if kind not in ("text", "input_text", "output_text") or not isinstance(text, str):
            reason = gettext_noop("%(where)s has a part of the type %(kind)s; only text can be kept here.")
            raise BadRecordError("content_part", reason, "content", where=where.subject, kind=parsing.shortened(kind))
        texts.append(text)
    return "\n".join(texts)
