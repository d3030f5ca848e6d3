"""Norm and rotary embedding with a backward of their own give what transformers' give."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.training.engine import tiny
from training.engine.data.packing import pack_row
from training.engine.model.layers import POST_NORM_FAMILIES, PreNorm, layers_of, replace_parts, rotate


class _Source(nn.Module):
    """The attributes of transformers' norm that PreNorm reads."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(size, dtype=torch.float64))
        self.variance_epsilon = 1e-5


def _plain_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    return weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + epsilon))


def test_the_norm_is_the_formula_and_so_are_its_gradients() -> None:
    torch.manual_seed(0)
    source = _Source(6)
    norm = PreNorm(source, dtype=torch.float64)
    x = torch.randn(2, 5, 6, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(norm(x), _plain_norm(x, source.weight, 1e-5), atol=1e-14, rtol=0)
    outer = torch.randn(2, 5, 6, dtype=torch.float64)
    ours = torch.autograd.grad(norm(x), (x, source.weight), outer)
    expected = torch.autograd.grad(_plain_norm(x, source.weight, 1e-5), (x, source.weight), outer)
    torch.testing.assert_close(ours, expected, atol=1e-13, rtol=0)


def test_the_norm_rounds_to_bfloat16_once() -> None:
    torch.manual_seed(0)
    source = _Source(64).float()
    x = 50 * torch.randn(1, 30, 64)
    exact = _plain_norm(x.double(), source.weight.double(), 1e-5)
    ours = PreNorm(source, dtype=torch.bfloat16)(x)
    assert ours.dtype == torch.bfloat16
    error = (ours.double() - exact).abs() / exact.abs()
    assert error.max() < 2**-8  # half a unit in the last of 8 bits, and what fp32 adds


def _rotary_of_family(family: str) -> Any:
    return importlib.import_module(f"transformers.models.{family}.modeling_{family}").apply_rotary_pos_emb


def _angles(tokens: int, size: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    angles = torch.rand(1, tokens, size // 2, dtype=dtype) * 6
    both = torch.cat((angles, angles), dim=-1)
    return 1.3 * both.cos(), 1.3 * both.sin()  # scaled, as YaRN scales them


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_turning_is_that_of_every_family_and_so_are_its_gradients(family: str) -> None:
    torch.manual_seed(0)
    cos, sin = _angles(7, 8, torch.float64)
    query, key = (torch.randn(1, heads, 7, 8, dtype=torch.float64, requires_grad=True) for heads in (4, 2))
    states, outer = (query, key), (torch.randn_like(query), torch.randn_like(key))
    ours, expected = rotate(query, key, cos, sin), _rotary_of_family(family)(query, key, cos, sin)
    torch.testing.assert_close(ours, expected, atol=1e-14, rtol=0)
    torch.testing.assert_close(
        torch.autograd.grad(ours, states, outer), torch.autograd.grad(expected, states, outer), atol=1e-13, rtol=0
    )


def test_turning_keeps_the_dtype_and_rounds_once() -> None:
    torch.manual_seed(0)
    cos, sin = _angles(50, 16, torch.float32)
    query, key = torch.randn(1, 4, 50, 16).bfloat16(), torch.randn(1, 2, 50, 16).bfloat16()
    turned = _rotary_of_family("llama")(query, key, cos, sin)
    for ours, expected in zip(rotate(query, key, cos, sin), turned, strict=True):
        assert ours.dtype == torch.bfloat16
        torch.testing.assert_close(ours.float(), expected.bfloat16().float(), atol=1e-6, rtol=2**-7)


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_what_a_policy_has_of_its_own(family: str) -> None:
    built = tiny.model(family)
    policy = tiny.policy_of(built, dtype=torch.float32)
    norms = [name for name, module in policy.model.named_modules() if isinstance(module, PreNorm)]
    layers: list[Any] = list(layers_of(policy.model))
    assert len(norms) == (0 if family in POST_NORM_FAMILIES else 4)  # two in each of two layers
    assert all("forward" in vars(layer.self_attn) for layer in layers)


@pytest.mark.parametrize(
    ("family", "use_rope"), [*((family, True) for family in tiny.FAMILIES), ("smollm3", False)]
)  # SmolLM3 has layers without a rotary embedding
def test_self_attention_is_that_of_every_family(family: str, use_rope: bool) -> None:
    torch.manual_seed(0)
    model = tiny.model(family).double().eval()  # no dropout
    model.set_attn_implementation("sdpa")
    layers: list[Any] = list(layers_of(model))
    attention = layers[0].self_attn
    for parameter in attention.parameters():
        nn.init.normal_(parameter)
    if family == "smollm3":
        attention.use_rope = use_rope
    states, angles = torch.randn(2, 7, 32, dtype=torch.float64), _angles(7, attention.head_dim, torch.float64)
    inputs = {"hidden_states": states, "position_embeddings": angles, "attention_mask": None}
    expected, _ = attention(**inputs)
    replace_parts(model, dtype=torch.float64)
    ours, _ = attention(**inputs)
    torch.testing.assert_close(ours, expected, atol=1e-10, rtol=0)


def test_other_models_of_the_family_keep_theirs() -> None:
    built, stock = tiny.model("llama"), _rotary_of_family("llama")
    tiny.policy_of(built)
    assert _rotary_of_family("llama") is stock
    assert not any("forward" in vars(module) or isinstance(module, PreNorm) for module in built.modules())


@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_the_last_layer_alone_leaves_out_what_is_not_scored(family: str) -> None:
    policy = tiny.policy_of(tiny.model(family), dtype=torch.float64)
    row = policy.forward.prepare(pack_row(tiny.random_pairs(3), range(3), share=True))
    everywhere = policy.forward.hidden_states(row, torch.arange(row.tokens))
    assert everywhere.shape == (row.tokens, 32)
    there = policy.forward.hidden_states(row, row.places)
    torch.testing.assert_close(there, everywhere[row.places], atol=1e-12, rtol=0)


@pytest.mark.parametrize("family", sorted(set(tiny.FAMILIES) - POST_NORM_FAMILIES))
def test_the_last_layers_feed_forward_part_sees_scored_places_only(family: str) -> None:
    policy = tiny.policy_of(tiny.model(family), dtype=torch.float64)
    row = pack_row(tiny.random_pairs(3), range(3), share=True)
    seen: list[int] = []
    layers: list[Any] = list(layers_of(policy.model))
    for layer in layers:
        layer.mlp.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].shape[1]))
    policy.side_log_probs(row)
    assert seen == [row.tokens, len(row.places)]
    assert len(row.places) < row.tokens
