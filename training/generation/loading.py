"""A model folder, and an adapter if there is one, into memory: ready to decode on the CPU."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import nn
from transformers import AutoTokenizer, PreTrainedModel

from training.generation.errors import ModelNotUsable
from training.generation.linear import can_prepack, prepack_linears
from training.language_models.adapters import AdaptedLinear, is_linear
from training.language_models.loading import ModelNotLoadable, first_line, load_model, quiet_libraries

# An adapter may hold these beside plain low-rank pairs; each of them changes more than a sum can express.
MORE_THAN_LOW_RANK = ("use_dora", "modules_to_save", "trainable_token_indices", "lora_bias", "layer_replication")


@dataclass(frozen=True, slots=True)
class SamplingModel:
    """A model ready to decode, and what the sampler must know of it."""

    model: PreTrainedModel
    tokenizer: Any
    context: int
    """Tokens that prompt and completion may have together."""
    end_ids: frozenset[int]
    """Tokens that end a completion."""


def load_for_sampling(model_dir: Path, *, adapter_dir: Path | None, dtype: torch.dtype) -> SamplingModel:
    """Reads a folder in the layout of transformers, safetensors only. Raises ModelNotUsable.

    In float32 and float64 the adapter is merged into the weights by PEFT. In bfloat16 it stays beside them (see
    `AdaptedLinear`), which allows plain LoRA only, as vLLM does.
    """
    try:
        model = load_model(model_dir, dtype=dtype)
    except ModelNotLoadable as error:
        raise ModelNotUsable(f"{error}.") from error
    tokenizer = _tokenizer(model_dir)
    if adapter_dir is not None:
        model = _adapt(model, adapter_dir, dtype)
    model.eval().requires_grad_(False)
    config = model.config.get_text_config()
    loaded = SamplingModel(model, tokenizer, config.max_position_embeddings, _end_ids(model, tokenizer))
    if can_prepack(dtype):
        prepack_linears(model, head=model.get_output_embeddings())
    return loaded


def _tokenizer(model_dir: Path) -> Any:
    try:
        with quiet_libraries():
            tokenizer: Any = AutoTokenizer.from_pretrained(model_dir, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise ModelNotUsable(f"The tokenizer of {model_dir} cannot be loaded: {first_line(error)}") from error
    if not getattr(tokenizer, "chat_template", None):
        raise ModelNotUsable(f"The tokenizer of {model_dir} has no chat template, so it cannot read a conversation.")
    return tokenizer


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
        raise ModelNotUsable(f"The adapter in {adapter_dir} does not fit the model: {first_line(error)}") from error
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
    """Replaces PEFT's layers by the engine's, in place: bfloat16 weights would swallow most of a small update."""
    from peft.tuners.lora import LoraLayer

    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if not isinstance(child, LoraLayer):
                continue
            layer: Any = child
            base = layer.get_base_layer()
            if not is_linear(base):
                raise ModelNotUsable(f"The adapter in {adapter_dir} changes {name}, which is no linear layer.")
            a, b = (weights["default"].weight.detach() for weights in (layer.lora_A, layer.lora_B))
            adapted = AdaptedLinear(base, dtype=dtype, rank=len(a), scale=layer.scaling["default"])
            adapted.load(a, b)
            setattr(parent, name, adapted)
