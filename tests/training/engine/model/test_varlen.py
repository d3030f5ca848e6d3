"""The CUDA attention kernel: its layout everywhere, the kernel itself where there is a GPU."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from tests.training.engine import tiny
from training.engine.data.packing import pack_row, pack_rows
from training.engine.learning.memory import OFF, SELECTIVE, WAYS
from training.engine.model import varlen
from training.engine.model.attention import packed_attention, plan_attention
from training.engine.model.layers import checkpoint_layers
from training.engine.model.policy import Policy

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA device here")


def segment_by_segment(query: Tensor, key: Tensor, value: Tensor, plan: varlen.VarlenPlan, scale: float) -> Tensor:
    """The attention that the kernel's documentation describes, from the plan alone."""
    keys, values = (states[:, plan.keys] for states in (key, value))
    parts = []
    for number in range(len(plan.query_starts) - 1):
        own = slice(int(plan.query_starts[number]), int(plan.query_starts[number + 1]))
        seen = slice(int(plan.key_starts[number]), int(plan.key_starts[number + 1]))
        queries, length = own.stop - own.start, seen.stop - seen.start
        assert queries <= plan.longest_query
        assert length <= plan.longest_key
        visible = torch.ones(queries, length, dtype=torch.bool).tril(length - queries)  # lower right
        parts.append(
            scaled_dot_product_attention(
                query[None, :, own], keys[None, :, seen], values[None, :, seen], visible, scale=scale, enable_gqa=True
            )[0]
        )
    return torch.cat(parts, dim=1).transpose(0, 1)


def test_the_kernels_layout_is_that_of_the_packed_row() -> None:
    row = pack_row(tiny.random_pairs(5), range(5), share=True)
    generator = torch.Generator().manual_seed(0)
    query, key, value = (
        torch.randn(1, heads, row.tokens, 8, generator=generator, dtype=torch.float64) for heads in (4, 2, 2)
    )
    cpu = torch.device("cpu")
    plan = plan_attention(row, repeats=2, dtype=torch.float64, device=cpu)
    expected, _ = packed_attention(torch.nn.Module(), query, key, value, None, scaling=0.3, attention_plan=plan)
    result = segment_by_segment(query[0], key[0], value[0], varlen.plan_varlen(row.segments, device=cpu), 0.3)
    torch.testing.assert_close(result, expected[0], atol=1e-12, rtol=0)


def test_the_comparison_that_decides_about_the_kernel_notices_a_wrong_one(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    monkeypatch.setattr(varlen, "varlen_attention", segment_by_segment)
    assert varlen.largest_difference(4, 2, 16, torch.float32, cpu) < 1e-5

    def upper_left(query: Tensor, key: Tensor, value: Tensor, plan: varlen.VarlenPlan, scale: float) -> Tensor:
        shorter = varlen.VarlenPlan(plan.keys.roll(1), plan.query_starts, plan.key_starts, 1000, 1000)
        return segment_by_segment(query, key, value, shorter, scale)

    monkeypatch.setattr(varlen, "varlen_attention", upper_left)
    assert varlen.largest_difference(4, 2, 16, torch.float32, cpu) > 0.05


def test_without_cuda_or_half_precision_plain_products_are_used() -> None:
    config = tiny.model().config
    assert varlen.usable_key_heads(config, torch.bfloat16, torch.device("cpu")) is None
    assert varlen.usable_key_heads(config, torch.float32, torch.device("cuda")) is None


def kernel_of(options: set[str], seen: list[dict[str, Any]], *, equal_heads: bool = False) -> Callable[..., Tensor]:
    """torch's kernel, in plain products, as a version with these options documents it; ``seen`` collects its calls."""

    def varlen_attn(query: Tensor, key: Tensor, value: Tensor, *layout: Any, **given: Any) -> Tensor:
        if unknown := given.keys() - options:
            raise TypeError(f"varlen_attn() got an unexpected keyword argument {unknown}")
        if equal_heads and query.shape[1] != key.shape[1]:
            raise ValueError("Expect query and key/value to have the same number of heads")
        scale = given.pop("scale", query.shape[2] ** -0.5)
        seen.append(given)
        plan = varlen.VarlenPlan(torch.arange(len(key)), *layout)
        by_head = [states.transpose(0, 1) for states in (query, key, value)]
        return segment_by_segment(by_head[0], by_head[1], by_head[2], plan, scale)

    known = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in sorted(options)]
    varlen_attn.__signature__ = inspect.Signature(known)  # type: ignore[attr-defined]
    return varlen_attn


@pytest.mark.parametrize(
    ("options", "equal_heads", "given", "key_heads"),
    [
        ({"is_causal", "return_aux"}, False, None, None),  # torch 2.10
        ({"scale", "window_size"}, False, {"window_size": (-1, 0)}, varlen.KeyHeads.AS_THEY_ARE),  # torch 2.11
        ({"scale", "window_size"}, True, {"window_size": (-1, 0)}, varlen.KeyHeads.REPEATED),
        (
            {"scale", "window_size", "enable_gqa"},  # torch 2.12
            False,
            {"window_size": (-1, 0), "enable_gqa": True},
            varlen.KeyHeads.AS_THEY_ARE,
        ),
        (set(), False, None, None),
    ],
)
def test_the_kernel_is_called_in_the_words_of_the_installed_torch(
    monkeypatch: pytest.MonkeyPatch,
    options: set[str],
    equal_heads: bool,
    given: dict[str, Any] | None,
    key_heads: varlen.KeyHeads | None,
) -> None:
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", kernel_of(options, seen, equal_heads=equal_heads))
    assert varlen.right_key_heads(4, 2, 16, torch.float32, torch.device("cpu")) is key_heads
    assert all(each == given for each in seen)
    assert bool(seen) is (given is not None)


@needs_cuda
@pytest.mark.parametrize("dtype", varlen.HALVES, ids=str)
@pytest.mark.parametrize(("heads", "groups", "size"), [(9, 3, 64), (32, 8, 64), (32, 8, 128)])
def test_the_kernel_is_right_on_this_gpu(heads: int, groups: int, size: int, dtype: torch.dtype) -> None:
    assert varlen.largest_difference(heads, groups, size, dtype, torch.device("cuda")) < 0.02


@needs_cuda
@pytest.mark.parametrize("length", [1, 63, 64, 65, 127, 128, 191, 192, 193, 320])
def test_lengths_around_half_blocks_give_finite_gradients_and_the_log_probs_of_a_cpu(length: int) -> None:
    built = tiny.model(hidden_size=128, head_dim=64, num_attention_heads=2, num_key_value_heads=1)
    built.config.max_position_embeddings = 1024
    pair = tiny.pair([1] * length, [5] * length, [7, 8])
    row = pack_row([pair], [0], share=True)
    oracle = tiny.policy_of(built, dtype=torch.float32).side_log_probs(row)
    policy = tiny.policy_of(built.cuda(), dtype=torch.bfloat16)
    assert policy.forward.attention == "varlen"
    sides = policy.side_log_probs(row)
    torch.autograd.backward(sides.sum())
    torch.testing.assert_close(sides.detach().cpu(), oracle.detach(), atol=0.02 * length + 0.5, rtol=0)
    for parameter in policy.adapter.parameters().values():
        assert parameter.grad is not None
        assert torch.isfinite(parameter.grad).all()


def calm_policy(built: Any, dtype: torch.dtype) -> Policy:
    """With an adapter that moves the model a little: bf16 is far from fp32 in a model of noise alone."""
    policy = tiny.policy_of(built, dtype=dtype)
    with torch.no_grad():
        for parameter in policy.adapter.parameters().values():
            parameter.mul_(0.25)
    return policy


def adapter_gradient(policy: Policy) -> Tensor:
    """Of the margins of 40 pairs, over everything that the adapter has."""
    pairs = tiny.random_pairs(40, vocabulary=40_000, longest=60)
    for row in pack_rows(pairs, range(40), tokens_per_row=1024, share=True):
        sides = policy.side_log_probs(row).view(-1, 2)
        torch.autograd.backward((sides[:, 0] - sides[:, 1]).sum())
    gradients = [each.grad for each in policy.adapter.parameters().values()]
    return torch.cat([each.flatten().double().cpu() for each in gradients if each is not None])


@pytest.mark.parametrize(
    ("device", "checkpointing"),
    [("cpu", SELECTIVE), *(pytest.param("cuda", way, marks=needs_cuda) for way in WAYS)],
)
def test_gradients_in_bf16_are_those_of_a_cpu_in_fp32(device: str, checkpointing: str) -> None:
    """With several rows, several blocks of the vocabulary, and each way to compute activations again."""
    shape: dict[str, Any] = {"hidden_size": 128, "head_dim": 64, "num_attention_heads": 2, "num_key_value_heads": 1}
    built = tiny.model(vocabulary=40_000, initializer_range=0.05, **shape)
    expected = adapter_gradient(calm_policy(built, torch.float32))
    policy = calm_policy(built.to(device), torch.bfloat16)
    if checkpointing != OFF:
        checkpoint_layers(policy.model, selective=checkpointing == SELECTIVE)
    found = adapter_gradient(policy)
    assert len(found) == len(expected)
    assert torch.cosine_similarity(found, expected, dim=0) > 0.999
    assert float(found.norm()) == pytest.approx(float(expected.norm()), rel=0.03)
