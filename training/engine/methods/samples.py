"""Prompts, the policy's samples of them, and the rows in which models read these."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.engine.data.conversations import ConversationReader
from training.engine.data.lines import read_records
from training.engine.data.packing import PackedRow, pack_sequences
from training.engine.data.text import TextEncoder, prompt_ids
from training.engine.errors import InputError

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
) -> tuple[dict[Ids, str], Counter[str]]:
    """The distinct prompts of a JSON-lines file, in its order, each with its first line's id (else ``line-N``), and how
    many lines were dropped for each reason.

    A line is ``{"prompt": text or messages, "tools"}`` or ``{"prompt_ids": [...]}``; files of pairs and of samples are
    such files, and their prompts are read as ``train`` reads them. Dropped: prompts that leave no room for
    ``max_tokens``. Raises InputError, RecordError.
    """
    longest = min(max_length, encoder.longest or max_length)
    prompts: dict[Ids, str] = {}
    lines: dict[str, int] = {}
    dropped: Counter[str] = Counter()
    for number, record in read_records(path):
        reader = ConversationReader(path, number, record)
        name, ids = reader.name(), prompt_ids(reader, encoder)
        if len(ids) + max_tokens > longest:
            dropped["too long"] += 1
        elif ids in prompts:
            dropped["repeated"] += 1
        elif name in lines:
            raise reader.error(f"the id {name!r} is that of line {lines[name]} too")
        else:
            prompts[ids], lines[name] = name, number
    if not prompts:
        raise InputError(f"no usable prompt in {path} (dropped: {dict(dropped)})")
    return prompts, dropped


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
