"""Attention over a packed row: every segment sees its pair's prefix and, causally, itself; nothing else.

Registered with transformers under ``NAME``; ``model(..., packed_row=row)`` hands the row's segments through to every
layer. Queries and keys arrive after the rotary embedding. The name has no entry among the mask functions on purpose:
transformers then builds no mask, and cannot mistake restarting positions for borders between sequences.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from training.engine.packing import PackedRow, Segment

NAME = "packed_preference_pairs"


def packed_attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    *,
    scaling: float,
    packed_row: PackedRow,
    **_: Any,
) -> tuple[Tensor, None]:
    """Shapes: query (1, H, T, D), key and value (1, G, T, D) with G dividing H; returns (1, T, H, D)."""
    # The rotary embedding widens to fp32; products are taken in the compute dtype, which the values still have.
    query, key = query.to(value.dtype), key.to(value.dtype)
    outputs = [_segment_attention(query[0], key[0], value[0], segment, scaling) for segment in packed_row.segments]
    return torch.cat(outputs).unsqueeze(0), None


def _segment_attention(query: Tensor, key: Tensor, value: Tensor, segment: Segment, scaling: float) -> Tensor:
    """Plain batched products for one segment of q tokens; returns (q, H, D)."""
    heads, _, size = query.shape
    groups = key.shape[0]
    length = segment.stop - segment.start
    queries = query[:, segment.start : segment.stop].reshape(groups, heads // groups * length, size)
    keys, values = _visible(key, segment), _visible(value, segment)
    scores = torch.baddbmm(_causal(segment, heads // groups, query), queries, keys.transpose(1, 2), alpha=scaling)
    weights = torch.softmax(scores, dim=-1)
    output = torch.bmm(weights, values)
    return output.view(heads, length, size).transpose(0, 1)


def _visible(states: Tensor, segment: Segment) -> Tensor:
    """The keys or values of the segment's prefix and of itself: (G, prefix + q, D)."""
    own = states[:, segment.start : segment.stop]
    if segment.start == segment.prefix_start:
        return own
    return torch.cat((states[:, segment.prefix_start : segment.prefix_stop], own), dim=1)


def _causal(segment: Segment, repeats: int, like: Tensor) -> Tensor:
    """Additive mask (1, repeats * q, visible): 0 where a query may look, -inf where it may not."""
    length = segment.stop - segment.start
    prefix = 0 if segment.start == segment.prefix_start else segment.prefix_stop - segment.prefix_start
    mask = torch.full((length, prefix + length), float("-inf"), dtype=like.dtype, device=like.device)
    return torch.triu(mask, diagonal=prefix + 1).repeat(repeats, 1).unsqueeze(0)


def register() -> None:
    """Make the function known to transformers; harmless when repeated."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, packed_attention)
