"""Battles of several turns in a table: each cell lists the texts of all turns, as JSON or in Python's notation."""

import json
from collections.abc import Sequence
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange.decoding import require_storable
from labeling.exchange.parsing import BadRecordError
from labeling.exchange.python_notation import as_json
from labeling.exchange.records import JsonObject


def with_turns(record: JsonObject, prompt: str, names: Sequence[str]) -> JsonObject:
    """The record with its prompt and its completions as conversations, if all of these cells list texts.

    prompt, names: the columns. The prompt is the first question; the later ones stand between the answers. Raises
    BadRecordError if a list has other elements, or other turns than the prompt.
    """
    listed = {name: _list_in(record.get(name)) for name in (prompt, *names)}
    if any(one is None for one in listed.values()):
        return record
    questions = _texts(listed[prompt], prompt)
    first = {"role": "user", "content": questions[0]}
    return {
        **record,
        prompt: [first],
        **{name: answered(questions, _texts(listed[name], name), name) for name in names},
    }


def answered(questions: Sequence[str], answers: Sequence[str], name: str) -> list[JsonObject]:
    """The answers to all turns as one completion: messages, with the later questions between them."""
    if len(questions) != len(answers):
        reason = gettext_noop("The field %(name)s has %(number)s turns, and the prompt has %(most)s.")
        raise BadRecordError("several_turns", reason, name, name=repr(name), number=len(answers), most=len(questions))
    turns = [{"role": "assistant", "content": answers[0]}]
    for question, answer in zip(questions[1:], answers[1:], strict=True):
        turns += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
    return turns


def turns_in(text: str, name: str) -> list[str]:
    """The turns of a cell that lists texts; any other text is one turn."""
    listed = _list_in(text)
    return [text] if listed is None else _texts(listed, name)


def _list_in(value: Any) -> list[Any] | None:
    """The list that a cell holds. None: it holds something else, such as messages."""
    if isinstance(value, str):
        text = value.strip()
        if not (text.startswith("[") and text.endswith("]")):
            return None
        value = _parsed(text)
    is_of_texts = isinstance(value, list) and any(isinstance(one, str) for one in value)
    return value if is_of_texts else None


def _parsed(text: str) -> Any:
    """A list in JSON, else in Python's notation, which has either quotation mark. None: it is no list."""
    for notation in (str, as_json):
        try:
            return json.loads(notation(text) or "")
        except (ValueError, RecursionError):
            continue
    return None


def _texts(listed: Any, name: str) -> list[str]:
    if not all(isinstance(turn, str) for turn in listed):
        reason = gettext_noop("The field %(name)s must be a list of texts.")
        raise BadRecordError("wrong_type", reason, name, name=repr(name))
    for turn in listed:
        require_storable(turn)
    return list(listed)
