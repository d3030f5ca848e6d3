"""Attention over a packed row: every segment sees its pair's prefix and, causally, itself; nothing else.

Registered with transformers under ``NAME``; ``model(..., attention_plan=plan)`` hands the row's plan through to every
layer. Queries and keys arrive after the rotary embedding. The name has no entry among the mask functions on purpose:
transformers then builds no mask, and cannot mistake restarting positions for borders between sequences.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from training.engine.data.packing import PackedRow, Segment
from training.engine.model.varlen import VarlenPlan, plan_varlen, varlen_attention

NAME = "packed_preference_pairs"
PADDED_NAME = "padded_samples"
IN_VAIN = 136**2  # scores that a mask may hide before one product more, without them, is faster


@dataclass(frozen=True)
class Tile:
    """Queries that are done together: those in ``[start, stop)``, which see ``[prefix_start, prefix_stop)`` (may be
    empty) and the tile itself, through an additive mask (1, repeats * q, visible)."""

    start: int
    stop: int
    prefix_start: int
    prefix_stop: int
    mask: Tensor


@dataclass(frozen=True)
class AttentionPlan:
    """The tiles of a row: made once, used by every layer.

    ``repeats`` is the number of query heads that share a key head; their queries are stacked, so that one batched
    product serves them all. With ``varlen`` one CUDA kernel does all segments, and there are no tiles.
    """

    tiles: tuple[Tile, ...]
    varlen: VarlenPlan | None = None


def plan_attention(
    row: PackedRow, *, repeats: int, dtype: torch.dtype, device: torch.device, varlen: bool = False
) -> AttentionPlan:
    """Build the tiles of a row and their masks: 0 where a query may look, -inf where it may not."""
    if varlen:
        return AttentionPlan((), plan_varlen(row.segments, device=device))
    return AttentionPlan(tuple(_tile(part, repeats, dtype, device) for part in done_together(row.segments)))


def done_together(segments: Sequence[Segment]) -> list[list[Segment]]:
    """The segments of a row by tile: those of a pair in one where that computes little in vain, else each in its own,
    and a long beginning in several. A product over a few hundred tokens costs no more than starting it."""
    parts = []
    for _, group in itertools.groupby(segments, key=lambda segment: segment.prefix_start):
        pair = list(group)
        alone = [[block] for segment in pair for block in _blocks(segment)]
        in_vain = scores_of(pair) - sum(map(scores_of, alone))
        parts += [pair] if in_vain <= IN_VAIN * (len(alone) - 1) else alone
    return parts


def _blocks(segment: Segment) -> list[Segment]:
    """A segment that begins a sequence, in blocks of queries, each with all before it as its prefix: together they
    leave out most of what lies after a query. Another stays whole: its prefix need not lie right before it."""
    length, count = segment.stop - segment.start, 1
    if segment.prefix_stop > segment.prefix_start:
        return [segment]
    while count < length and length**2 > 2 * count * (count + 1) * IN_VAIN:  # what one block more would save
        count += 1
    borders = [segment.start + length * number // count for number in range(count + 1)]
    return [Segment(start, stop, segment.start, start) for start, stop in itertools.pairwise(borders)]


def scores_of(segments: Sequence[Segment]) -> int:
    """How many query-key products a tile of these segments computes for each head."""
    start, stop = segments[0].start, segments[-1].stop
    before = 0 if segments[0].prefix_start == start else segments[0].prefix_stop - segments[0].prefix_start
    return (stop - start) * (before + stop - start)


def _tile(segments: Sequence[Segment], repeats: int, dtype: torch.dtype, device: torch.device) -> Tile:
    """Some segments of one pair, one after the other in the row."""
    start, stop = segments[0].start, segments[-1].stop
    prefix = (segments[0].prefix_start, segments[0].prefix_stop)
    if prefix[0] == start:
        prefix = (start, start)  # lies in the tile itself
    before = prefix[1] - prefix[0]
    mask = torch.full((stop - start, before + stop - start), float("-inf"), dtype=dtype)
    for each in segments:
        queries, shift = slice(each.start - start, each.stop - start), before - start
        mask[queries, each.prefix_start - prefix[0] : each.prefix_stop - prefix[0]] = 0
        own = slice(each.start + shift, each.stop + shift)
        mask[queries, own].masked_fill_(torch.ones_like(mask[queries, own], dtype=torch.bool).tril(), 0)
    return Tile(start, stop, *prefix, mask.to(device).repeat(repeats, 1).unsqueeze(0))


def packed_attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float,
    attention_plan: AttentionPlan,
    **_: Any,
) -> tuple[Tensor, None]:
    """Shapes: query (1, H, T, D), key and value (1, G, T, D) with G dividing H; returns (1, T, H, D)."""
    # The rotary embedding widens to fp32; products are taken in the compute dtype, which the values still have.
    query, key = query.to(value.dtype), key.to(value.dtype)
    if attention_plan.varlen is not None:
        return varlen_attention(query[0], key[0], value[0], attention_plan.varlen, scaling).unsqueeze(0), None
    output: Tensor = _PackedAttention.apply(  # type: ignore[no-untyped-call]
        query[0], key[0], value[0], attention_plan, scaling
    )
    return output.unsqueeze(0), None


class _PackedAttention(torch.autograd.Function):
    """softmax(scale Q K^T + mask) V, tile by tile, in plain batched products.

    Written with its own backward because slicing under autograd would allocate and add a full row for every tile.
    At the lengths of completions this is faster on a CPU than scaled_dot_product_attention.
    """

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, plan: AttentionPlan, scale: float) -> Tensor:
        heads, total, size = query.shape
        output = query.new_empty(total, heads, size)
        kept = []
        for tile in plan.tiles:
            queries = _stack(query, tile, key.shape[0])
            scores = torch.baddbmm(tile.mask, queries, _visible(key, tile).transpose(1, 2), alpha=scale)
            weights = torch.softmax(scores, dim=-1)
            mixed = torch.bmm(weights, _visible(value, tile))
            output[tile.start : tile.stop] = mixed.view(heads, -1, size).transpose(0, 1)
            kept.append(weights)
        ctx.save_for_backward(query, key, value, *kept)
        ctx.plan, ctx.scale = plan, scale
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        query, key, value, *kept = ctx.saved_tensors
        heads, total, size = query.shape
        groups = key.shape[0]
        by_output = gradients[0].transpose(0, 1)
        by_query = query.new_empty(total, heads, size)
        by_key, by_value = (key.new_zeros(groups, total, size) for _ in range(2))
        for tile, weights in zip(ctx.plan.tiles, kept, strict=True):
            queries, outer = _stack(query, tile, groups), _stack(by_output, tile, groups)
            by_weights = torch.bmm(outer, _visible(value, tile).transpose(1, 2))
            by_scores = torch._softmax_backward_data(by_weights, weights, -1, weights.dtype)
            _spread(by_value, tile, torch.bmm(weights.transpose(1, 2), outer))
            _spread(by_key, tile, _scaled_product(by_scores.transpose(1, 2), queries, ctx.scale))
            mixed = _scaled_product(by_scores, _visible(key, tile), ctx.scale)
            by_query[tile.start : tile.stop] = mixed.view(heads, -1, size).transpose(0, 1)
        return by_query.transpose(0, 1), by_key, by_value, None, None


def _scaled_product(left: Tensor, right: Tensor, scale: float) -> Tensor:
    """``scale`` times a batched product, without going through anything a second time for it."""
    return torch.baddbmm(left.new_empty(1, 1, 1), left, right, beta=0, alpha=scale)


def _prefix_length(part: Segment | Tile) -> int:
    return part.prefix_stop - part.prefix_start


def _stack(states: Tensor, tile: Tile, groups: int) -> Tensor:
    """A tile's (H, q, D) as (G, H / G * q, D): the heads of a group one after the other."""
    return states[:, tile.start : tile.stop].reshape(groups, -1, states.shape[2])


def _visible(states: Tensor, tile: Tile) -> Tensor:
    """The keys or values that a tile sees: (G, prefix + q, D)."""
    own = states[:, tile.start : tile.stop]
    if _prefix_length(tile) == 0:
        return own
    return torch.cat((states[:, tile.prefix_start : tile.prefix_stop], own), dim=1)


def _spread(total: Tensor, tile: Tile, visible: Tensor) -> None:
    """Add a gradient by ``_visible`` states to the row's (G, T, D)."""
    prefix = _prefix_length(tile)
    if prefix:
        total[:, tile.prefix_start : tile.prefix_stop] += visible[:, :prefix]
    total[:, tile.start : tile.stop] += visible[:, prefix:]


def padded_attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float,
    visible: Tensor,
    **_: Any,
) -> tuple[Tensor, None]:
    """For sampling with a cache. Shapes: query (B, H, q, D), key and value (B, G, k, D), visible (B, 1, q, k) bool;
    returns (B, q, H, D)."""
    query, key = query.to(value.dtype), key.to(value.dtype)
    output = torch.nn.functional.scaled_dot_product_attention(
        query, key, value, attn_mask=visible, scale=scaling, enable_gqa=True
    )
    return output.transpose(1, 2), None


def register() -> None:
    """Make both functions known to transformers; harmless when repeated."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, packed_attention)
    AttentionInterface.register(PADDED_NAME, padded_attention)
