"""The policy: a frozen causal language model with an adapter, and the log-probabilities it gives to packed rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training.engine import attention
from training.engine.errors import InputError
from training.engine.head import token_log_probs
from training.engine.lora import AdapterShape, adapt
from training.engine.packing import PackedRow

# Families whose layers are plain softmax attention over absolute distances, proven against the naive oracle. Anything
# else runs one completion at a time through the model's own code.
SHARING_FAMILIES = frozenset({"llama", "mistral", "qwen2", "qwen3", "smollm3", "olmo2"})
_STATIC_ROPE = frozenset({"default", "linear", "llama3", "yarn"})


class Policy:
    """A model ready to score packed rows, with the adapter on; ``policy.adapter.switched_off()`` is the base."""

    def __init__(self, model: Any, *, dtype: torch.dtype, shape: AdapterShape) -> None:
        """Takes the transformers model over: replaces its linear layers, freezes it, sets it to evaluation mode."""
        self.model = model
        self.packs = can_pack(model.config)
        # Unknown code may mix dtypes in ways that only work in one precision.
        self.dtype = dtype if self.packs or dtype == torch.float64 else torch.float32
        head = model.get_output_embeddings()
        if head is None:
            raise InputError("the model has no output head: a causal language model is wanted")
        self.adapter = adapt(model, dtype=self.dtype, shape=shape, skip=head)
        master = torch.float64 if self.dtype == torch.float64 else torch.float32
        for parameter in model.parameters():
            parameter.data = parameter.data.to(master)
        self.master = master
        self.head_weight: Tensor = head.weight.detach().to(self.dtype)
        self.device: torch.device = head.weight.device
        # No dropout anywhere, the functional one inside attention included; nothing here needs training mode.
        model.eval()
        if self.packs:
            attention.register()
            self._repeats = model.config.num_attention_heads // model.config.num_key_value_heads
            model.set_attn_implementation(attention.NAME)

    def side_log_probs(self, row: PackedRow) -> Tensor:
        """Summed log-probability of every completion in the row, in nats: (2 * pairs,) fp64, chosen and rejected in
        turn. The sums are taken in fp64, so that hundreds of tokens do not cost the digits of the fp32 logits."""
        row = row.to(self.device)
        per_token = self._packed_log_probs(row) if self.packs else self._one_by_one_log_probs(row)
        totals = torch.zeros(2 * len(row.pairs), dtype=torch.float64, device=self.device)
        return totals.index_add(0, row.sides, per_token.double())

    def _packed_log_probs(self, row: PackedRow) -> Tensor:
        plan = attention.plan_attention(row, repeats=self._repeats, dtype=self.dtype, device=self.device)
        hidden = self.model.base_model(
            input_ids=row.input_ids.unsqueeze(0),
            position_ids=row.position_ids.unsqueeze(0),
            use_cache=False,
            attention_plan=plan,
        ).last_hidden_state[0]
        return token_log_probs(hidden.index_select(0, row.places), self.head_weight, row.targets)

    def _one_by_one_log_probs(self, row: PackedRow) -> Tensor:
        """For unknown architectures (row packed without sharing): every sequence alone, through the model's own
        attention and head."""
        parts = []
        for number, segment in enumerate(row.segments):
            mine = row.sides == number
            input_ids = row.input_ids[segment.start : segment.stop].unsqueeze(0)
            places = row.places[mine] - segment.start
            logits = self.model(input_ids=input_ids, use_cache=False, logits_to_keep=places).logits[0]
            log_probs = torch.log_softmax(logits.to(self.master), dim=-1)
            parts.append(log_probs.gather(1, row.targets[mine, None]))
        return torch.cat(parts).squeeze(1)


def can_pack(config: Any) -> bool:
    """Whether this architecture may run many sequences in one row with our attention."""
    rope = getattr(config, "rope_parameters", None) or {}
    layer_types = set(getattr(config, "layer_types", None) or ["full_attention"])
    return (
        config.model_type in SHARING_FAMILIES
        and rope.get("rope_type", "default") in _STATIC_ROPE
        and layer_types == {"full_attention"}
        and not (getattr(config, "sliding_window", None) and getattr(config, "use_sliding_window", True))
    )


def load_model(directory: Path, *, device: torch.device) -> nn.Module:
    """The causal language model of a folder, in its stored dtype. Raises InputError if there is none."""
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.disable_progress_bar()
    if not directory.is_dir():
        raise InputError(f"the model folder {directory} does not exist")
    try:
        model: nn.Module = AutoModelForCausalLM.from_pretrained(directory, dtype="auto", local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"cannot load the model {directory}: {str(error).strip().splitlines()[0]}") from error
    return model.to(device)


def choose_device(name: str) -> torch.device:
    """``auto`` is CUDA where there is one. Raises InputError when CUDA is asked for and absent."""
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("device=cuda was asked for, but torch finds no CUDA device")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def choose_dtype(name: str, device: torch.device) -> torch.dtype:
    """``auto`` is bfloat16 where matrix products in it are native, else float32."""
    if name != "auto":
        dtype: torch.dtype = getattr(torch, name)
        return dtype
    native = torch.cuda.is_bf16_supported() if device.type == "cuda" else _cpu_has_bfloat16()
    return torch.bfloat16 if native else torch.float32


def _cpu_has_bfloat16() -> bool:
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, name, lambda: False)()) for name in checks)
