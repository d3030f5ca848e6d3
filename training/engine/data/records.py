"""Preference pairs from a data file: every line checked, every drop counted, nothing ever cut.

A line is one pair: ``{"id", "prompt", "chosen", "rejected", "prompt_ids", "chosen_ids", "rejected_ids",
"chosen_finish", "rejected_finish", "confidence", "weight"}``. Stored token ids are used as they are.
TRL's records are read too: prompt as text or messages, the sides as text or as messages, the prompt possibly implicit,
``tools`` beside them. Of sides with several turns only the assistant's tokens count.
``weight`` is for files from outside: the platform exports every pair with a weight of 1.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.engine.data.text import TextEncoder
from training.engine.data.turns import ConversationRefused
from training.engine.errors import InputError, RecordError
from training.language_models.messages import Message, ToolCall
from training.language_models.token_ids import Protected

_ROLES = frozenset({"system", "user", "assistant", "tool", "developer"})
_FINISHES = (None, "stop", "length")
_AT_ONCE = 512  # lines whose texts are tokenized together

Side = str | list[Message]
"""A completion: a text, or several turns."""


@dataclass(frozen=True, slots=True)
class TokenPair:
    """One preference pair as token ids. A completion ends with an EOS token iff it ended by itself.

    ``is_scored``: for each token of chosen and of rejected whether the assistant wrote it; None: all of them.
    ``weight`` scales the pair's loss (w is w copies). Only files from outside set it; the platform's pairs have 1.
    """

    id: str
    line: int
    prompt_ids: tuple[int, ...]
    chosen_ids: tuple[int, ...]
    rejected_ids: tuple[int, ...]
    confidence: float = 1.0
    weight: float = 1.0
    is_scored: tuple[tuple[bool, ...] | None, tuple[bool, ...] | None] = (None, None)

    @property
    def scored_ids(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The tokens of each side whose log-probabilities count: those that the assistant wrote."""
        sides = zip((self.chosen_ids, self.rejected_ids), self.is_scored, strict=True)
        chosen, rejected = (
            ids if mask is None else tuple(token for token, counts in zip(ids, mask, strict=True) if counts)
            for ids, mask in sides
        )
        return chosen, rejected

    @property
    def length(self) -> int:
        """Tokens of the prompt and the longer completion, which have to fit the model."""
        return len(self.prompt_ids) + max(len(self.chosen_ids), len(self.rejected_ids))


@dataclass
class PairSet:
    """The usable pairs of a file in its order, and how many were dropped for each reason."""

    pairs: list[TokenPair] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


def read_token_pairs(
    path: Path, encoder: TextEncoder, *, max_length: int, report: Callable[[int], None] = lambda count: None
) -> PairSet:
    """Read a JSON-lines file of pairs.

    Dropped and counted by reason: ``too long`` (for ``max_length`` or for the model's positions), ``empty completion``,
    ``identical completions``, ``zero weight``. ``report``: called now and then with the number of lines read; it may
    raise to stop.
    Raises RecordError, naming the line, for anything that is not a pair; InputError if the file cannot be read.
    """
    result = PairSet()
    max_length = min(max_length, encoder.longest or max_length)
    lines: dict[str, int] = {}
    read = 0
    for chunk in _in_chunks(read_records(path)):
        readers = [_PairReader(path, number, encoder, record) for number, record in chunk]
        texts = [texts for reader in readers if (texts := reader.texts()) is not None]
        encoder.prepare([prompt for prompt, _ in texts], [side for _, sides in texts for side in sides])
        for reader in readers:
            pair = reader.read()
            if lines.setdefault(pair.id, pair.line) != pair.line:
                raise reader.error(f"the id {pair.id!r} is that of line {lines[pair.id]} too")
            reason = _reason_to_drop(pair, encoder, max_length)
            if reason is None:
                result.pairs.append(pair)
            else:
                result.dropped[reason] += 1
        read += len(chunk)
        report(read)
    return result


def _in_chunks(records: Iterator[tuple[int, dict[str, Any]]]) -> Iterator[list[tuple[int, dict[str, Any]]]]:
    """Some records at a time. Those before a line that cannot be read come first: they may be refused themselves."""
    chunk: list[tuple[int, dict[str, Any]]] = []
    try:
        for record in records:
            chunk.append(record)
            if len(chunk) == _AT_ONCE:
                yield chunk
                chunk = []
    except RecordError as error:
        yield chunk
        raise error from error.__cause__
    yield chunk


def read_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The JSON objects of a file of JSON lines, with their line numbers. Raises InputError, RecordError."""
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InputError(f"cannot read the data file {path}: {error.strerror}") from error
    with stream:
        for number, raw in enumerate(stream, start=1):
            if not raw.strip():
                continue
            try:
                record = _parse(raw.decode("utf-8-sig" if number == 1 else "utf-8"))
            except UnicodeDecodeError as error:
                raise RecordError(path, number, f"not UTF-8 (byte {error.start})") from error
            except UnicodeEncodeError as error:
                half = ascii(error.object[error.start])[1:-1]
                raise RecordError(path, number, f"a text holds half of a character ({half})") from error
            except _DuplicateKey as error:
                raise RecordError(path, number, f"the key {str(error)!r} stands twice in one object") from error
            except (ValueError, RecursionError) as error:
                raise RecordError(path, number, f"not JSON: {error}") from error
            if not isinstance(record, dict):
                raise RecordError(path, number, f"expected a JSON object, got {type(record).__name__}")
            yield number, record


class _DuplicateKey(Exception):
    """A JSON object with the same key twice: which value is meant, nobody knows."""


def _parse(line: str) -> Any:
    """The value of a line. Raises _DuplicateKey, and UnicodeEncodeError for half of a surrogate pair."""
    value = _DECODER.decode(line)
    if "\\u" in line:  # only an escape can hold one
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateKey(next(name for name in names if names.count(name) > 1))
    return values


_DECODER = json.JSONDecoder(object_pairs_hook=_without_duplicates)


def _reason_to_drop(pair: TokenPair, encoder: TextEncoder, max_length: int) -> str | None:
    if pair.chosen_ids == pair.rejected_ids:
        return "identical completions"
    if any(not completion or completion[0] in encoder.eos_ids for completion in (pair.chosen_ids, pair.rejected_ids)):
        return "empty completion"
    if pair.length > max_length:
        return "too long"
    if pair.weight == 0.0:
        return "zero weight"
    return None


class _PairReader:
    """Turns one parsed line into a TokenPair; raises RecordError where it is none."""

    def __init__(self, path: Path, line: int, encoder: TextEncoder, record: dict[str, Any]) -> None:
        self.path = path
        self.line = line
        self.encoder = encoder
        self.record = record
        self.parsed: tuple[list[Message], Side, Side] | None = None
        self.prompt: Protected | None = None

    def error(self, reason: str) -> RecordError:
        return RecordError(self.path, self.line, reason)

    def texts(self) -> tuple[Protected, list[str]] | None:
        """The texts that need tokens, so that those of many lines are tokenized at once: the prompt's and the sides'.
        None where they have ids, and where ``read`` will refuse the line."""
        if any(self.record.get(name) is not None for name in ("prompt_ids", "chosen_ids", "rejected_ids")):
            return None
        try:
            self.parsed = self._conversation()
            self.prompt = self.encoder.prompt_text(self.parsed[0])
        except (RecordError, ConversationRefused):
            return None
        return self.prompt, [side for side in self.parsed[1:] if isinstance(side, str)]

    def read(self) -> TokenPair:
        record = self.record
        messages, *sides = self.parsed or self._conversation()
        try:
            prompt_ids = self._stored_ids(record, "prompt_ids")
            if prompt_ids is None:
                prompt_ids = self.encoder.ids_of_prompt(self.prompt or self.encoder.prompt_text(messages))
            chosen, rejected = (
                self._completion(record, name, side, messages)
                for name, side in zip(("chosen", "rejected"), sides, strict=True)
            )
        except ConversationRefused as refusal:
            raise self.error(str(refusal)) from refusal
        if not prompt_ids:
            raise self.error("the prompt has no tokens, so nothing could predict the first token of a completion")
        return TokenPair(
            id=self._id(record),
            line=self.line,
            prompt_ids=prompt_ids,
            chosen_ids=chosen[0],
            rejected_ids=rejected[0],
            is_scored=(chosen[1], rejected[1]),
            confidence=self._number(record, "confidence", 1.0, low=0.5, high=1.0),
            weight=self._number(record, "weight", 1.0, low=0.0, high=math.inf),
        )

    def _id(self, record: dict[str, Any]) -> str:
        given = record.get("id")
        if given is None:
            return f"line-{self.line}"
        if not isinstance(given, (str, int)) or isinstance(given, bool):
            raise self.error("'id' must be a string or an integer")
        return str(given)

    def _number(self, record: dict[str, Any], name: str, default: float, *, low: float, high: float) -> float:
        value = record.get(name)
        if value is None:
            return default
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
            raise self.error(f"{name!r} must be a finite number, got {value!r}")
        if not low <= value <= high:
            raise self.error(f"{name!r} must be from {low:g} to {high:g}, got {value!r}")
        return float(value)

    def _conversation(self) -> tuple[list[Message], Side, Side]:
        record = self.record
        for name in ("chosen", "rejected"):
            if name not in record:
                raise self.error(f"{name!r} is missing")
        chosen, rejected = record["chosen"], record["rejected"]
        prompt = record.get("prompt")
        if prompt is None:
            prompt, chosen, rejected = self._split_implicit_prompt(chosen, rejected)
        if isinstance(prompt, str):
            prompt = [Message(role="user", content=prompt)]
        messages = self._messages(prompt, "prompt")
        if not messages:
            raise self.error("'prompt' is empty")
        sides = self._side(chosen, messages, "chosen"), self._side(rejected, messages, "rejected")
        if tools := self._tools(record.get("tools")):
            messages[0] = {**messages[0], "tools": tools}
        return messages, sides[0], sides[1]

    def _tools(self, value: Any) -> str:
        """The tools that the prompt offers, as a text; empty: none."""
        try:
            listed = json.loads(value) if isinstance(value, str) and value else value
        except (ValueError, RecursionError) as error:
            raise self.error(f"'tools' is not JSON: {error}") from error
        if listed and (not isinstance(listed, list) or not all(isinstance(tool, dict) for tool in listed)):
            raise self.error("'tools' must be a list of tools")
        return json.dumps(listed, ensure_ascii=False) if listed else ""

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
            role = item.get("role") if isinstance(item, dict) else None
            content = item.get("content") if isinstance(item, dict) else None
            if content is None and isinstance(item, dict) and item.get("tool_calls"):
                content = ""
            if role not in _ROLES or not isinstance(content, str):
                raise self.error(f"{name!r} must hold messages with a known role and a text")
            message = Message(role=role, content=content)
            if item.get("tool_calls"):
                message["tool_calls"] = self._calls(item["tool_calls"], role, name)
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

    def _side(self, value: Any, prompt: list[Message], name: str) -> Side:
        """The completion: a text, or its turns if it has several or calls tools. Messages may repeat the prompt's."""
        if isinstance(value, str):
            return value
        messages = self._messages(value, name)
        if len(messages) > len(prompt) and messages[: len(prompt)] == prompt:
            messages = messages[len(prompt) :]
        roles = [message["role"] for message in messages]
        if not roles or roles[0] != "assistant" or roles[-1] != "assistant" or {"system", "developer"} & set(roles):
            raise self.error(f"{name!r} must begin and end with an assistant message after the prompt")
        is_plain = len(messages) == 1 and "tool_calls" not in messages[0]
        return messages[0]["content"] if is_plain else messages

    def _stored_ids(self, record: dict[str, Any], name: str) -> tuple[int, ...] | None:
        ids = record.get(name)
        if ids is None:
            return None
        if not isinstance(ids, list) or not all(type(token) is int for token in ids):
            raise self.error(f"{name!r} must be a list of integers or null")
        if ids and not 0 <= min(ids) <= max(ids) < self.encoder.vocabulary_size:
            raise self.error(f"{name!r} holds a token id outside the vocabulary of {self.encoder.vocabulary_size}")
        return tuple(ids)

    def _completion(
        self, record: dict[str, Any], side: str, written: Side, prompt: Sequence[Message]
    ) -> tuple[tuple[int, ...], tuple[bool, ...] | None]:
        """The tokens of a completion, and which of them count; None: all."""
        finish = record.get(f"{side}_finish")
        if finish not in _FINISHES:
            raise self.error(f'\'{side}_finish\' must be "stop", "length" or null, got {finish!r}')
        ids = self._stored_ids(record, f"{side}_ids")
        if ids is None:
            if isinstance(written, str):
                return self.encoder.encode_completion(written, ended=finish != "length"), None
            return self.encoder.encode_turns(prompt, written, ended=finish != "length")
        if not isinstance(written, str):
            raise self.error(f"'{side}_ids' cannot be those of a completion with turns or calls: leave them out")
        ends = [place for place, token in enumerate(ids) if token in self.encoder.eos_ids]
        if any(place != len(ids) - 1 for place in ends):
            raise self.error(f"'{side}_ids' continues after an end-of-sequence token")
        if finish is not None and ids and (finish == "stop") != bool(ends):
            raise self.error(
                f"'{side}_finish' is {finish!r} but '{side}_ids' "
                f"{'ends with' if ends else 'does not end with'} an end-of-sequence token"
            )
        return ids, None
