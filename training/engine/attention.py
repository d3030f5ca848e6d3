"""Attention over a packed row: every segment sees its pair's prefix and, causally, itself; nothing else.

Registered with transformers under ``NAME``; ``model(..., attention_plan=plan)`` hands the row's plan through to every
layer. Queries and keys arrive after the rotary embedding. The name has no entry among the mask functions on purpose:
transformers then builds no mask, and cannot mistake restarting positions for borders between sequences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from training.engine.packing import PackedRow, Segment
from training.engine.varlen import VarlenPlan, plan_varlen, varlen_attention

NAME = "packed_preference_pairs"
PADDED_NAME = "padded_samples"


@dataclass(frozen=True)
class AttentionPlan:
    """The segments of a row, each with its additive mask (1, repeats * q, visible): made once, used by every layer.

    ``repeats`` is the number of query heads that share a key head; their queries are stacked, so that one batched
    product serves them all. With ``varlen`` one CUDA kernel does all segments, and there are no masks.
    """

    segments: tuple[Segment, ...]
    masks: tuple[Tensor, ...]
    varlen: VarlenPlan | None = None


def plan_attention(
    row: PackedRow, *, repeats: int, dtype: torch.dtype, device: torch.device, varlen: bool = False
) -> AttentionPlan:
    """Build the masks of a row: 0 where a query may look, -inf where it may not."""
    if varlen:
        return AttentionPlan(row.segments, (), plan_varlen(row.segments, device=device))
    masks = []
    for segment in row.segments:
        length, prefix = segment.stop - segment.start, _prefix_length(segment)
        mask = torch.full((length, prefix + length), float("-inf"), dtype=dtype, device=device)
        masks.append(torch.triu(mask, diagonal=prefix + 1).repeat(repeats, 1).unsqueeze(0))
    return AttentionPlan(row.segments, tuple(masks))


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
    """softmax(scale Q K^T + mask) V, segment by segment, in plain batched products.

    Written with its own backward because slicing under autograd would allocate and add a full row for every segment.
    At the lengths of completions this is faster on a CPU than scaled_dot_product_attention.
    """

    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, plan: AttentionPlan, scale: float) -> Tensor:
        heads, total, size = query.shape
        output = query.new_empty(total, heads, size)
        kept = []
        for segment, mask in zip(plan.segments, plan.masks, strict=True):
            queries = _stack(query, segment, key.shape[0])
            scores = torch.baddbmm(mask, queries, _visible(key, segment).transpose(1, 2), alpha=scale)
            weights = torch.softmax(scores, dim=-1)
            mixed = torch.bmm(weights, _visible(value, segment))
            output[segment.start : segment.stop] = mixed.view(heads, -1, size).transpose(0, 1)
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
        for segment, weights in zip(ctx.plan.segments, kept, strict=True):
            queries, outer = _stack(query, segment, groups), _stack(by_output, segment, groups)
            by_weights = torch.bmm(outer, _visible(value, segment).transpose(1, 2))
            by_scores = torch._softmax_backward_data(by_weights, weights, -1, weights.dtype).mul_(ctx.scale)
            _spread(by_value, segment, torch.bmm(weights.transpose(1, 2), outer))
            _spread(by_key, segment, torch.bmm(by_scores.transpose(1, 2), queries))
            mixed = torch.bmm(by_scores, _visible(key, segment))
            by_query[segment.start : segment.stop] = mixed.view(heads, -1, size).transpose(0, 1)
        return by_query.transpose(0, 1), by_key, by_value, None, None


def _prefix_length(segment: Segment) -> int:
    return segment.prefix_stop - segment.prefix_start


def _stack(states: Tensor, segment: Segment, groups: int) -> Tensor:
    """A segment's (H, q, D) as (G, H / G * q, D): the heads of a group one after the other."""
    return states[:, segment.start : segment.stop].reshape(groups, -1, states.shape[2])


def _visible(states: Tensor, segment: Segment) -> Tensor:
    """The keys or values that a segment sees: (G, prefix + q, D)."""
    own = states[:, segment.start : segment.stop]
    if _prefix_length(segment) == 0:
        return own
    return torch.cat((states[:, segment.prefix_start : segment.prefix_stop], own), dim=1)


def _spread(total: Tensor, segment: Segment, visible: Tensor) -> None:
    """Add a gradient by ``_visible`` states to the row's (G, T, D)."""
    prefix = _prefix_length(segment)
    if prefix:
        total[:, segment.prefix_start : segment.prefix_stop] += visible[:, :prefix]
    total[:, segment.start : segment.stop] += visible[:, prefix:]


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
