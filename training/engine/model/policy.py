"""The policy: a causal language model of which an adapter or everything is trained, and the log-probabilities it gives
to packed rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from training.engine.config import RunConfig
from training.engine.data.packing import PackedRow
from training.engine.errors import InputError
from training.engine.model import attention
from training.engine.model.head import token_log_probs, trained_token_log_probs, vocabulary_log_probs
from training.engine.model.lanes import Lanes
from training.engine.model.layers import replace_parts
from training.engine.model.lora import Adapter, AdapterShape, adapt
from training.engine.model.parallel import shard, world_size
from training.engine.model.varlen import varlen_works
from training.engine.model.weights import AdapterWeights, ModelWeights, Weights, free_all, read_model
from training.language_models.families import has_plain_attention
from training.language_models.precision import choose_dtype, master_dtype


class Policy:
    """A model ready to score packed rows. With an adapter, ``policy.adapter.switched_off()`` is the base."""

    keeps_last = False
    """Whether rows must hold the last token of a completion."""
    has_reference = True
    """Whether ``side_values`` mean something only beside those of a reference."""

    def __init__(self, model: Any, *, dtype: torch.dtype, shape: AdapterShape | None, lanes: int = 1) -> None:
        """Takes the transformers model over: replaces its linear layers, sets it to evaluation mode. With a shape an
        adapter is trained and all else is frozen; with None everything is trained. ``lanes``: see ``Lanes``; it is one
        where rows cannot be computed side by side, or a gradient of everything would be held for each."""
        self.model = model
        self.packs = has_plain_attention(model.config)
        # Unknown code may mix dtypes in ways that only work in one precision.
        self.dtype = dtype if self.packs or dtype == torch.float64 else torch.float32
        self.head = model.get_output_embeddings()
        if self.head is None:
            raise InputError("the model has no output head: a causal language model is wanted")
        self._adapter = None if shape is None else adapt(model, dtype=self.dtype, shape=shape, skip=self.head)
        if self._adapter is None:
            free_all(model, dtype=self.dtype, skip=self.head)
        self.master = master_dtype(self.dtype)
        for parameter in model.parameters():
            parameter.data = parameter.data.to(self.master)
        self.frozen_head: Tensor | None = None if self._adapter is None else self.head.weight.detach().to(self.dtype)
        self.device: torch.device = self.head.weight.device
        self._sharded: nn.Module | None = None
        alone = not self.packs or shape is None or self.device.type != "cpu" or world_size() > 1
        self.lanes = Lanes(1 if alone else lanes)
        if self.packs:
            attention.register()
            self._trims = replace_parts(model, self.layers[-1], dtype=self.dtype)
            self._repeats = model.config.num_attention_heads // model.config.num_key_value_heads
            model.set_attn_implementation(attention.NAME)
        # No dropout anywhere, the functional one inside attention included; nothing here needs training mode.
        model.eval()
        self.varlen = self.packs and varlen_works(model.config, self.dtype, self.device)

    @classmethod
    def load(cls, directory: Path, config: RunConfig, *, shape: AdapterShape | None) -> Self:
        """The model of a folder, in the number format, on the device and in the lanes of a config. Raises InputError
        for a folder without a model, and for a device that is not there."""
        device = _device(config.device)
        model: Any = read_model(directory)
        dtype = choose_dtype(config.dtype, device)
        return cls(model.to(device), dtype=dtype, shape=shape, lanes=config.lanes)

    @property
    def adapter(self) -> Adapter:
        """The adapter. Raises InputError where everything is trained."""
        if self._adapter is None:
            raise InputError("all weights are trained: there is no adapter")
        return self._adapter

    def weights(self, source: Path) -> Weights:
        """What is trained; ``source`` is the folder that the model came from."""
        if self._adapter is None:
            return ModelWeights(self.model, source)
        return AdapterWeights(self._adapter, str(source))

    def side_values(self, row: PackedRow) -> Tensor:
        """What the loss is made of, one number for every completion of the row: its log-probability."""
        if self._sharded is not None:
            values: Tensor = self._sharded(row)
            return values
        return self.side_log_probs(row)

    def shard(self) -> None:
        """Spread all weights over the processes; from now on every process must score as many rows as every other."""
        self._sharded = _Whole(self.model, self.side_log_probs)
        shard(self._sharded, list(self.layers))

    def side_log_probs(self, row: PackedRow) -> Tensor:
        """Summed log-probability of every completion in the row, in nats: (2 * pairs,) fp64, chosen and rejected in
        turn. The sums are taken in fp64, so that hundreds of tokens do not cost the digits of the fp32 logits."""
        row = row.to(self.device)
        totals = torch.zeros(2 * len(row.pairs), dtype=torch.float64, device=self.device)
        return totals.index_add(0, row.sides, self.token_log_probs(row).double())

    def token_log_probs(self, row: PackedRow) -> Tensor:
        """Log-probability of every scored token of the row, in nats: (N,), fp32 or fp64, in the order of its labels."""
        row = row.to(self.device)
        return self._packed_log_probs(row) if self.packs else self._one_by_one_log_probs(row)

    def vocabulary_log_probs(self, row: PackedRow) -> Callable[[slice], Tensor]:
        """A function from a part of the row's N scored places to the log-probabilities of all tokens there, (n, V) in
        the master precision. Without gradient."""
        row = row.to(self.device)
        with torch.no_grad():
            if not self.packs:
                logits = torch.cat([logits for logits, _ in self._one_by_one_logits(row)])
                return lambda part: torch.log_softmax(logits[part], dim=-1)
            hidden, weight = self.hidden_states(row, row.places), self._present_head()
        return lambda part: vocabulary_log_probs(hidden[part].to(self.dtype).to(self.master), weight)

    def head_log_probs(self, hidden: Tensor) -> Tensor:
        """The log-probabilities of all tokens after some hidden states (n, d): (n, V). Without gradient."""
        return vocabulary_log_probs(hidden.detach().to(self.dtype).to(self.master), self._present_head())

    def _present_head(self) -> Tensor:
        return self.head.weight.detach().to(self.dtype) if self.frozen_head is None else self.frozen_head

    def hidden_states(self, row: PackedRow, places: Tensor) -> Tensor:
        """The last hidden states at some places (N,) of a row that lies on the policy's device, (N, d) in the master
        precision."""
        if not self.packs:
            parts = [
                self.model.base_model(
                    input_ids=row.input_ids[each.start : each.stop].unsqueeze(0), use_cache=False
                ).last_hidden_state[0]
                for each in row.segments
            ]
            return torch.cat(parts).index_select(0, places)
        plan = attention.plan_attention(
            row, repeats=self._repeats, dtype=self.dtype, device=self.device, varlen=self.varlen
        )
        states: Tensor = self.model.base_model(
            input_ids=row.input_ids.unsqueeze(0),
            position_ids=row.position_ids.unsqueeze(0),
            use_cache=False,
            attention_plan=plan,
            scored=places if self._trims else None,
        ).last_hidden_state[0]
        return states if self._trims else states.index_select(0, places)

    def _packed_log_probs(self, row: PackedRow) -> Tensor:
        hidden = self.hidden_states(row, row.places)
        if self.frozen_head is None:
            return trained_token_log_probs(hidden, self.head.weight, row.targets, self.dtype)
        return token_log_probs(hidden, self.frozen_head, row.targets)

    def _one_by_one_log_probs(self, row: PackedRow) -> Tensor:
        parts = [
            torch.log_softmax(logits, dim=-1).gather(1, targets[:, None])
            for logits, targets in self._one_by_one_logits(row)
        ]
        return torch.cat(parts).squeeze(1)

    def _one_by_one_logits(self, row: PackedRow) -> Iterator[tuple[Tensor, Tensor]]:
        """For unknown architectures (row packed without sharing): every sequence alone, through the model's own
        attention and head. Yields logits (n, V) in the master precision and targets (n,)."""
        for number, segment in enumerate(row.segments):
            mine = row.sides == number
            input_ids = row.input_ids[segment.start : segment.stop].unsqueeze(0)
            places = row.places[mine] - segment.start
            logits = self.model(input_ids=input_ids, use_cache=False, logits_to_keep=places).logits[0]
            yield logits.to(self.master), row.targets[mine]

    def checkpoint_layers(self) -> None:
        """From now on a layer's activations are computed again in the backward instead of being kept: the same
        numbers to the last bit, for one more forward."""
        for layer in self.layers:
            layer.forward = partial(_checkpointed, layer.forward)

    @property
    def layers(self) -> nn.ModuleList:
        """The model's layers. Raises InputError where they cannot be told from the rest."""
        count = self.model.config.get_text_config().num_hidden_layers
        for module in self.model.modules():
            if isinstance(module, nn.ModuleList) and len(module) == count:
                return module
        raise InputError(f"the {count} layers of the model were not found among its modules")


class _Whole(nn.Module):
    """Everything that happens to a row as one module: what FSDP gathers for it stays until its end."""

    def __init__(self, model: nn.Module, score: Callable[[PackedRow], Tensor]) -> None:
        super().__init__()
        self.model, self.score = model, score

    def forward(self, row: PackedRow) -> Tensor:
        """As ``Policy.side_log_probs``."""
        return self.score(row)


def _checkpointed(forward: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    if not torch.is_grad_enabled():
        return forward(*arguments, **named)
    return checkpoint(forward, *arguments, use_reentrant=False, preserve_rng_state=False, **named)


def _device(name: str) -> torch.device:
    """``auto`` is CUDA where there is one. Raises InputError when CUDA is asked for and absent."""
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("device=cuda was asked for, but torch finds no CUDA device")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")
