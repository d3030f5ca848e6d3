"""A model version is a base and an adapter: the sampler says what PEFT's model says."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from tests.training.engine import tiny
from training.engine.config import RunConfig
from training.engine.data.packing import pack_row
from training.engine.data.records import TokenPair
from training.engine.events import StopRequest
from training.engine.measuring.evaluation import score
from training.generation import (
    EmbeddedSampler,
    GeneratedCompletion,
    GenerationRequest,
    Message,
    ModelNotUsable,
    SamplingSettings,
)
from training.generation.decoding import decoder_for
from training.generation.linear import PrepackedAdaptedLinear, can_prepack
from training.generation.loading import SamplingModel, load_for_sampling
from training.language_models.adapters import AdaptedLinear
from training.language_models.loading import load_model

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
    loaded = load_for_sampling(tiny_folder, adapter_dir=folder, dtype=torch.bfloat16).model
    layer = loaded.model.layers[0].mlp.gate_proj
    assert isinstance(layer, PrepackedAdaptedLinear if can_prepack(torch.bfloat16) else AdaptedLinear)
    stored = load_file(folder / "adapter_model.safetensors")
    name = "base_model.model.model.layers.0.mlp.gate_proj.lora_{}.weight"
    update = stored[name.format("B")] @ stored[name.format("A")] * 2
    base = AutoModelForCausalLM.from_pretrained(tiny_folder).model.layers[0].mlp.gate_proj.weight.detach().bfloat16()
    exact, plain = x.float() @ update.T, x.float() @ base.float().T
    with torch.inference_mode():
        arrived = layer(x).float() - plain
    merged = (base.float() + update).bfloat16().float() - base.float()
    assert float((arrived * exact).sum() / (exact**2).sum()) == pytest.approx(1.0, abs=0.1)
    assert float((x.float() @ merged.T - exact).norm() / exact.norm()) > 0.5, "why it is kept beside the weight"


def sampled_log_probs(loaded: SamplingModel, pairs: Sequence[TokenPair]) -> list[float]:
    """Log-probabilities of every token of both sides of all pairs, as the sampler decodes them, side by side."""
    decoder = decoder_for(loaded.model, max_rows=2 * len(pairs), max_tokens=10**6)
    completions, log_probs = [ids for pair in pairs for ids in (pair.chosen_ids, pair.rejected_ids)], []
    for pair in pairs:
        prompt = decoder.prefill(list(pair.prompt_ids))
        for ids in (pair.chosen_ids, pair.rejected_ids):
            log_probs.append(prompt.logits.float().log_softmax(-1)[ids[0]])
            decoder.add(prompt, len(pair.prompt_ids) + len(ids))
    for place in range(1, max(map(len, completions))):
        logits = decoder.step([ids[min(place, len(ids)) - 1] for ids in completions]).float().log_softmax(-1)
        log_probs += [row[ids[place]] for row, ids in zip(logits, completions, strict=True) if place < len(ids)]
    return [float(each) for each in log_probs]


def test_a_young_adapter_has_in_the_sampler_the_effect_that_score_gives_it(tmp_path: Path) -> None:
    """After one step of Adam at a learning rate of 1e-4 every entry of B is 1e-4 or its negative, and what the adapter
    adds to a layer is below a half of bfloat16's last place. It must not be rounded away on either path."""
    shape: dict[str, Any] = {"hidden_size": 256, "intermediate_size": 512, "head_dim": 64, "initializer_range": 0.05}
    folder, pairs = tiny.save_model(tmp_path / "model", **shape), tiny.random_pairs(40, longest=40)
    policy = tiny.policy_of(load_model(folder), dtype=torch.bfloat16, seed=None)
    policy.side_log_probs(pack_row(pairs, range(len(pairs)), share=True)).sum().backward()
    with torch.no_grad():
        for name, parameter in policy.adapter.parameters().items():
            if name.endswith("lora_B"):
                assert parameter.grad is not None
                parameter.copy_(1e-4 * parameter.grad.sign())
    adapter, data = tmp_path / "adapter", tmp_path / "pairs.jsonl"
    adapter.mkdir()
    weights = policy.weights(folder)
    weights.write(adapter, weights.state())
    fields = ("prompt_ids", "chosen_ids", "rejected_ids")
    records = (
        {"chosen": "", "rejected": "", "prompt": "-", **{name: getattr(pair, name) for name in fields}}
        for pair in pairs
    )
    data.write_text("".join(json.dumps(record) + "\n" for record in records))
    config = RunConfig(dtype="bfloat16", device="cpu")
    read, scores = score(folder, adapter, None, data, config, stop=StopRequest())
    expected = (scores.chosen_log_ratio.sum() + scores.rejected_log_ratio.sum()) / (
        scores.chosen_tokens.sum() + scores.rejected_tokens.sum()
    )
    with_adapter, without = (
        sampled_log_probs(load_for_sampling(folder, adapter_dir=each, dtype=torch.bfloat16), read.pairs)
        for each in (adapter, None)
    )
    assert len(with_adapter) == scores.chosen_tokens.sum() + scores.rejected_tokens.sum()
    assert expected > 1e-3, "nats a token: the step was one uphill"
    assert float(np.mean(with_adapter) - np.mean(without)) == pytest.approx(expected, rel=0.25)


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
