"""Attention over a packed row by one CUDA kernel: ``torch.nn.attention.varlen``, in half precision.

Every segment is a sequence of its own for the kernel: its queries, and as keys its pair's prefix and itself, gathered
into one long row. Causal masking is aligned to the lower right, so that the last query sees all keys. The kernel is
compared with plain products when a policy is made, and is not used if it differs.

Shapes: T tokens of the row, K gathered keys, H query heads, G key heads, D a head's size.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from training.engine.data.packing import Segment, copied
from training.engine.events import log

HALVES = (torch.bfloat16, torch.float16)
LARGEST_DIFFERENCE = 0.05  # of kernel and plain products, up to which the kernel is used


class KeyHeads(Enum):
    """How the kernel gets key heads that serve several query heads each."""

    AS_THEY_ARE = "as they are"
    REPEATED = "repeated"  # for a version of torch whose kernel does not take fewer of them: memory for R times as many


@dataclass(frozen=True)
class VarlenPlan:
    """The layout of a row for the kernel."""

    keys: Tensor  # (K,) int64, the places in the row that the segments see, one segment after the other
    query_starts: Tensor  # (segments + 1,) int32, where each segment's queries begin
    key_starts: Tensor  # (segments + 1,) int32, where its keys begin among the K
    longest_query: int
    longest_key: int
    key_heads: KeyHeads = KeyHeads.AS_THEY_ARE


def plan_varlen(
    segments: Sequence[Segment], *, device: torch.device, key_heads: KeyHeads = KeyHeads.AS_THEY_ARE
) -> VarlenPlan:
    """Lay out the places that each segment sees. The segments must cover the row in order."""
    runs = np.array(
        [run for each in segments for run in ((each.prefix_start, each.prefix_stop), (each.start, each.stop))]
    )
    starts, lengths = runs[:, 0], runs[:, 1] - runs[:, 0]
    before = lengths.cumsum() - lengths  # keys of the runs before each
    keys = np.arange(lengths.sum()) + np.repeat(starts - before, lengths)
    of_segments, queries = lengths.reshape(-1, 2).sum(axis=1).tolist(), lengths[1::2].tolist()
    return VarlenPlan(
        keys=copied(torch.from_numpy(keys), device),
        query_starts=_starts(queries, device),
        key_starts=_starts(of_segments, device),
        longest_query=max(queries),
        longest_key=max(of_segments),
        key_heads=key_heads,
    )


def _starts(lengths: Sequence[int], device: torch.device) -> Tensor:
    return copied(torch.tensor([0, *lengths]).cumsum(0).to(torch.int32), device)


def varlen_attention(query: Tensor, key: Tensor, value: Tensor, plan: VarlenPlan, scale: float) -> Tensor:
    """Shapes: query (H, T, D), key and value (G, T, D) in half precision; returns (T, H, D)."""
    from torch.nn.attention import varlen

    keys, values = (states.transpose(0, 1).index_select(0, plan.keys) for states in (key, value))  # (K, G, D)
    if plan.key_heads is KeyHeads.REPEATED:
        keys, values = (states.repeat_interleave(len(query) // len(key), 1) for states in (keys, values))  # (K, H, D)
    output = varlen.varlen_attn(
        query.transpose(0, 1).contiguous(),  # (T, H, D)
        keys,
        values,
        plan.query_starts,
        plan.key_starts,
        plan.longest_query,
        plan.longest_key,
        scale=scale,
        **_options(varlen.varlen_attn),
    )
    assert isinstance(output, Tensor)
    return output


@cache
def _options(kernel: Callable[..., Any]) -> dict[str, Any]:
    """Causal, and with fewer key heads than query heads, in the words of the installed torch: 2.11 has ``window_size``,
    2.12 ``enable_gqa`` too. 2.10 has neither, and no ``scale``: there plain products are used."""
    causal: dict[str, Any] = {"window_size": (-1, 0)}  # all keys to the left, none to the right
    return causal | ({"enable_gqa": True} if "enable_gqa" in inspect.signature(kernel).parameters else {})


def usable_key_heads(config: Any, dtype: torch.dtype, device: torch.device) -> KeyHeads | None:
    """How the kernel is called for a model; None where plain products are used: without CUDA or half precision, and
    where its values or gradients on a small row differ from those of plain products."""
    if device.type != "cuda" or dtype not in HALVES:
        return None
    heads, groups = config.num_attention_heads, config.num_key_value_heads
    size = getattr(config, "head_dim", None) or config.hidden_size // heads
    return right_key_heads(heads, groups, size, dtype, device)


def right_key_heads(heads: int, groups: int, size: int, dtype: torch.dtype, device: torch.device) -> KeyHeads | None:
    """The first way to call the kernel in which it is right; None, with the reasons in the log, if there is none."""
    for key_heads in KeyHeads if groups < heads else (KeyHeads.AS_THEY_ARE,):
        try:
            worst = largest_difference(heads, groups, size, dtype, device, key_heads=key_heads)
        except (RuntimeError, ImportError, ValueError, TypeError, AttributeError) as error:
            log(f"the attention kernel cannot be used with key heads {key_heads.value}: {error}")
            continue
        if worst <= LARGEST_DIFFERENCE:
            return key_heads
        log(f"the attention kernel with key heads {key_heads.value} is off by {worst:.3g}")
    log("plain products are used for attention")
    return None


def largest_difference(
    heads: int,
    groups: int,
    size: int,
    dtype: torch.dtype,
    device: torch.device,
    *,
    key_heads: KeyHeads = KeyHeads.AS_THEY_ARE,
) -> float:
    """The largest difference between kernel and plain products in fp32, over outputs and gradients of a row with
    prefix, chosen and rejected, relative to the largest value of each."""
    segments = (Segment(0, 70, 0, 0), Segment(70, 163, 0, 70), Segment(163, 168, 0, 70))
    generator = torch.Generator().manual_seed(0)
    shapes = ((heads, 168, size), (groups, 168, size), (groups, 168, size), (168, heads, size))
    drawn = [torch.randn(shape, generator=generator).to(device, dtype) for shape in shapes]
    results = []
    for kernel in (True, False):
        query, key, value = (each.clone().requires_grad_() for each in drawn[:3])
        if kernel:
            plan = plan_varlen(segments, device=device, key_heads=key_heads)
            output = varlen_attention(query, key, value, plan, size**-0.5)
        else:
            output = _plain(query, key, value, segments, size**-0.5)
        gradients = torch.autograd.grad(output, (query, key, value), drawn[3].to(output.dtype))
        results.append([output.detach().float(), *(each.float() for each in gradients)])
    return max(float((a - b).abs().max() / b.abs().max()) for a, b in zip(*results, strict=True))


def _plain(query: Tensor, key: Tensor, value: Tensor, segments: Sequence[Segment], scale: float) -> Tensor:
    """The same in fp32, segment by segment: (T, H, D)."""
    repeats, parts = len(query) // len(key), []
    for each in segments:
        places = [*range(each.prefix_start, each.prefix_stop), *range(each.start, each.stop)]
        keys, values = (states[:, places].float().repeat_interleave(repeats, 0) for states in (key, value))  # (H, k, D)
        scores = query[:, each.start : each.stop].float() @ keys.transpose(1, 2) * scale  # (H, q, k)
        hidden = torch.ones(scores.shape[1:], dtype=torch.bool, device=query.device)
        hidden = hidden.triu(each.prefix_stop - each.prefix_start + 1)
        parts.append(torch.softmax(scores.masked_fill(hidden, float("-inf")), dim=-1) @ values)
    return torch.cat(parts, dim=1).transpose(0, 1)
