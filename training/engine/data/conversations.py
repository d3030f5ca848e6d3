"""The conversation of a record: its prompt as messages, and two sides that are texts or turns of their own; its name,
and the token ids that it stores."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from common.prompt_fields import (
    ABOUT,
    CONVERSATIONS,
    EARLIER,
    PROMPT_FIELDS,
    SYSTEM_FIELDS,
    UNKEPT,
    UNKEPT_IN_MESSAGE,
    WITH_INPUT,
    are_turns,
    earlier_turns,
    holds_nothing,
    is_repeated,
    possible_prompt,
    spoken,
    text_about,
    turns_before,
    with_input,
)
from common.transcripts import (
    Turn,
    Unsplit,
    is_hh_pair,
    is_transcript,
    prompt_turns,
    split_common_beginning,
    split_hh_pair,
    unspaced,
)
from training.engine.errors import RecordError
from training.language_models.messages import Message, ToolCall

_ROLES = frozenset({"system", "user", "assistant", "tool", "developer"})

Side = str | list[Message]
"""A completion: a text, or several turns."""


class ConversationReader:
    """Reads one parsed line; raises RecordError where it does not hold what is asked for."""

    def __init__(self, path: Path, line: int, record: dict[str, Any]) -> None:
        self.path, self.line, self.record = path, line, record

    def error(self, reason: str) -> RecordError:
        return RecordError(self.path, self.line, reason)

    def name(self) -> str:
        """The record's id; without one, the number of its line."""
        given = self.record.get("id")
        if given is None:
            return f"line-{self.line}"
        if not isinstance(given, (str, int)) or isinstance(given, bool):
            raise self.error("'id' must be a string or an integer")
        return str(given)

    def stored_ids(self, name: str, vocabulary_size: int) -> tuple[int, ...] | None:
        """The token ids of a field; None: it is left out."""
        ids = self.record.get(name)
        if ids is None:
            return None
        if not isinstance(ids, list) or not all(type(token) is int for token in ids):
            raise self.error(f"{name!r} must be a list of integers or null")
        if ids and not 0 <= min(ids) <= max(ids) < vocabulary_size:
            raise self.error(f"{name!r} holds a token id outside the vocabulary of {vocabulary_size}")
        return tuple(ids)

    def prompt_messages(self) -> list[Message]:
        """The prompt alone, with its tools: of a line with two sides the one that ``conversation`` reads."""
        if {"chosen", "rejected"} & set(self.record) and self.record.get("prompt") is None:
            return self.conversation()[0]
        field = self._prompt_field()
        if field is None:
            raise self.error("'prompt' is missing")
        return self._with_tools(self._with_system(self._prompt(field), field))

    def conversation(self) -> tuple[list[Message], Side, Side]:
        """The prompt and the two sides."""
        record = self.record
        for name in ("chosen", "rejected"):
            if name not in record:
                raise self.error(f"{name!r} is missing")
        chosen, rejected = record["chosen"], record["rejected"]
        field = self._prompt_field()
        if field is not None:
            messages = self._prompt(field)
            if isinstance(record[field], str) and is_transcript(record[field]):
                chosen, rejected = (unspaced(side) if isinstance(side, str) else side for side in (chosen, rejected))
        elif isinstance(chosen, str) and isinstance(rejected, str):
            messages, (chosen, rejected) = self._split_texts(chosen, rejected)
        else:
            messages, chosen, rejected = self._split_implicit_prompt(chosen, rejected)
        whole = self._with_system(messages, field)
        sides = self._side(chosen, (whole, messages), "chosen"), self._side(rejected, (whole, messages), "rejected")
        texts = [side if isinstance(side, str) else side[0]["content"] for side in sides]
        asked = [messages[-1]["content"], *([record[field]] if field and isinstance(record[field], str) else [])]
        # A model that repeats the question wrote its own text: only files of texts are checked, which others made.
        is_text = field is not None and isinstance(record[field], str) and "chosen_ids" not in record
        if is_text and any(is_repeated(one, texts) for one in asked):
            raise self.error("the prompt is repeated at the start of 'chosen' and 'rejected'")
        return self._with_tools(whole), sides[0], sides[1]

    def _prompt_field(self) -> str | None:
        """The field that holds the prompt; None: the two sides hold it, as transcripts or whole conversations."""
        field = next((name for name in PROMPT_FIELDS if self.record.get(name) is not None), None)
        sides = [self.record.get(name) for name in ("chosen", "rejected")]
        if field == "prompt" or field is None:
            return field
        if all(isinstance(side, str) for side in sides):
            return None if is_hh_pair(*map(str, sides)) else field
        return None if all(isinstance(side, list) and not _is_answer(side) for side in sides) else field

    def _prompt(self, field: str) -> list[Message]:
        """The messages of a prompt: a text, a transcript or messages. A text goes on from `history`, and is about
        `input`."""
        value = self.record[field]
        if not isinstance(value, str):
            messages = self._messages(value, field)
        else:
            if field in WITH_INPUT:
                for about in ABOUT:
                    value = with_input(value, self._about(about))
            said = prompt_turns(value) if is_transcript(value) else [("user", value)]
            earlier = self._earlier_turns(self.record[field])
            messages = [*(earlier or self._turns_beside(field, value)), *_as_messages(said)]
        if not messages:
            raise self.error(f"{field!r} is empty")
        if messages[-1]["role"] not in ("user", "tool"):
            raise self.error(f"{field!r} must end with a user or a tool, and ends with {messages[-1]['role']}")
        return messages

    def _text(self, name: str) -> str:
        value = self.record.get(name)
        if value is not None and not isinstance(value, str):
            raise self.error(f"{name!r} must be a text, got {type(value).__name__}")
        return value or ""

    def _about(self, name: str) -> str:
        """The text that the prompt is about; empty: the field holds nothing."""
        value = self.record.get(name)
        text = "" if holds_nothing(value) else text_about(value)
        if text is None:
            raise self.error(f"{name!r} must be a text or a list of texts, got {type(value).__name__}")
        return text

    def _earlier_turns(self, text: str) -> list[Message]:
        """Those of `history`, without the present one at its end."""
        value = self.record.get("history")
        if holds_nothing(value):
            return []
        if isinstance(value, list) and all(isinstance(turn, dict) for turn in value):
            said = self._messages(value, "history")
        elif (pairs := earlier_turns(value)) is not None:
            said = _as_messages(pairs)
        else:
            raise self.error("'history' must be a list of messages, or of pairs of texts")
        return said[:-1] if said[-1]["role"] == "user" and said[-1]["content"].strip() == text.strip() else said

    def _turns_beside(self, field: str, text: str) -> list[Message]:
        """The system message and the turns before a prompt, in a conversation beside its text."""
        for name in CONVERSATIONS:
            turns = self.record.get(name)
            if name == field or not are_turns(turns):
                continue
            said = self._messages(turns, name)
            before = turns_before((self.record[field], text), [(turn["role"], turn["content"]) for turn in said])
            if before is None:
                raise self.error(f"{field!r} is no message of the user in {name!r}")
            if before:
                return said[:before]
        return []

    def _with_system(self, messages: list[Message], field: str | None) -> list[Message]:
        """The messages of a prompt with the system message beside it. Refuses what the model would have to see too."""
        is_text = field is not None and isinstance(self.record[field], str)
        read = {field, *(["history"] if is_text else []), *(ABOUT if is_text and field in WITH_INPUT else [])}
        for name in (*UNKEPT, *EARLIER, *ABOUT):
            if name not in read and not holds_nothing(self.record.get(name)):
                raise self.error(f"{name!r} changes what the model sees, and cannot be used here")
        for name in SYSTEM_FIELDS:
            text = self._text(name)
            if not text.strip():
                continue
            if messages[0]["role"] not in ("system", "developer"):
                messages = [Message(role="system", content=text), *messages]
            elif messages[0]["content"].strip() != text.strip():
                raise self.error(f"{name!r} contradicts the system message of the prompt")
        return messages

    def _with_tools(self, messages: list[Message]) -> list[Message]:
        """The messages of a prompt with the tools that the record offers."""
        tools = self._tools(self.record.get("tools"))
        return [{**messages[0], "tools": tools}, *messages[1:]] if tools else messages

    def _tools(self, value: Any) -> str:
        """The tools that the prompt offers, as a text; empty: none."""
        try:
            listed = json.loads(value) if isinstance(value, str) and value else value
        except (ValueError, RecursionError) as error:
            raise self.error(f"'tools' is not JSON: {error}") from error
        if listed and (not isinstance(listed, list) or not all(isinstance(tool, dict) for tool in listed)):
            raise self.error("'tools' must be a list of tools")
        return json.dumps(listed, ensure_ascii=False) if listed else ""

    def _split_texts(self, chosen: str, rejected: str) -> tuple[list[Message], tuple[str, str]]:
        """The prompt that two texts share: of transcripts all before the last reply, else their common beginning."""
        try:
            if is_hh_pair(chosen, rejected):
                turns, sides = split_hh_pair(chosen, rejected)
                return _as_messages(turns), sides
            if name := possible_prompt(self.record, "chosen", "rejected"):
                raise self.error(
                    f"is the prompt in {name!r}, or is it the beginning that 'chosen' and 'rejected' share? Rename "
                    "that field to 'prompt', or leave it out"
                )
            question, sides = split_common_beginning(chosen, rejected)
        except Unsplit as error:
            raise self.error(_UNSPLIT[error.kind]) from error
        return _as_messages([("user", question)]), sides

    def _split_implicit_prompt(self, chosen: Any, rejected: Any) -> tuple[list[Message], Any, Any]:
        first, second = self._messages(chosen, "chosen"), self._messages(rejected, "rejected")
        shared = 0
        while shared < min(len(first), len(second)) - 1 and first[shared] == second[shared]:
            shared += 1
        if shared == 0:
            raise self.error("'prompt' is missing and the two sides have no message in common at their start")
        return list(first[:shared]), first[shared:], second[shared:]

    def _messages(self, value: Any, name: str) -> list[Message]:
        if not isinstance(value, list):
            raise self.error(f"{name!r} must be text or a list of messages, got {type(value).__name__}")
        messages: list[Message] = []
        for item in value:
            role, content = spoken(item) if isinstance(item, dict) else (None, None)
            if content is None and isinstance(item, dict) and item.get("tool_calls"):
                content = ""
            if role not in _ROLES or not isinstance(content, str):
                raise self.error(f"{name!r} must hold messages with a known role and a text")
            message = Message(role=role, content=content)
            for unkept in (*UNKEPT_IN_MESSAGE, "function_call"):
                if not holds_nothing(item.get(unkept)):
                    raise self.error(f"{name!r} holds a message with {unkept!r}, which cannot be used")
            if item.get("tool_calls"):
                message["tool_calls"] = self._calls(item["tool_calls"], role, name)
            if tools := self._tools(item.get("tools")):  # as the platform writes a conversation
                message["tools"] = tools
            for key in ("tool_call_id", "name"):
                if isinstance(item.get(key), str):
                    message[key] = item[key]
            messages.append(message)
        return messages

    def _calls(self, value: Any, role: str, name: str) -> list[ToolCall]:
        """The calls of a message; their arguments may be values or a text."""
        calls: list[ToolCall] = []
        for given in value if isinstance(value, list) else [value]:
            item: dict[str, Any] = given if isinstance(given, dict) else {}
            function = item.get("function", item)
            if role != "assistant" or not isinstance(function, dict) or not isinstance(function.get("name"), str):
                raise self.error(
                    f"{name!r} must hold calls of tools by the assistant, each with the name of its function"
                )
            arguments = function.get("arguments")
            text = arguments if isinstance(arguments, str) else json.dumps(arguments or {}, ensure_ascii=False)
            call: ToolCall = {"type": "function", "function": {"name": function["name"], "arguments": text}}
            if isinstance(item.get("id"), str):
                call["id"] = item["id"]
            calls.append(call)
        return calls

    def _side(self, value: Any, prompts: Sequence[list[Message]], name: str) -> Side:
        """The completion: a text, or its turns if it has several or calls tools. Messages may repeat the prompt's."""
        if isinstance(value, str):
            return value
        messages = self._messages(value, name)
        for prompt in prompts:
            if len(messages) > len(prompt) and messages[: len(prompt)] == prompt:
                messages = messages[len(prompt) :]
                break
        roles = [message["role"] for message in messages]
        if not roles or roles[0] != "assistant" or roles[-1] != "assistant" or {"system", "developer"} & set(roles):
            raise self.error(f"{name!r} must begin and end with an assistant message after the prompt")
        is_plain = len(messages) == 1 and "tool_calls" not in messages[0]
        return messages[0]["content"] if is_plain else messages


def _is_answer(side: list[Any]) -> bool:
    """Whether a side begins with the assistant's message, and not with the prompt."""
    return bool(side) and isinstance(side[0], dict) and side[0].get("role") == "assistant"


def _as_messages(turns: Sequence[Turn]) -> list[Message]:
    return [Message(role=role, content=said) for role, said in turns]


_UNSPLIT = {
    "no transcript": r"'chosen' is no transcript of \n\nHuman: and \n\nAssistant:",
    "no start": r"the transcript does not start with \n\nHuman:",
    "different prompts": r"'chosen' and 'rejected' differ before the last \n\nAssistant:",
    "another turn": r"a completion continues with another \n\nHuman: turn",
    "no beginning": "'prompt' is missing, and 'chosen' and 'rejected' share no beginning",
}
