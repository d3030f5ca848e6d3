"""Trained weights on disk: an adapter, or a model folder with everything but the old weights."""

from pathlib import Path

import pytest
import torch

from tests.training.engine import tiny
from training.engine.errors import InputError
from training.engine.model.policy import Policy
from training.engine.model.weights import CastLinear, read_model


@pytest.mark.parametrize("full", [False, True])
def test_what_is_written_is_read_and_loaded_to_the_last_bit(model_folder: Path, tmp_path: Path, full: bool) -> None:
    policy = (
        Policy(read_model(model_folder), dtype=torch.bfloat16, shape=None)
        if full
        else tiny.policy_of(read_model(model_folder), dtype=torch.bfloat16)
    )
    weights = policy.weights(model_folder)
    before = {name: tensor.clone() for name, tensor in weights.state().items()}
    assert {tensor.dtype for tensor in before.values()} == {torch.float32}
    weights.write(tmp_path, before)
    with torch.no_grad():
        for parameter in weights.parameters().values():
            parameter.zero_()
    weights.load(weights.read(tmp_path))
    after = weights.state()
    assert after.keys() == before.keys()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    with pytest.raises(InputError):
        weights.load({name: tensor[:1] for name, tensor in before.items()})


def test_a_torn_model_and_a_folder_without_one_are_errors(model_folder: Path, tmp_path: Path) -> None:
    weights = Policy(read_model(model_folder), dtype=torch.float32, shape=None).weights(model_folder)
    (tmp_path / "model.safetensors").write_bytes(b"torn")
    with pytest.raises(InputError, match="cannot read the model"):
        weights.read(tmp_path)
    with pytest.raises(InputError, match="no model folder"):
        read_model(tmp_path)


def test_a_trained_linear_layer_multiplies_in_the_compute_dtype() -> None:
    layer = CastLinear(torch.nn.Linear(3, 2), dtype=torch.bfloat16)
    x = torch.randn(4, 3)
    assert layer(x).dtype == torch.bfloat16
    assert layer.weight.dtype == torch.float32
    layer(x).sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.dtype == torch.float32
