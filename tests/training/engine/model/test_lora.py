"""The adapter of a model: all of its adapted layers."""

import pytest
import torch

from tests.training.engine import tiny
from training.engine.errors import InputError
from training.engine.model.lora import AdapterShape


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
