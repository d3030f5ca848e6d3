"""QLoRA: an adapter beside frozen layers in four bits, with the numbers of the model as bitsandbytes reads it."""

import copy
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from bitsandbytes import functional
from safetensors.torch import load_file
from torch import nn
from transformers import AutoModelForCausalLM

from tests.training.engine import tiny, workshop
from tests.training.engine.workshop import Events, Killed
from training.engine.cli import main
from training.engine.config import RunConfig
from training.engine.data.packing import pack_row
from training.engine.errors import InputError
from training.engine.learning.memory import memory_need, saved_bytes, weight_bytes
from training.engine.measuring.evaluation import open_policy, with_adapter
from training.engine.model.adapter_format import quantization_of
from training.engine.model.merging import merge
from training.engine.model.policy import Policy
from training.language_models.adapters import AdaptedLinear
from training.language_models.four_bits import BITS, NF4, FourBitLinear, NF4Weight


def as_the_library_reads_it(built: nn.Module) -> nn.Module:
    """A copy whose linear layers, the head aside, hold what bitsandbytes makes of their weights and back."""
    read = copy.deepcopy(built)
    for name, module in read.named_modules():
        if isinstance(module, nn.Linear) and name != "lm_head":
            weight = module.weight.data
            codes = functional.quantize_4bit(
                weight.view(-1, 64), blocksize=64, quant_type="nf4", compress_statistics=True
            )
            module.weight.data = functional.dequantize_4bit(*codes).view(weight.shape)
    return read


def both(dtype: torch.dtype, family: str = "llama") -> tuple[Policy, Policy]:
    """A policy in four bits, and one beside the same weights as the library reads them; A and B are the same noise."""
    built = tiny.model(family)
    policies = []
    for model, quantization in ((built, NF4), (as_the_library_reads_it(built), "none")):
        policy = Policy(copy.deepcopy(model), dtype=dtype, shape=tiny.SHAPE, quantization=quantization)
        generator = torch.Generator().manual_seed(1)
        with torch.no_grad():
            for parameter in policy.adapter.parameters().values():
                parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator))
        policies.append(policy)
    return policies[0], policies[1]


@pytest.mark.parametrize("family", ["llama", "qwen3", "gemma2"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_log_probs_and_gradients_are_those_of_the_weights_as_the_library_reads_them_to_the_bit(
    family: str, dtype: torch.dtype
) -> None:
    pairs = tiny.random_pairs(3)
    seen: list[tuple[Any, ...]] = []
    for policy in both(dtype, family):
        row = pack_row(pairs, range(3), share=policy.forward.packs)
        values = policy.side_values(row)
        values.sum().backward()
        gradients = [each.grad for each in policy.adapter.parameters().values()]
        with policy.adapter.switched_off(), torch.no_grad():
            seen.append((values.detach(), policy.side_values(row), *gradients))
    assert all(map(torch.equal, *seen))
    assert not torch.equal(seen[0][0], seen[0][1])  # the adapter does something


def test_a_layer_that_carries_no_adapter_is_read_again_for_the_gradient_too() -> None:
    source, x = nn.Linear(48, 32, bias=True), torch.randn(5, 48, requires_grad=True)
    layer = FourBitLinear(source, dtype=torch.float32)
    assert isinstance(layer, AdaptedLinear)
    expected = nn.functional.linear(x, layer.weight, source.bias)
    torch.testing.assert_close(layer(x), expected, atol=0, rtol=0)
    (given,), (wanted,) = (torch.autograd.grad(each.square().sum(), x) for each in (layer(x), expected))
    torch.testing.assert_close(given, wanted)


@pytest.mark.parametrize("shape", [(512, 1024), (48, 100), (7, 5)])
def test_a_weight_takes_little_more_than_four_bits_and_is_the_nearest_of_sixteen_values(shape: tuple[int, int]) -> None:
    """Of its block of 64, scaled by the block's largest, whose own eight bits cost some thousandths."""
    torch.manual_seed(0)
    weight = torch.randn(shape)
    held = NF4Weight(weight, dtype=torch.float32)
    blocks = nn.functional.pad(weight.flatten(), (0, -weight.numel() % 64)).view(-1, 64)
    values: torch.Tensor = functional.get_4bit_type("nf4", device="cpu")  # type: ignore[no-untyped-call]
    scales = blocks.abs().amax(1, keepdim=True)
    nearest = (blocks / scales).unsqueeze(-1).sub(values).abs().argmin(-1)
    by_hand = (values[nearest] * scales).flatten()[: weight.numel()].view(shape)
    assert float((held.read() - by_hand).norm() / by_hand.norm()) < 0.004
    assert float((held.read() - weight).norm() / weight.norm()) == pytest.approx(0.092, abs=0.02)
    state = held._state
    taken = 8 * (held.codes.nbytes + state.absmax.nbytes + state.state2.absmax.nbytes)
    assert taken == pytest.approx(BITS * blocks.numel(), abs=40)
    assert NF4Weight(weight, dtype=torch.bfloat16).read().dtype == torch.bfloat16


def test_no_weight_in_full_is_kept_for_the_backward_and_the_estimate_counts_the_one_that_is_read() -> None:
    shape: dict[str, Any] = {"hidden_size": 64, "intermediate_size": 512}
    pairs = [tiny.pair([1] * 3, [2] * 2, [3] * 2)]
    row = pack_row(pairs, [0], share=True)
    config = RunConfig(lora_rank=4, target_modules=tiny.SHAPE.target_modules, pairs_per_step=1)
    sizes, needs = [], []
    for quantization in (NF4, "none"):
        policy = Policy(tiny.model(**shape), dtype=torch.float32, shape=tiny.SHAPE, quantization=quantization)
        sizes.append(saved_bytes(policy, row))
        needs.append(memory_need(policy, pairs, config))
        widest = weight_bytes(policy)
        assert widest == (2 * 64 * 512 * 4 if quantization == NF4 else 0)
    assert sizes[0] == sizes[1]
    assert needs[0].passing - needs[1].passing == 2 * 64 * 512 * 4


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    workshop.write_pairs(path / "test.jsonl", 4, first=100)
    return workshop.write_pairs(path / "train.jsonl", 8)


@pytest.fixture(scope="module")
def finished(data: Path, model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Events]:
    out, events = tmp_path_factory.mktemp("run"), Events()
    workshop.run(model_folder, data, out, events, quantization=NF4, epochs=6, learning_rate=0.02)
    return out, events


def test_a_run_begins_at_ln_2_learns_and_says_that_the_model_is_rounded(finished: tuple[Path, Events]) -> None:
    out, events = finished
    steps = events.of("progress")
    assert (steps[0]["margin"], round(steps[0]["hard_loss"], 6)) == (0.0, 0.693147)
    assert steps[-1]["hard_loss"] < 0.3
    assert "four bits (NF4)" in events.of("started")[0]["notes"][0]
    assert quantization_of(out / "adapter") == NF4


def test_killed_and_started_again_it_ends_in_the_same_bytes(
    finished: tuple[Path, Events], data: Path, model_folder: Path, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {"quantization": NF4, "epochs": 6, "learning_rate": 0.02}
    with pytest.raises(Killed):
        workshop.run(model_folder, data, tmp_path / "out", Events(kill_at=("progress", 5)), **settings)
    workshop.run(model_folder, data, tmp_path / "out", **settings)
    for name in ("adapter/adapter_model.safetensors", "reference.safetensors", "margins.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (finished[0] / name).read_bytes()


def test_merged_it_is_the_model_that_was_trained_and_the_answer_states_what_four_bits_lost(
    finished: tuple[Path, Events], model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    adapter, pairs = finished[0] / "adapter", tiny.random_pairs(3)
    options = ["--model", str(model_folder), "--adapter", str(adapter), "--out", str(tmp_path / "merged")]
    assert main(["merge", *options]) == 0
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert answer["base"] == NF4
    assert 0.08 < answer["rounding"] < 0.11
    assert "of their length differs from the stored" in said.err
    config = RunConfig(**{**workshop.SETTINGS, "quantization": NF4})
    policy = open_policy(model_folder, adapter, None, config)
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged").eval()
    with torch.no_grad(), with_adapter(policy, adapter):
        ours = policy.side_log_probs(pack_row(pairs, range(3), share=True)).view(3, 2)
        expected = [
            [tiny.naive_log_prob(merged, each.prompt_ids, side).item() for side in (each.chosen_ids, each.rejected_ids)]
            for each in pairs
        ]
    torch.testing.assert_close(ours, torch.tensor(expected, dtype=torch.float64), atol=1e-4, rtol=0)

    plain = merge(model_folder, adapter, tmp_path / "plain", dtype=torch.float32, as_stored=True)
    assert "rounding" not in plain
    name = "model.embed_tokens.weight"
    layer = "model.layers.0.mlp.up_proj.weight"
    stored, rounded = (load_file(tmp_path / each / "model.safetensors") for each in ("plain", "merged"))
    assert torch.equal(stored[name], rounded[name])
    assert not torch.equal(stored[layer], rounded[layer])


def test_used_beside_another_model_than_it_learned_beside_it_says_so(
    finished: tuple[Path, Events], data: Path, model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["score", "--model", str(model_folder), "--adapter", str(finished[0] / "adapter"), "--data", str(data)]
    assert main([*options, "--out", str(tmp_path / "full.jsonl"), "--set", "device=cpu"]) == 0
    assert "learned beside a model in NF4 and is used beside the full model" in capsys.readouterr().err
    assert (
        main([*options, "--out", str(tmp_path / "nf4.jsonl"), "--set", "device=cpu", "--set", "quantization=nf4"]) == 0
    )
    assert "learned beside" not in capsys.readouterr().err


def test_what_cannot_be_in_four_bits_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="set tuning to lora"):
        RunConfig(quantization=NF4, tuning="full")
    with pytest.raises(InputError, match="sharding to auto or none"):
        RunConfig(quantization=NF4, sharding="full")
    mixture = tiny.model("qwen3_moe", num_experts=4, num_experts_per_tok=2, moe_intermediate_size=16)
    with pytest.raises(InputError, match="this model has other weights too, in experts"):
        Policy(mixture, dtype=torch.float32, shape=tiny.SHAPE, quantization=NF4)
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(InputError, match="make install-quantization"):
        Policy(tiny.model(), dtype=torch.float32, shape=tiny.SHAPE, quantization=NF4)
