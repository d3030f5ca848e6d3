"""Trained weights on disk: an adapter, or a model folder with everything but the old weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM

from tests.training.engine import tiny
from training.engine.config import RunConfig
from training.engine.errors import InputError
from training.engine.learning.run import load_start
from training.engine.model.merging import merge
from training.engine.model.policy import Policy
from training.engine.model.weights import CastLinear, read_model

MIXTURE: dict[str, Any] = {
    "vocab_size": tiny.VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "num_local_experts": 4,
    **tiny.DEEPSEEK,
}


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


@pytest.mark.parametrize("family", ["mixtral", "deepseek_v3", "gpt_neox"])
def test_weights_are_written_under_the_names_of_the_files_they_came_from(family: str, tmp_path: Path) -> None:
    """One by one in a mixture's experts; with the buffers that a file holds, which nothing trains."""
    torch.manual_seed(0)
    built: Any = AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **MIXTURE), dtype=torch.float32)
    for _, buffer in built.named_buffers():
        buffer.add_(torch.rand(buffer.shape, dtype=torch.float32))
    source, written, merged = (tmp_path / name for name in ("source", "written", "merged"))
    built.save_pretrained(source)
    tiny.tokenizer().save_pretrained(source)
    weights = Policy(read_model(source), dtype=torch.float32, shape=None).weights(source)
    written.mkdir()
    weights.write(written, weights.state())
    adapted = load_start(Policy, source, None, RunConfig(lora_rank=2, dtype="float32", device="cpu"))
    (tmp_path / "adapter").mkdir()
    adapted.weights(source).write(tmp_path / "adapter", adapted.weights(source).state())  # B is zero
    merge(source, tmp_path / "adapter", merged, dtype=torch.float32)
    stored = load_file(source / "model.safetensors")
    for folder in (written, merged):
        found = load_file(folder / "model.safetensors")
        assert found.keys() == stored.keys()
        assert all(torch.equal(found[name], each) for name, each in stored.items())
    assert weights.read(written).keys() == weights.parameters().keys()


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
