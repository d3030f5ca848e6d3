"""Attention over a packed row: every segment sees its pair's prefix and, causally, itself; nothing else.

Registered with transformers under ``NAME``; ``model(..., attention_plan=plan)`` hands the row's plan through to every
layer. Queries and keys arrive after the rotary embedding. The name has no entry among the mask functions on purpose:
transformers then builds no mask, and cannot mistake restarting positions for borders between sequences.

Shapes: T tokens of the row, H query heads, G key heads (each serves R = H / G query heads), D a head's size; of a
tile, q queries, p places of the prefix, k = p + q visible places.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from training.engine.data.packing import PackedRow, Segment, copied
from training.engine.model.varlen import KeyHeads, VarlenPlan, plan_varlen, varlen_attention

NAME = "packed_preference_pairs"
PADDED_NAME = "padded_samples"
KEPT_KEYS = 1024  # visible places up to which a tile's weights are kept for the backward, not computed again
MASKED_IN_VAIN = 136**2  # scores that a mask may hide before one product more, without them, is faster


@dataclass(frozen=True)
class Tile:
    """Queries that are computed together: those in ``[start, stop)``, which see ``[prefix_start, prefix_stop)`` (may be
    empty) and the tile itself, through an additive mask."""

    start: int
    stop: int
    prefix_start: int
    prefix_stop: int
    mask: Tensor  # (1, R q, k): 0 where a query may look, -inf where it may not


@dataclass(frozen=True)
class AttentionPlan:
    """The tiles of a row: made once, used by every layer. With ``varlen`` one CUDA kernel computes all segments, and
    there are no tiles."""

    tiles: tuple[Tile, ...]
    varlen: VarlenPlan | None = None


def plan_attention(
    row: PackedRow, *, repeats: int, dtype: torch.dtype, device: torch.device, varlen: KeyHeads | None = None
) -> AttentionPlan:
    """Build the tiles of a row and their masks. ``repeats``: R; the queries of R heads are stacked, so that one batched
    product serves them all. ``varlen``: how the CUDA kernel is called, where it is used."""
    if varlen is not None:
        return AttentionPlan((), plan_varlen(row.segments, device=device, key_heads=varlen))
    return AttentionPlan(tuple(_tile(part, repeats, dtype, device) for part in tiled(row.segments)))


def tiled(segments: Sequence[Segment]) -> list[list[Segment]]:
    """The segments of a row by tile: those of a pair in one tile where the mask hides little, else each in its own,
    and a long prefix in several. A product over a few hundred tokens costs no more than starting it."""
    parts = []
    for _, group in itertools.groupby(segments, key=lambda segment: segment.prefix_start):
        pair = list(group)
        alone = [[block] for segment in pair for block in _blocks(segment)]
        masked = scores_of(pair) - sum(map(scores_of, alone))
        parts += [pair] if masked <= MASKED_IN_VAIN * (len(alone) - 1) else alone
    return parts


def _blocks(segment: Segment) -> list[Segment]:
    """A segment that begins a sequence, in blocks of queries, each with all earlier blocks as its prefix: together
    they leave out most of what lies after a query. Another segment stays whole: its prefix need not lie right before
    it. n blocks compute L^2 (n + 1) / 2n scores, so one block more saves L^2 / 2n(n + 1)."""
    length, count = segment.stop - segment.start, 1
    if segment.prefix_stop > segment.prefix_start:
        return [segment]
    while count < length and length**2 > 2 * count * (count + 1) * MASKED_IN_VAIN:
        count += 1
    borders = [segment.start + length * number // count for number in range(count + 1)]
    return [Segment(start, stop, segment.start, start) for start, stop in itertools.pairwise(borders)]


def scores_of(segments: Sequence[Segment]) -> int:
    """How many query-key products a tile of these segments computes for each head: q k."""
    start, stop = segments[0].start, segments[-1].stop
    before = 0 if segments[0].prefix_start == start else segments[0].prefix_stop - segments[0].prefix_start
    return (stop - start) * (before + stop - start)


def kept_scores_of(segments: Sequence[Segment]) -> int:
    """How many attention weights a tile keeps for each head until the backward: none where it sees many places."""
    scores, queries = scores_of(segments), segments[-1].stop - segments[0].start
    return scores if scores // queries <= KEPT_KEYS else 0


def _tile(segments: Sequence[Segment], repeats: int, dtype: torch.dtype, device: torch.device) -> Tile:
    """The tile of some segments of one pair that follow one another in the row."""
    start, stop = segments[0].start, segments[-1].stop
    prefix = (segments[0].prefix_start, segments[0].prefix_stop)
    if prefix[0] == start:
        prefix = (start, start)  # lies in the tile itself
    before = prefix[1] - prefix[0]
    mask = torch.full((stop - start, before + stop - start), float("-inf"), dtype=dtype)  # (q, k)
    for each in segments:
        queries, shift = slice(each.start - start, each.stop - start), before - start
        mask[queries, each.prefix_start - prefix[0] : each.prefix_stop - prefix[0]] = 0  # all of the prefix
        own = slice(each.start + shift, each.stop + shift)
        mask[queries, own].masked_fill_(torch.ones_like(mask[queries, own], dtype=torch.bool).tril(), 0)  # causal
    return Tile(start, stop, *prefix, copied(mask, device).repeat(repeats, 1).unsqueeze(0))  # (1, R q, k)


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
    """For transformers' ``AttentionInterface``. Shapes: query (1, H, T, D), key and value (1, G, T, D); returns
    (1, T, H, D)."""
    # The rotary embedding widens to fp32; products are taken in the compute dtype, which the values still have.
    query, key = query.to(value.dtype), key.to(value.dtype)
    if attention_plan.varlen is not None:
        return varlen_attention(query[0], key[0], value[0], attention_plan.varlen, scaling).unsqueeze(0), None
    output: Tensor = _PackedAttention.apply(  # type: ignore[no-untyped-call]
        query[0], key[0], value[0], attention_plan, scaling
    )
    return output.unsqueeze(0), None


class _PackedAttention(torch.autograd.Function):
    """``O = P V`` with ``P = softmax(S)``, ``S = s Q K^T + M`` (arXiv 1706.03762, equation 1), tile by tile, in plain
    batched products. s is the scale, M the tile's mask.

    Written with its own backward because slicing under autograd would allocate and add a full row for every tile.
    At the lengths of completions this is faster on a CPU than scaled_dot_product_attention. P of a tile that sees more
    than KEPT_KEYS places is computed again in the backward, to the same bits: kept, it would grow with L^2.
    """

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, plan: AttentionPlan, scale: float) -> Tensor:
        heads, total, size = query.shape  # (H, T, D); key and value (G, T, D)
        output = query.new_empty(total, heads, size)  # O, (T, H, D)
        kept = []
        for tile in plan.tiles:
            weights = _weights(query, key, tile, scale)  # P, (G, R q, k)
            mixed = torch.bmm(weights, _visible(value, tile))  # P V, (G, R q, D)
            output[tile.start : tile.stop] = mixed.view(heads, -1, size).transpose(0, 1)  # (q, H, D)
            if weights.shape[2] <= KEPT_KEYS:
                kept.append(weights)
            del weights, mixed  # before the next tile's are made
        ctx.save_for_backward(query, key, value, *kept)
        ctx.plan, ctx.scale = plan, scale
        return output

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        """With dX the gradient by X (arXiv 2205.14135, appendix B.2): ``dV = P^T dO``, ``dP = dO V^T``,
        ``dS = P * (dP - rowsum(P * dP))``, ``dQ = s dS K``, ``dK = s dS^T Q``."""
        query, key, value, *saved = ctx.saved_tensors
        kept = iter(saved)
        heads, total, size = query.shape
        groups = key.shape[0]
        by_output = gradients[0].transpose(0, 1)  # dO, (H, T, D)
        by_query = query.new_empty(total, heads, size)  # dQ, (T, H, D)
        by_key, by_value = (key.new_zeros(groups, total, size) for _ in range(2))  # dK and dV, (G, T, D)
        for tile in ctx.plan.tiles:
            again = tile.mask.shape[2] > KEPT_KEYS
            weights = _weights(query, key, tile, ctx.scale) if again else next(kept)  # P, (G, R q, k)
            queries, outer = _stack(query, tile, groups), _stack(by_output, tile, groups)  # Q and dO, (G, R q, D)
            by_weights = torch.bmm(outer, _visible(value, tile).transpose(1, 2))  # dP, (G, R q, k)
            by_scores = torch._softmax_backward_data(by_weights, weights, -1, weights.dtype)  # dS, (G, R q, k)
            _spread(by_value, tile, torch.bmm(weights.transpose(1, 2), outer))  # P^T dO, (G, k, D)
            _spread(by_key, tile, _scaled_product(by_scores.transpose(1, 2), queries, ctx.scale))  # (G, k, D)
            mixed = _scaled_product(by_scores, _visible(key, tile), ctx.scale)  # s dS K, (G, R q, D)
            by_query[tile.start : tile.stop] = mixed.view(heads, -1, size).transpose(0, 1)  # (q, H, D)
            del weights, by_weights, by_scores, mixed  # before the next tile's are made
        return by_query.transpose(0, 1), by_key, by_value, None, None


def _weights(query: Tensor, key: Tensor, tile: Tile, scale: float) -> Tensor:
    """P of a tile, (G, R q, k), from query (H, T, D) and key (G, T, D)."""
    queries, keys = _stack(query, tile, key.shape[0]), _visible(key, tile)  # Q (G, R q, D) and K (G, k, D)
    return torch.softmax(torch.baddbmm(tile.mask, queries, keys.transpose(1, 2), alpha=scale), dim=-1)


def _scaled_product(left: Tensor, right: Tensor, scale: float) -> Tensor:
    """``scale`` times a batched product, without going through anything a second time for it."""
    return torch.baddbmm(left.new_empty(1, 1, 1), left, right, beta=0, alpha=scale)


def _prefix_length(part: Segment | Tile) -> int:
    return part.prefix_stop - part.prefix_start


def _stack(states: Tensor, tile: Tile, groups: int) -> Tensor:
    """A tile's (H, q, D) as (G, R q, D): the heads of a group one after the other."""
    return states[:, tile.start : tile.stop].reshape(groups, -1, states.shape[2])


def _visible(states: Tensor, tile: Tile) -> Tensor:
    """The keys or values that a tile sees: (G, k, D) of (G, T, D)."""
    own = states[:, tile.start : tile.stop]
    if _prefix_length(tile) == 0:
        return own
    return torch.cat((states[:, tile.prefix_start : tile.prefix_stop], own), dim=1)


def _spread(total: Tensor, tile: Tile, visible: Tensor) -> None:
    """Add the gradient by what ``_visible`` returned, (G, k, D), to the row's (G, T, D)."""
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
    """For sampling with a cache, B sequences. Shapes: query (B, H, q, D), key and value (B, G, k, D), visible
    (B, 1, q, k) bool; returns (B, q, H, D)."""
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
