"""Families of models that the engine has no code for: right, slower, and nothing about them is silent."""

from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from tests.training.engine import tiny
from training.engine.config import RunConfig
from training.engine.data.packing import pack_row, pack_sequences
from training.engine.errors import InputError
from training.engine.learning.run import load_start
from training.engine.measuring.sampling import sample
from training.engine.model.lora import ALL_LINEAR
from training.engine.model.policy import Policy

BASE: dict[str, Any] = {
    "vocab_size": tiny.VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "bos_token_id": tiny.START,
    "eos_token_id": tiny.EOS,
    "pad_token_id": 0,
    "initializer_range": 0.3,
}
HEADS = {"head_dim": 8}
FAMILIES: dict[str, dict[str, Any]] = {
    "gemma2": {
        **HEADS,
        "attn_logit_softcapping": 2.0,
        "final_logit_softcapping": 3.0,
        "query_pre_attn_scalar": 1,
        "sliding_window": 6,
    },
    "gemma3_text": {**HEADS, "sliding_window": 6},
    "phi3": {},
    "qwen3_moe": {**HEADS, "moe_intermediate_size": 16, "num_experts": 4, "num_experts_per_tok": 2},
    "mistral": {**HEADS, "sliding_window": 6},
    "opt": {"ffn_dim": 48, "word_embed_proj_dim": 32, "init_std": 0.3},
    "gpt_neox": {},
    "cohere": {"logit_scale": 0.5},
    "granite": {"logits_scaling": 3.0, "embedding_multiplier": 4.0},
    "falcon": {"alibi": False, "multi_query": True},
    "llama4_text": {**HEADS, "num_local_experts": 4, "intermediate_size_mlp": 48, "attention_chunk_size": 6},
    "deepseek_v3": {"num_key_value_heads": 4, **tiny.DEEPSEEK},
    "mamba": {"state_size": 4},
    "bart": {
        "d_model": 32,
        "decoder_layers": 2,
        "decoder_attention_heads": 4,
        "decoder_ffn_dim": 48,
        "init_std": 0.3,
    },
}
LEFT_ALONE = {
    "qwen3_moe": ("experts (Qwen3MoeExperts)", "gate (Qwen3MoeTopKRouter)"),
    "llama4_text": ("experts (Llama4TextExperts)", "router (Llama4Router)"),
    "deepseek_v3": (
        "down_proj",
        "gate_proj",
        "up_proj",
        "experts (DeepseekV3Experts)",
        "gate (DeepseekV3TopkRouter)",
    ),
    "mamba": ("out_proj", "mixer (MambaMixer)", "conv1d (Conv1d)"),
}


DEFAULT_LAYERS = {
    "phi3": "down_proj, gate_up_proj, o_proj, qkv_proj",
    "opt": "fc1, fc2, k_proj, out_proj, q_proj, v_proj",
    "gpt_neox": "dense, dense_4h_to_h, dense_h_to_4h, query_key_value",
    "qwen3_moe": "k_proj, o_proj, q_proj, v_proj",
    "falcon": "dense, dense_4h_to_h, dense_h_to_4h, query_key_value",
    "deepseek_v3": "kv_a_proj_with_mqa, kv_b_proj, o_proj, q_a_proj, q_b_proj",
    "mamba": "dt_proj, in_proj, x_proj",
    "bart": "fc1, fc2, k_proj, out_proj, q_proj, v_proj",
}
"""The families that lack one of the default names, and their linear layers."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for family, more in FAMILIES.items():
        torch.manual_seed(0)
        built = AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **{**BASE, **more}), dtype=torch.float32)
        made[family] = tmp_path_factory.mktemp(family)
        built.save_pretrained(made[family])
    return made


def config_of(**settings: Any) -> RunConfig:
    return RunConfig(
        **{"target_modules": (ALL_LINEAR,), "lora_rank": 2, "dtype": "float32", "device": "cpu", **settings}
    )


def log_probs(model: Any) -> list[float]:
    """Of the sides of some pairs, by plain forward passes."""
    with torch.no_grad():
        return [
            float(tiny.naive_log_prob(model, each.prompt_ids, side))
            for each in tiny.random_pairs(3, longest=14)
            for side in (each.chosen_ids, each.rejected_ids)
        ]


def engines(policy: Policy) -> list[float]:
    pairs = tiny.random_pairs(3, longest=14)
    share = policy.shares_prefix(config_of())
    with torch.no_grad():
        values: list[float] = policy.side_log_probs(pack_row(pairs, range(3), share=share)).tolist()
    return values


@pytest.mark.parametrize("family", FAMILIES)
def test_log_probs_are_those_of_transformers_eager_and_with_an_adapter_those_of_peft(
    folders: dict[str, Path], family: str, tmp_path: Path
) -> None:
    eager = AutoModelForCausalLM.from_pretrained(folders[family], attn_implementation="eager", dtype=torch.float32)
    policy = load_start(Policy, folders[family], None, config_of())
    assert engines(policy) == pytest.approx(log_probs(eager.eval()), abs=2e-3)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in policy.adapter.parameters().values():
            parameter.copy_(0.1 * torch.randn(parameter.shape, generator=generator))
    before = log_probs(eager)
    tiny.save_adapter(tmp_path, policy, base_model=str(folders[family]))
    adapted = peft.PeftModel.from_pretrained(eager, tmp_path).eval()
    theirs = log_probs(adapted)
    assert engines(policy) == pytest.approx(theirs, abs=2e-3)
    assert theirs != pytest.approx(before, abs=0.1)


@pytest.mark.parametrize("family", FAMILIES)
def test_it_says_what_is_slower_and_which_layers_no_adapter_changes(folders: dict[str, Path], family: str) -> None:
    policy = load_start(Policy, folders[family], None, config_of())
    slower, *rest = policy.notes()
    assert slower.startswith(f"{family} runs one completion at a time through its own code, in float32")
    assert policy.adapter.survey.left_alone == LEFT_ALONE.get(family, ())
    assert bool(rest) == (family in LEFT_ALONE)


def test_every_named_module_must_be_there_and_the_models_own_names_are_listed(folders: dict[str, Path]) -> None:
    with pytest.raises(InputError, match=r"\(down_proj, gate_up_proj, o_proj, qkv_proj\), or to all-linear"):
        load_start(Policy, folders["phi3"], None, config_of(target_modules=("o_proj", "qkv_porj")))


@pytest.mark.parametrize(("family", "layers"), DEFAULT_LAYERS.items())
def test_the_default_is_every_linear_layer_where_the_model_has_other_names(
    folders: dict[str, Path], family: str, layers: str, tmp_path: Path
) -> None:
    default = config_of(target_modules=RunConfig().target_modules)
    policy = load_start(Policy, folders[family], None, default)
    assert ", ".join(policy.adapter.shape.target_modules) == layers
    assert any(f"{family} has other names than the default" in note and layers in note for note in policy.notes())
    tiny.save_adapter(tmp_path, policy, base_model=str(folders[family]))
    base = AutoModelForCausalLM.from_pretrained(folders[family], dtype=torch.float32)
    adapted = peft.PeftModel.from_pretrained(base, tmp_path)
    assert len(peft.get_peft_model_state_dict(adapted)) == len(policy.adapter.parameters())
    again = load_start(Policy, folders[family], tmp_path, default)
    assert again.adapter.shape == policy.adapter.shape


@pytest.mark.parametrize(("family", "name"), [("deepseek_v3", "gate_proj"), ("mamba", "out_proj")])
def test_a_layer_on_which_peft_loads_no_adapter_carries_none(folders: dict[str, Path], family: str, name: str) -> None:
    with pytest.raises(InputError, match=f"load no adapter on {name} of this model: leave them out"):
        load_start(Policy, folders[family], None, config_of(target_modules=(name,)))


@pytest.mark.parametrize("family", ["bert", "roberta"])
@pytest.mark.parametrize("tuning", ["lora", "full"])
def test_a_model_that_sees_later_words_is_refused(family: str, tuning: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **BASE)).save_pretrained(tmp_path)
    with pytest.raises(InputError, match=f"a {family} sees a text's later words"):
        load_start(Policy, tmp_path, None, config_of(tuning=tuning))


@pytest.mark.parametrize("family", FAMILIES)
def test_samples_are_drawn_from_what_the_policy_is_scored_by(folders: dict[str, Path], family: str) -> None:
    policy = load_start(Policy, folders[family], None, config_of())
    prompts: list[tuple[int, ...]] = [(1, 2, 3), (4,), (9, 8, 7, 6, 5, 4, 3, 2, 9)]
    completions = sample(policy, prompts, eos_ids=frozenset({tiny.EOS}), max_tokens=6, seed=3)
    chances = torch.rand(len(prompts), 6, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    for number, (prompt, completion) in enumerate(zip(prompts, completions, strict=True)):
        row = pack_sequences([(prompt, completion)])
        reached = policy.vocabulary_log_probs(row)(slice(None)).double().exp().cumsum(1)
        for place, token in enumerate(completion):
            low = float(reached[place, token - 1]) if token else 0.0
            assert low - 1e-4 <= chances[number, place] <= float(reached[place, token]) + 1e-4


def test_the_default_names_are_taken_where_the_model_has_them(folders: dict[str, Path]) -> None:
    policy = load_start(Policy, folders["gemma2"], None, config_of(target_modules=RunConfig().target_modules))
    assert policy.adapter.shape.target_modules == tuple(sorted(RunConfig().target_modules))
    assert not any("default" in note for note in policy.notes())


def test_layers_that_are_not_named_are_said(folders: dict[str, Path]) -> None:
    policy = load_start(Policy, folders["opt"], None, config_of(target_modules=("q_proj", "v_proj")))
    assert policy.notes()[1] == "no adapter changes these layers: fc1, fc2, k_proj, out_proj"


def test_a_model_without_linear_layers_says_which_it_has(tmp_path: Path) -> None:
    config = AutoConfig.for_model("gpt2", n_embd=32, n_layer=2, n_head=4, n_positions=64, vocab_size=tiny.VOCABULARY)
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    with pytest.raises(InputError, match=r"could carry an adapter; it has c_attn \(Conv1D\), c_proj \(Conv1D\)"):
        load_start(Policy, tmp_path, None, config_of())


def test_an_adapter_on_all_linear_layers_goes_on_and_another_one_is_refused(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    for name, targets in (("all", (ALL_LINEAR,)), ("some", ("o_proj",))):
        policy = load_start(Policy, folders["phi3"], None, config_of(target_modules=targets))
        (tmp_path / name).mkdir()
        tiny.save_adapter(tmp_path / name, policy, base_model="phi3")
    again = load_start(Policy, folders["phi3"], tmp_path / "all", config_of())
    assert again.adapter.shape.target_modules == ("down_proj", "gate_up_proj", "o_proj", "qkv_proj")
    with pytest.raises(InputError, match="is on o_proj, not on down_proj, gate_up_proj, o_proj, qkv_proj"):
        load_start(Policy, folders["phi3"], tmp_path / "some", config_of())
