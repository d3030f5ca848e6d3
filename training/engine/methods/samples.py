"""Prompts, the policy's samples of them, and the rows in which models read these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.engine.data.lines import read_records
from training.engine.data.packing import PackedRow, pack_sequences
from training.engine.data.text import TextEncoder
from training.engine.data.turns import ConversationRefused
from training.engine.errors import InputError, RecordError

Ids = tuple[int, ...]


@dataclass(frozen=True)
class Sample:
    """A completion that the policy wrote; it ends with an EOS token iff it ended by itself."""

    prompt_ids: Ids
    completion_ids: Ids

    @property
    def length(self) -> int:
        """Its tokens, the prompt's included."""
        return len(self.prompt_ids) + len(self.completion_ids)


def read_prompts(
    path: Path, encoder: TextEncoder, *, max_tokens: int, max_length: int
) -> tuple[list[Ids], Counter[str]]:
    """The distinct prompts of a JSON-lines file, in its order, and how many lines were dropped for each reason.

    A line is ``{"prompt": text or messages}`` or ``{"prompt_ids": [...]}``; files of pairs and of samples are such
    files. Dropped: prompts that leave no room for ``max_tokens``. Raises InputError, RecordError.
    """
    longest = min(max_length, encoder.longest or max_length)
    prompts: dict[Ids, None] = {}
    dropped: Counter[str] = Counter()
    for number, record in read_records(path):
        ids = _prompt(path, number, record, encoder)
        if len(ids) + max_tokens > longest:
            dropped["too long"] += 1
            continue
        dropped["repeated"] += ids in prompts
        prompts[ids] = None
    if not prompts:
        raise InputError(f"no usable prompt in {path} (dropped: {dict(+dropped)})")
    return list(prompts), +dropped


def _prompt(path: Path, number: int, record: dict[str, Any], encoder: TextEncoder) -> Ids:
    try:
        prompt = record.get("prompt")
        messages: Any = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
        ids = tuple(map(int, record.get("prompt_ids") or encoder.encode_prompt(messages)))
    except (ConversationRefused, KeyError, TypeError, ValueError) as error:
        raise RecordError(path, number, f"not a prompt: {error}") from error
    if not ids or min(ids) < 0 or max(ids) >= encoder.vocabulary_size:
        raise RecordError(path, number, "its token ids are not those of this model")
    return ids


def prompts_of_step(prompts: Sequence[Ids], step: int, *, count: int, seed: int) -> list[Ids]:
    """The prompts of a step (from 1): the next ``count`` of an endless sequence of shuffled rounds over all of them, a
    function of seed and step alone."""
    first, orders, chosen = (step - 1) * count, {}, []
    for place in range(first, first + count):
        turn, index = divmod(place, len(prompts))
        if turn not in orders:
            generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, turn])))
            orders[turn] = generator.permutation(len(prompts))
        chosen.append(prompts[int(orders[turn][index])])
    return chosen


@dataclass(frozen=True)
class SampleRow:
    """Some samples in one row: side i of the row is sample ``members[i]``."""

    members: tuple[int, ...]
    row: PackedRow


def rows_of_samples(samples: Sequence[Sample], *, tokens_per_row: int, keep_last: bool = False) -> Iterator[SampleRow]:
    """The samples in rows of at most ``tokens_per_row`` tokens, longest first, so that a row's are about as long.
    ``keep_last``: see ``pack_sequences``."""
    order = sorted(range(len(samples)), key=lambda number: -samples[number].length)
    members: list[int] = []
    tokens = 0
    for number in order:
        if members and tokens + samples[number].length > tokens_per_row:
            yield _row(samples, members, keep_last)
            members, tokens = [], 0
        members.append(number)
        tokens += samples[number].length
    if members:
        yield _row(samples, members, keep_last)


def _row(samples: Sequence[Sample], members: Sequence[int], keep_last: bool) -> SampleRow:
    sequences = [(samples[each].prompt_ids, samples[each].completion_ids) for each in members]
    return SampleRow(tuple(members), pack_sequences(sequences, keep_last=keep_last))
