"""Preference pairs from a data file: every line checked, every drop counted, nothing ever cut.

A line is one pair: ``{"id", "prompt", "chosen", "rejected", "prompt_ids", "chosen_ids", "rejected_ids",
"chosen_finish", "rejected_finish", "confidence", "weight"}``. Stored token ids are used as they are.
TRL's records are read too: prompt as text or messages, the sides as text or as messages, the prompt possibly implicit,
``tools`` beside them; and Anthropic's HH, where the sides are transcripts (``common.transcripts``). Of sides with
several turns only the assistant's tokens count.
``weight`` is for files from outside: the platform exports every pair with a weight of 1.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.engine.data.conversations import ConversationReader, Side
from training.engine.data.lines import in_chunks, read_records
from training.engine.data.text import TextEncoder
from training.engine.data.turns import ConversationRefused
from training.engine.errors import RecordError
from training.language_models.messages import Message
from training.language_models.token_ids import Protected

_FINISHES = (None, "stop", "length")


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
    for chunk in in_chunks(read_records(path)):
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


class _PairReader(ConversationReader):
    """Turns one parsed line into a TokenPair; raises RecordError where it is none."""

    def __init__(self, path: Path, line: int, encoder: TextEncoder, record: dict[str, Any]) -> None:
        super().__init__(path, line, record)
        self.encoder = encoder
        self.parsed: tuple[list[Message], Side, Side] | None = None
        self.prompt: Protected | None = None

    def texts(self) -> tuple[Protected, list[str]] | None:
        """The texts that need tokens, so that those of many lines are tokenized at once: the prompt's and the sides'.
        None where they have ids, and where ``read`` will refuse the line."""
        if any(self.record.get(name) is not None for name in ("prompt_ids", "chosen_ids", "rejected_ids")):
            return None
        try:
            self.parsed = self.conversation()
            self.prompt = self.encoder.prompt_text(self.parsed[0])
        except (RecordError, ConversationRefused):
            return None
        return self.prompt, [side for side in self.parsed[1:] if isinstance(side, str)]

    def read(self) -> TokenPair:
        record = self.record
        messages, *sides = self.parsed or self.conversation()
        try:
            prompt_ids = self.stored_ids("prompt_ids", self.encoder.vocabulary_size)
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
            id=self.name(),
            line=self.line,
            prompt_ids=prompt_ids,
            chosen_ids=chosen[0],
            rejected_ids=rejected[0],
            is_scored=(chosen[1], rejected[1]),
            confidence=self._number(record, "confidence", 1.0, low=0.5, high=1.0),
            weight=self._number(record, "weight", 1.0, low=0.0, high=math.inf),
        )

    def _number(self, record: dict[str, Any], name: str, default: float, *, low: float, high: float) -> float:
        value = record.get(name)
        if value is None:
            return default
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
            raise self.error(f"{name!r} must be a finite number, got {value!r}")
        if not low <= value <= high:
            raise self.error(f"{name!r} must be from {low:g} to {high:g}, got {value!r}")
        return float(value)

    def _completion(
        self, record: dict[str, Any], side: str, written: Side, prompt: Sequence[Message]
    ) -> tuple[tuple[int, ...], tuple[bool, ...] | None]:
        """The tokens of a completion, and which of them count; None: all."""
        finish = record.get(f"{side}_finish")
        if finish not in _FINISHES:
            raise self.error(f'\'{side}_finish\' must be "stop", "length" or null, got {finish!r}')
        ids = self.stored_ids(f"{side}_ids", self.encoder.vocabulary_size)
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
