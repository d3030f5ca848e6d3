"""A model version is a base and an adapter: the sampler says what PEFT's model says."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from tests.training.engine import tiny
from training.generation import (
    EmbeddedSampler,
    GeneratedCompletion,
    GenerationRequest,
    Message,
    ModelNotUsable,
    SamplingSettings,
)
from training.generation.linear import AdaptedLinear
from training.generation.loading import load_model

SETTINGS = SamplingSettings(temperature=1.0, top_p=1.0, max_tokens=30)
ALL_LINEAR = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def write_adapter(base: Path, folder: Path, *, size: float = 0.3, seed: int = 0, **settings: Any) -> Path:
    """A random adapter of the given size, as PEFT saves it."""
    config = LoraConfig(**{"r": 4, "lora_alpha": 8, "target_modules": ALL_LINEAR, "task_type": "CAUSAL_LM", **settings})
    adapted = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in adapted.named_parameters():
        if "lora_" in name:
            parameter.data = size * torch.randn(parameter.shape, generator=generator)
    adapted.save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="module")
def adapter(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_adapter(tiny_folder, tmp_path_factory.mktemp("adapter") / "v2")


def complete(sampler: EmbeddedSampler, count: int = 6) -> list[GeneratedCompletion]:
    requests = [GenerationRequest(str(i), [Message(role="user", content="hi " * i)], i, SETTINGS) for i in range(count)]
    outcomes = list(sampler.generate(requests))
    assert all(isinstance(outcome, GeneratedCompletion) for outcome in outcomes)
    return [outcome for outcome in outcomes if isinstance(outcome, GeneratedCompletion)]


def peft_model(base: Path, adapter: Path) -> Any:
    return PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), adapter).eval()


def log_prob(model: Any, completion: GeneratedCompletion) -> float:
    ids = torch.tensor([completion.prompt_ids + completion.completion_ids])
    with torch.inference_mode():
        logits = model(input_ids=ids, use_cache=False).logits[0, len(completion.prompt_ids) - 1 : -1]
    return float(logits.float().log_softmax(-1).gather(-1, torch.tensor(completion.completion_ids)[:, None]).sum())


def test_completions_have_the_log_probability_that_peft_gives_them(tiny_folder: Path, adapter: Path) -> None:
    reference, base = peft_model(tiny_folder, adapter), AutoModelForCausalLM.from_pretrained(tiny_folder)
    for completion in complete(EmbeddedSampler(tiny_folder, adapter_dir=adapter, dtype="float32")):
        assert completion.logprob_sum == pytest.approx(log_prob(reference, completion), abs=1e-4)
        assert abs(log_prob(base, completion) - log_prob(reference, completion)) > 1, "the adapter must matter"
        assert completion.model == "tiny/v2"


def test_in_bfloat16_too_within_its_precision(tiny_folder: Path, adapter: Path) -> None:
    reference, base = peft_model(tiny_folder, adapter), AutoModelForCausalLM.from_pretrained(tiny_folder)
    for completion in complete(EmbeddedSampler(tiny_folder, adapter_dir=adapter, dtype="bfloat16")):
        expected = log_prob(reference, completion)
        assert completion.logprob_sum == pytest.approx(expected, abs=0.03 * abs(log_prob(base, completion) - expected))


def test_a_small_update_is_not_rounded_away_in_bfloat16(tiny_folder: Path, tmp_path: Path) -> None:
    """Merged into bfloat16 weights this adapter would hardly change one of them: each is below half a step."""
    folder = write_adapter(tiny_folder, tmp_path / "small", size=0.005)
    x = torch.randn(500, 32, generator=torch.Generator().manual_seed(1)).bfloat16()
    loaded = load_model(tiny_folder, adapter_dir=folder, dtype=torch.bfloat16).model
    layer = loaded.model.layers[0].mlp.gate_proj
    assert isinstance(layer, AdaptedLinear)
    stored = load_file(folder / "adapter_model.safetensors")
    name = "base_model.model.model.layers.0.mlp.gate_proj.lora_{}.weight"
    exact = x.float() @ stored[name.format("A")].T @ stored[name.format("B")].T * 2
    added = layer.low_rank(x).float()
    assert float((added - exact).norm() / exact.norm()) < 0.01
    base = AutoModelForCausalLM.from_pretrained(tiny_folder).model.layers[0].mlp.gate_proj.weight.detach().bfloat16()
    update = (stored[name.format("B")] @ stored[name.format("A")]) * 2
    merged = (base.float() + update).bfloat16().float() - base.float()
    assert float((x.float() @ merged.T - exact).norm() / exact.norm()) > 0.5, "why it is kept beside the weight"


def test_scaling_follows_the_adapters_own_settings(tiny_folder: Path, tmp_path: Path) -> None:
    folder = write_adapter(tiny_folder, tmp_path / "rs", use_rslora=True, alpha_pattern={"q_proj": 32})
    reference, base = peft_model(tiny_folder, folder), AutoModelForCausalLM.from_pretrained(tiny_folder)
    for dtype, share in (("float32", 1e-5), ("bfloat16", 0.03)):
        for completion in complete(EmbeddedSampler(tiny_folder, adapter_dir=folder, dtype=dtype), 3):
            expected = log_prob(reference, completion)
            effect = abs(log_prob(base, completion) - expected)
            assert completion.logprob_sum == pytest.approx(expected, abs=share * effect)


def test_what_is_more_than_plain_lora_is_merged_in_float32_and_refused_in_bfloat16(
    tiny_folder: Path, tmp_path: Path
) -> None:
    folder = write_adapter(tiny_folder, tmp_path / "dora", use_dora=True)
    reference = peft_model(tiny_folder, folder)
    for completion in complete(EmbeddedSampler(tiny_folder, adapter_dir=folder, dtype="float32"), 2):
        assert completion.logprob_sum == pytest.approx(log_prob(reference, completion), abs=1e-3)
    with pytest.raises(ModelNotUsable, match=r"more than plain LoRA \(use_dora\)"):
        EmbeddedSampler(tiny_folder, adapter_dir=folder, dtype="bfloat16")


def test_an_adapter_of_another_model_is_named(tiny_folder: Path, tmp_path: Path) -> None:
    other = tiny.save_model(tmp_path / "other", hidden_size=64)
    folder = write_adapter(other, tmp_path / "adapter")
    with pytest.raises(ModelNotUsable, match="does not fit the model"):
        EmbeddedSampler(tiny_folder, adapter_dir=folder)


def test_an_adapter_without_its_files_is_named(tiny_folder: Path, adapter: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelNotUsable, match=r"adapter_config\.json cannot be read"):
        EmbeddedSampler(tiny_folder, adapter_dir=tmp_path)
    (tmp_path / "adapter_config.json").write_bytes((adapter / "adapter_config.json").read_bytes())
    torch.save(load_file(adapter / "adapter_model.safetensors"), tmp_path / "adapter_model.bin")
    with pytest.raises(ModelNotUsable, match="pickled adapters are not loaded"):
        EmbeddedSampler(tiny_folder, adapter_dir=tmp_path)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_an_adapter_with_tensors_missing_is_refused(
    tiny_folder: Path, adapter: Path, tmp_path: Path, dtype: str
) -> None:
    """PEFT fills the gap with a fresh, idle pair and only warns: a version would silently be half of itself."""
    stored = load_file(adapter / "adapter_model.safetensors")
    stored.pop(next(name for name in stored if "layers.1" in name and "lora_B" in name))
    save_file(stored, tmp_path / "adapter_model.safetensors")
    (tmp_path / "adapter_config.json").write_text(json.dumps(json.loads((adapter / "adapter_config.json").read_text())))
    with pytest.raises(ModelNotUsable, match="does not fit the model"):
        EmbeddedSampler(tiny_folder, adapter_dir=tmp_path, dtype=dtype)
