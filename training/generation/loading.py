"""A model folder, and an adapter if there is one, into memory: ready to decode on the CPU."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from training.generation.default_model import quiet_libraries
from training.generation.errors import ModelNotUsable
from training.generation.linear import AdaptedLinear, LowRank, can_pack, pack_linears

# What an adapter may hold beside plain low-rank pairs; each of these changes more than a sum can express.
MORE_THAN_LOW_RANK = ("use_dora", "modules_to_save", "trainable_token_indices", "lora_bias", "layer_replication")


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready to decode, and what the sampler must know of it."""

    model: PreTrainedModel
    tokenizer: Any
    context: int
    """Tokens that prompt and completion may have together."""
    end_ids: frozenset[int]
    """Tokens that end a completion."""


def native_dtype() -> torch.dtype:
    """bfloat16 where this CPU multiplies it natively (twice as fast as float32, and half the memory), else float32."""
    able = torch.cpu.get_capabilities()
    return torch.bfloat16 if able.get("avx512_bf16") or able.get("amx_bf16") else torch.float32


def load_model(model_dir: Path, *, adapter_dir: Path | None, dtype: torch.dtype) -> LoadedModel:
    """Reads a folder in the layout of transformers, safetensors only. Raises ModelNotUsable.

    In float32 and float64 the adapter is merged into the weights by PEFT. In bfloat16 it stays beside them (see
    `LowRank`), which allows plain LoRA only, as vLLM does.
    """
    if not (model_dir / "config.json").is_file():
        raise ModelNotUsable(f"{model_dir} is no model folder: it has no config.json.")
    try:
        with quiet_libraries():
            tokenizer = AutoTokenizer.from_pretrained(model_dir)
            model: Any = AutoModelForCausalLM.from_pretrained(
                model_dir, dtype=dtype, use_safetensors=True, attn_implementation="sdpa"
            )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelNotUsable(
            f"{model_dir} cannot be loaded as a causal language model: {_first_line(error)}"
        ) from error
    if not getattr(tokenizer, "chat_template", None):
        raise ModelNotUsable(f"The tokenizer of {model_dir} has no chat template, so it cannot read a conversation.")
    if adapter_dir is not None:
        model = _adapt(model, adapter_dir, dtype)
    model.eval().requires_grad_(False)
    config = model.config.get_text_config()
    loaded = LoadedModel(model, tokenizer, config.max_position_embeddings, _end_ids(model, tokenizer))
    if can_pack(dtype):
        pack_linears(model, head=model.get_output_embeddings())
    return loaded


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _end_ids(model: PreTrainedModel, tokenizer: Any) -> frozenset[int]:
    named = getattr(model.generation_config, "eos_token_id", None)
    ids = {tokenizer.eos_token_id, *(named if isinstance(named, list) else [named])} - {None}
    if not ids:
        raise ModelNotUsable(f"{model.config.name_or_path} names no end-of-turn token: completions would never end.")
    return frozenset(ids)


def _adapt(model: PreTrainedModel, adapter_dir: Path, dtype: torch.dtype) -> PreTrainedModel:
    from peft import PeftModel, get_peft_model_state_dict

    try:
        config = json.loads((adapter_dir / "adapter_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelNotUsable(f"{adapter_dir} is no adapter folder: adapter_config.json cannot be read.") from error
    if not (adapter_dir / "adapter_model.safetensors").is_file():
        raise ModelNotUsable(f"{adapter_dir} has no adapter_model.safetensors (pickled adapters are not loaded).")
    try:
        with quiet_libraries():
            adapted: Any = PeftModel.from_pretrained(model, str(adapter_dir))
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelNotUsable(f"The adapter in {adapter_dir} does not fit the model: {_first_line(error)}") from error
    with safe_open(adapter_dir / "adapter_model.safetensors", framework="pt") as file:
        odd = set(file.keys()) ^ set(get_peft_model_state_dict(adapted))
    if odd:  # PEFT only warns, and fills a gap with a pair that does nothing
        raise ModelNotUsable(f"The adapter in {adapter_dir} does not fit the model: {len(odd)} tensors, as {min(odd)}.")
    if dtype != torch.bfloat16:
        merged: PreTrainedModel = adapted.merge_and_unload(safe_merge=True)
        return merged
    extras = [name for name in MORE_THAN_LOW_RANK if config.get(name)]
    if config.get("peft_type") != "LORA" or extras:
        what = ", ".join(extras) or str(config.get("peft_type"))
        raise ModelNotUsable(
            f"The adapter in {adapter_dir} is more than plain LoRA ({what}): sample it with dtype float32."
        )
    _keep_beside(adapted.base_model.model, adapter_dir, dtype)
    return model


def _keep_beside(model: nn.Module, adapter_dir: Path, dtype: torch.dtype) -> None:
    """Replaces PEFT's layers by a plain layer and the low-rank product, in place."""
    from peft.tuners.lora import LoraLayer

    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if not isinstance(child, LoraLayer):
                continue
            layer: Any = child
            base = layer.get_base_layer()
            if type(base) is not nn.Linear:
                raise ModelNotUsable(f"The adapter in {adapter_dir} changes {name}, which is no linear layer.")
            down, up = (weights["default"].weight.detach() for weights in (layer.lora_A, layer.lora_B))
            low_rank = LowRank(down.to(dtype), up.float(), layer.scaling["default"])
            setattr(parent, name, AdaptedLinear(base, low_rank.to(dtype)))
