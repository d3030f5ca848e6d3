"""The adapted linear layer and the set of all of them."""

import pytest
import torch
from torch import nn

from tests.training.engine import tiny
from training.engine.errors import InputError
from training.engine.model.lora import AdaptedLinear, AdapterShape


def layer(dtype: torch.dtype = torch.float64) -> AdaptedLinear:
    torch.manual_seed(0)
    adapted = AdaptedLinear(nn.Linear(5, 7, dtype=dtype), dtype=dtype, shape=AdapterShape(2, 6.0, ("x",)))
    assert adapted.lora_a is not None
    assert adapted.lora_b is not None
    with torch.no_grad():
        adapted.lora_a.normal_()
        adapted.lora_b.normal_()
    return adapted


def test_forward_and_backward_are_those_of_the_written_out_formula() -> None:
    adapted = layer()
    a, b = adapted.lora_a, adapted.lora_b
    x = torch.randn(2, 3, 5, dtype=torch.float64, requires_grad=True)
    assert a is not None
    assert b is not None
    assert adapted.bias is not None
    plain = x @ adapted.weight.T + adapted.bias + 3.0 * (x @ a.T) @ b.T
    direction = torch.randn_like(plain)
    expected = torch.autograd.grad((plain * direction).sum(), (x, a, b))
    result = torch.autograd.grad((adapted(x) * direction).sum(), (x, a, b))
    torch.testing.assert_close(adapted(x), plain, atol=1e-12, rtol=0)
    for ours, theirs in zip(result, expected, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-12, rtol=0)


def test_bf16_layers_keep_fp32_adapters_and_give_them_fp32_gradients() -> None:
    adapted = layer(torch.bfloat16)
    adapted(torch.randn(3, 5)).sum().backward()
    assert adapted.weight.dtype == torch.bfloat16
    for parameter in (adapted.lora_a, adapted.lora_b):
        assert parameter is not None
        assert parameter.grad is not None
        assert parameter.dtype == parameter.grad.dtype == torch.float32


def test_a_contribution_far_below_the_last_place_of_bf16_still_counts_on_average() -> None:
    """A young adapter changes outputs by less than bf16 can show in any one of them."""
    torch.manual_seed(0)
    adapted = AdaptedLinear(nn.Linear(64, 512, bias=False), dtype=torch.bfloat16, shape=AdapterShape(4, 4.0, ("x",)))
    assert adapted.lora_a is not None
    assert adapted.lora_b is not None
    x = torch.randn(200, 64).bfloat16().float()
    with torch.no_grad():
        adapted.lora_a.normal_().copy_(adapted.lora_a.bfloat16())
        base = adapted(x).float()
        adapted.lora_b.normal_(std=2e-5).copy_(adapted.lora_b.bfloat16())
        change = adapted(x).float() - base
        wanted = x @ adapted.lora_a.T @ adapted.lora_b.T
    rounded_twice = (base.bfloat16() + wanted.bfloat16()).float() - base
    share, share_if_rounded_twice = ((each * wanted).sum() / (wanted**2).sum() for each in (change, rounded_twice))
    assert share.item() == pytest.approx(1.0, abs=0.1)
    assert share_if_rounded_twice < 0.5


def test_the_start_is_a_function_of_the_seed_and_equals_the_base_model() -> None:
    built = tiny.model()
    first, second, other = (tiny.policy_of(built, seed=None).adapter for _ in range(3))
    other.initialise(1)
    same = [torch.equal(a, b) for a, b in zip(first.parameters().values(), second.parameters().values(), strict=True)]
    assert all(same)
    for name, parameter in first.parameters().items():
        assert torch.equal(parameter, other.parameters()[name]) == name.endswith("lora_B")
        assert bool(parameter.any()) == name.endswith("lora_A")


def test_switching_off_is_undone_even_by_an_error_and_respects_what_was_off() -> None:
    adapter = tiny.policy_of(tiny.model()).adapter
    layers = list(adapter.layers.values())
    layers[0].enabled = False

    def fail_inside() -> None:
        with adapter.switched_off():
            assert not any(each.enabled for each in layers)
            raise KeyError

    with pytest.raises(KeyError):
        fail_inside()
    assert [each.enabled for each in layers] == [False] + [True] * (len(layers) - 1)


def test_only_the_named_layers_carry_an_adapter_and_nothing_else_is_trainable() -> None:
    policy = tiny.policy_of(tiny.model(), shape=AdapterShape(2, 4.0, ("q_proj",)))
    assert sorted(policy.adapter.layers) == [f"model.layers.{number}.self_attn.q_proj" for number in (0, 1)]
    trainable = {name for name, parameter in policy.model.named_parameters() if parameter.requires_grad}
    assert trainable == {f"{path}.lora_{side}" for path in policy.adapter.layers for side in "ab"}


def test_a_model_without_such_layers_is_an_error_that_names_them() -> None:
    with pytest.raises(InputError, match="no linear layer named query"):
        tiny.policy_of(tiny.model(), shape=AdapterShape(2, 4.0, ("query",)))


def test_weights_of_another_shape_are_refused() -> None:
    adapter = tiny.policy_of(tiny.model()).adapter
    state = {name: parameter.detach().clone() for name, parameter in adapter.parameters().items()}
    name, tensor = next(iter(state.items()))
    with pytest.raises(InputError, match="has shape"):
        adapter.load({**state, name: tensor[:1]})
    del state[name]
    with pytest.raises(InputError, match="1 layers missing"):
        adapter.load(state)
