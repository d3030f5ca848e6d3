"""Pairs packed into flat rows: no padding, and the common prefix of a pair only once.

One pair takes ``[prefix | rest of chosen | rest of rejected]``: the prefix is the longest common beginning of
prompt + chosen and prompt + rejected, even where it reaches into the completions. Positions restart at the prefix's
length for the rest of rejected. The last token of each completion is no input, because nothing is predicted from it
(``keep_last`` keeps it, for a reward that is read there).

Labels are triples (place in the row, token id, side): the place predicts the token, whose log-probability belongs to
that side. The last prefix place serves both sides; there is no shift, no mask, and EOS is a token like any other.
Tokens of a completion that the assistant did not write (``TokenPair.is_scored``) have no label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import torch
from torch import Tensor

from training.engine.data.records import TokenPair

_FEW_ROUNDS = 4  # of rows; with more it does not matter if the last round leaves a lane idle


@dataclass(frozen=True)
class Segment:
    """A run of queries in a row. They attend to ``[prefix_start, prefix_stop)`` and causally to themselves. For the
    prefix itself that range is empty."""

    start: int
    stop: int
    prefix_start: int
    prefix_stop: int


@dataclass(frozen=True)
class PackedRow:
    """Some pairs as one flat row of T tokens with N scored tokens.

    ``sides`` numbers the completions: pair i of the row has chosen = 2 i, rejected = 2 i + 1.
    """

    input_ids: Tensor  # (T,) int64
    position_ids: Tensor  # (T,) int64
    segments: tuple[Segment, ...]
    places: Tensor  # (N,) int64, place in the row that predicts the token
    targets: Tensor  # (N,) int64, token id
    sides: Tensor  # (N,) int64
    ends: Tensor  # (2 * pairs,) int64, place of each completion's last input
    pairs: tuple[int, ...]  # indices into the list of pairs that was packed
    layout: Any = None  # what a model's forward made of the row beforehand (``Forward.prepare``)

    @property
    def tokens(self) -> int:
        """T: tokens that go through the model."""
        return len(self.input_ids)

    def to(self, device: torch.device) -> PackedRow:
        """The same row with its tensors on ``device``."""
        columns = (self.input_ids, self.position_ids, self.places, self.targets, self.sides, self.ends)
        input_ids, position_ids, places, targets, sides, ends = (copied(each, device) for each in columns)
        return PackedRow(input_ids, position_ids, self.segments, places, targets, sides, ends, self.pairs, self.layout)


def copied(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor on ``device``. A copy to CUDA goes through pinned memory: from other memory it waits for the device."""
    pins = device.type == "cuda" and tensor.device.type == "cpu"
    return (tensor.pin_memory() if pins else tensor).to(device, non_blocking=True)


def common_prefix_length(first: Sequence[int], second: Sequence[int]) -> int:
    """How many leading items two sequences share."""
    limit = min(len(first), len(second))
    for place in range(limit):
        if first[place] != second[place]:
            return place
    return limit


def pair_tokens(pair: TokenPair, *, share: bool, keep_last: bool = False) -> int:
    """Tokens that one pair puts through the model."""
    chosen, rejected = _inputs(pair, keep_last=keep_last)
    return len(chosen) + len(rejected) - (common_prefix_length(chosen, rejected) if share else 0)


def _inputs(pair: TokenPair, *, keep_last: bool) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The tokens of both sides that go through the model."""
    stop = None if keep_last else -1
    return pair.prompt_ids + pair.chosen_ids[:stop], pair.prompt_ids + pair.rejected_ids[:stop]


class _RowBuilder:
    """Collects the tensors of one row, pair by pair."""

    def __init__(self, *, share: bool, keep_last: bool) -> None:
        self.share, self.keep_last = share, keep_last
        self.input_ids: list[int] = []
        self.position_ids: list[int] = []
        self.segments: list[Segment] = []
        self.places: list[int] = []
        self.targets: list[int] = []
        self.sides: list[int] = []
        self.ends: list[int] = []
        self.pairs: list[int] = []

    def add(self, index: int, pair: TokenPair) -> None:
        sequences = _inputs(pair, keep_last=self.keep_last)
        prefix_length = common_prefix_length(*sequences) if self.share else 0
        prefix_start = len(self.input_ids)
        self.append_inputs(sequences[0], 0, prefix_length, prefix_start, prefix_start)
        prefix_stop = len(self.input_ids)
        for number, completion in enumerate((pair.chosen_ids, pair.rejected_ids)):
            sequence, rest_start = sequences[number], len(self.input_ids)
            self.append_inputs(sequence, prefix_length, len(sequence), prefix_start, prefix_stop)
            starts = (prefix_length, prefix_start, rest_start)
            counts = pair.is_scored[number]
            for offset, token in enumerate(completion):
                if counts is not None and not counts[offset]:
                    continue  # read, but not written by the assistant
                self.places.append(_place(len(pair.prompt_ids) - 1 + offset, *starts))
                self.targets.append(token)
                self.sides.append(2 * len(self.pairs) + number)
            self.ends.append(_place(len(sequence) - 1, *starts))
        self.pairs.append(index)

    def append_inputs(
        self, sequence: tuple[int, ...], first: int, last: int, prefix_start: int, prefix_stop: int
    ) -> None:
        if first == last:
            return
        start = len(self.input_ids)
        self.input_ids.extend(sequence[first:last])
        self.position_ids.extend(range(first, last))
        self.segments.append(Segment(start, len(self.input_ids), prefix_start, prefix_stop))

    def build(self) -> PackedRow:
        columns = (self.input_ids, self.position_ids, self.places, self.targets, self.sides, self.ends)
        input_ids, position_ids, places, targets, sides, ends = (
            torch.tensor(one, dtype=torch.int64) for one in columns
        )
        segments, pairs = tuple(self.segments), tuple(self.pairs)
        return PackedRow(input_ids, position_ids, segments, places, targets, sides, ends, pairs)


def _place(position: int, prefix_length: int, prefix_start: int, rest_start: int) -> int:
    """The place in the row of one position of a side's sequence."""
    return prefix_start + position if position < prefix_length else rest_start + position - prefix_length


def pack_row(pairs: Sequence[TokenPair], indices: Sequence[int], *, share: bool, keep_last: bool = False) -> PackedRow:
    """Lay the pairs of ``indices`` out in one row, in that order."""
    builder = _RowBuilder(share=share, keep_last=keep_last)
    for index in indices:
        builder.add(index, pairs[index])
    return builder.build()


@dataclass(frozen=True)
class PackedRows(Sequence[PackedRow]):
    """Rows that are laid out when they are asked for: all rows of 100,000 pairs at a time would take a gigabyte."""

    pairs: Sequence[TokenPair]
    groups: Sequence[Sequence[int]]  # of each row the pairs in it
    share: bool
    keep_last: bool

    def __len__(self) -> int:
        """How many rows."""
        return len(self.groups)

    @overload
    def __getitem__(self, place: int) -> PackedRow: ...

    @overload
    def __getitem__(self, place: slice) -> PackedRows: ...

    def __getitem__(self, place: int | slice) -> PackedRow | PackedRows:
        """A row, or some of the rows."""
        if isinstance(place, slice):
            return PackedRows(self.pairs, self.groups[place], self.share, self.keep_last)
        return pack_row(self.pairs, self.groups[place], share=self.share, keep_last=self.keep_last)


def pack_rows(
    pairs: Sequence[TokenPair],
    indices: Sequence[int],
    *,
    tokens_per_row: int,
    share: bool,
    keep_last: bool = False,
    at_once: int = 1,
) -> PackedRows:
    """Lay the pairs of ``indices`` out in as few rows of at most ``tokens_per_row`` tokens as first-fit-decreasing
    finds. A pair that is longer has a row of its own. Deterministic; inside a row the given order is kept.

    ``at_once``: how many rows are computed at a time. A few rows become a multiple of it, about equally long.
    """
    sizes = {index: pair_tokens(pairs[index], share=share, keep_last=keep_last) for index in indices}
    order = {index: place for place, index in enumerate(indices)}
    groups = _first_fit(sizes, tokens_per_row)
    rounds = -(-len(groups) // at_once)
    if at_once > 1 and rounds <= _FEW_ROUNDS:
        even = _evenly(sizes, min(rounds * at_once, len(sizes)))
        if all(len(group) == 1 or sum(map(sizes.__getitem__, group)) <= tokens_per_row for group in even):
            groups = even
    ordered = [sorted(members, key=order.__getitem__) for members in groups]
    return PackedRows(pairs, ordered, share, keep_last)


def _largest_first(sizes: Mapping[int, int]) -> list[int]:
    return sorted(sizes, key=lambda index: -sizes[index])  # stable: in the given order where sizes are the same


def _first_fit(sizes: Mapping[int, int], limit: int) -> list[list[int]]:
    """Groups whose sizes add up to at most ``limit``; an item larger than that is alone."""
    groups: list[list[int]] = []
    rooms = _Rooms(len(sizes))
    for index in _largest_first(sizes):
        place = rooms.first_with(sizes[index])
        if place is None:
            groups.append([index])
            rooms.set(len(groups) - 1, limit - sizes[index])
        else:
            groups[place].append(index)
            rooms.set(place, rooms.of(place) - sizes[index])
    return groups


class _Rooms:
    """How much each group has room for. A binary tree over the groups whose nodes hold the largest room below them:
    the first group that an item fits into is found in log n steps, where looking at each group in turn takes n."""

    def __init__(self, count: int) -> None:
        self.leaves = 1 << max(0, count - 1).bit_length()
        self.largest = [-1] * (2 * self.leaves)  # -1: no group yet

    def of(self, place: int) -> int:
        return self.largest[self.leaves + place]

    def set(self, place: int, room: int) -> None:
        node = self.leaves + place
        self.largest[node] = room
        while node > 1:
            node //= 2
            self.largest[node] = max(self.largest[2 * node], self.largest[2 * node + 1])

    def first_with(self, size: int) -> int | None:
        if self.largest[1] < size:
            return None
        node = 1
        while node < self.leaves:
            node = 2 * node if self.largest[2 * node] >= size else 2 * node + 1
        return node - self.leaves


def _evenly(sizes: Mapping[int, int], count: int) -> list[list[int]]:
    """``count`` groups of about the same size. Items go into the smallest group, largest item first (Graham's LPT,
    1969). Then single items are moved or exchanged between the largest and the smallest group while that narrows the
    gap between them: an exchange that takes x more out of the large one leaves ``|gap - 2 x|``."""
    groups: list[list[int]] = [[] for _ in range(count)]

    def size(group: list[int]) -> int:
        return sum(sizes[index] for index in group)

    for index in _largest_first(sizes):
        min(groups, key=size).append(index)
    while groups:
        small, large = min(groups, key=size), max(groups, key=size)
        gap = size(large) - size(small)
        exchanges = [([out], into) for out in large for into in ([], *([each] for each in small))]
        out, into = min(exchanges, key=lambda exchange: abs(gap - 2 * (size(exchange[0]) - size(exchange[1]))))
        if abs(gap - 2 * (size(out) - size(into))) >= gap:
            break
        large[:] = [index for index in large if index not in out] + into
        small[:] = [index for index in small if index not in into] + out
    return groups


def pack_sequences(
    sequences: Sequence[tuple[tuple[int, ...], tuple[int, ...]]], *, keep_last: bool = False
) -> PackedRow:
    """A row of prompts with one completion each, nothing shared. Side i is sequence i, and there are no pairs."""
    builder = _RowBuilder(share=False, keep_last=keep_last)
    for number, (prompt, completion) in enumerate(sequences):
        start = len(builder.input_ids)
        sequence = prompt + (completion if keep_last else completion[:-1])
        builder.append_inputs(sequence, 0, len(sequence), start, start)
        first = start + len(prompt) - 1
        builder.places.extend(range(first, first + len(completion)))
        builder.targets.extend(completion)
        builder.sides.extend([number] * len(completion))
        builder.ends.append(start + len(sequence) - 1)
    return builder.build()
