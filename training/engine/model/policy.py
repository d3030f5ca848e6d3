"""The model that is trained: an adapter or all of its weights, and the number it gives to every completion of a row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from training.engine.config import UNQUANTIZED, RewardConfig, RunConfig
from training.engine.data.packing import PackedRow
from training.engine.errors import InputError
from training.engine.model.forward import Forward, PackedForward, SequentialForward, check_sees_the_past_alone
from training.engine.model.head import Head
from training.engine.model.lanes import Lanes
from training.engine.model.layers import layers_of, widen_ends
from training.engine.model.lora import Adapter, AdapterShape, adapt
from training.engine.model.parallel import shard, shard_frozen, world_size
from training.engine.model.weights import (
    AdapterWeights,
    ModelWeights,
    Weights,
    fill,
    free_all,
    read_hollow_model,
    read_model,
    stored_weights,
)
from training.language_models.adapters import AdaptedLinear
from training.language_models.families import has_plain_attention
from training.language_models.four_bits import NF4, move_but_layers
from training.language_models.hollow import StoredWeights
from training.language_models.precision import choose_dtype, master_dtype


class TrainedModel(ABC):
    """A causal language model in training that gives every completion of a packed row a number."""

    keeps_last: ClassVar[bool]
    """Whether rows must hold the last token of a completion."""
    has_reference: ClassVar[bool]
    """Whether its numbers are compared with those of a reference."""
    narrow_on: ClassVar[frozenset[str]] = frozenset({"cuda"})
    """Devices on which frozen embeddings and head stay in the compute dtype if they are stored in it: one copy each."""

    def __init__(
        self,
        model: Any,
        *,
        dtype: torch.dtype,
        shape: AdapterShape | None,
        lanes: int = 1,
        quantization: str = UNQUANTIZED,
    ) -> None:
        """Takes the transformers model over: replaces its linear layers and sets it to evaluation mode. With a shape an
        adapter is trained and the rest is frozen; with None everything is trained. ``lanes``: see ``Lanes``; one lane
        is used where rows cannot be computed side by side, or where each lane would hold a gradient of all weights.
        ``quantization``: of the frozen layers, which then may lie elsewhere than the rest."""
        packs = has_plain_attention(model.config)
        # Unknown code may mix dtypes in ways that only work in one precision.
        self.dtype = dtype if packs or dtype == torch.float64 else torch.float32
        self.model, self.master = model, master_dtype(self.dtype)
        output = model.get_output_embeddings()
        if output is None:
            raise InputError("the model has no output head: it must be a causal language model")
        self.quantization, four_bits = quantization, quantization == NF4
        self._adapter = (
            None if shape is None else adapt(model, dtype=self.dtype, shape=shape, skip=output, four_bits=four_bits)
        )
        if self._adapter is None:
            free_all(model, dtype=self.dtype, skip=output)
        narrow = packs and shape is not None and output.weight.device.type in self.narrow_on
        ends = widen_ends(model, master=self.master) if narrow else frozenset()
        for parameter in model.parameters():
            if parameter not in ends or parameter.dtype != self.dtype:
                parameter.data = parameter.data.to(self.master)
        self.head = Head(output, dtype=self.dtype, frozen=self._adapter is not None)
        self.device = self.head.device
        self.forward: Forward = PackedForward(model, self.head) if packs else SequentialForward(model, self.head)
        side_by_side = packs and shape is not None and self.device.type == "cpu" and world_size() == 1
        self.lanes = Lanes(lanes if side_by_side else 1)
        # No dropout anywhere, the functional one inside attention included; nothing here needs training mode.
        model.eval()
        if not packs:
            check_sees_the_past_alone(model, self.device)

    @classmethod
    def load(cls, directory: Path, config: RunConfig, *, shape: AdapterShape | None) -> Self:
        """The model of a folder, in the number format, on the device and in the lanes of a config. Raises InputError
        for a folder without a model, and for a device that is missing."""
        device = _device(config.device)
        dtype = choose_dtype(config.dtype, device)
        if shape is not None and is_spread(config, directory):
            return cls._load_spread(directory, device, dtype=dtype, shape=shape)
        model: Any = read_model(directory)
        output = model.get_output_embeddings()
        if config.quantization == NF4 and output is not None:
            move_but_layers(model, device, head=output)
        else:
            model.to(device)
        return cls(model, dtype=dtype, shape=shape, lanes=config.lanes, quantization=config.quantization)

    @classmethod
    def _load_spread(cls, directory: Path, device: torch.device, *, dtype: torch.dtype, shape: AdapterShape) -> Self:
        """The same with the frozen layers spread over the processes, each of which reads its own rows alone."""
        stored = stored_weights(directory)
        hollow: Any = read_hollow_model(stored, device)
        trained = cls(hollow, dtype=dtype, shape=shape)
        trained.spread(stored)
        return trained

    def spread(self, stored: StoredWeights) -> None:
        """Spread the frozen layers over the processes. Raises InputError where this cannot be done."""
        raise InputError("sharding=full is for preference pairs (train): set it to none")

    @abstractmethod
    def side_values(self, row: PackedRow) -> Tensor:
        """The number of every completion of the row that the loss is computed from: (2 * pairs,) fp64, chosen and
        rejected in turn."""

    @abstractmethod
    def weights(self, source: Path) -> Weights:
        """Everything that is trained; ``source`` is the folder that the model came from."""

    @property
    def adapter(self) -> Adapter:
        """The adapter. Raises InputError where everything is trained."""
        if self._adapter is None:
            raise InputError("all weights are trained: there is no adapter")
        return self._adapter

    @property
    def weights_are_frozen(self) -> bool:
        """Whether an adapter alone is trained."""
        return self._adapter is not None

    def notes(self) -> list[str]:
        """Sentences for people about this model where it differs from others: slower, or with layers left alone."""
        kind = self.model.config.model_type
        notes = []
        if self.quantization == NF4:
            notes.append(
                "the frozen linear layers are in four bits (NF4): the adapter and every number here belong to the "
                "rounded model, and beside the full one the adapter does nearly, not exactly, the same"
            )
        if not self.forward.packs:
            number_format = str(self.dtype).removeprefix("torch.")
            notes.append(
                f"{kind} runs one completion at a time through its own code, in {number_format}: slower, the same "
                "numbers. Its attention is not plain, or nothing proves yet that it is"
            )
        if self._adapter is not None and self._adapter.survey.lacks_default:
            targets = ", ".join(self._adapter.shape.target_modules)
            notes.append(f"{kind} has other names than the default target_modules: the adapter is on {targets}")
        if self._adapter is not None and self._adapter.survey.left_alone:
            notes.append(f"no adapter changes these layers: {', '.join(self._adapter.survey.left_alone)}")
        return notes

    def shares_prefix(self, config: RunConfig) -> bool:
        """Whether a pair's common beginning is computed once."""
        return config.share_prefix and self.forward.packs


class Policy(TrainedModel):
    """The model that DPO trains: the number of a completion is its log-probability."""

    keeps_last = False
    has_reference = True

    def __init__(self, model: Any, **named: Any) -> None:
        """``named``: see ``TrainedModel``."""
        super().__init__(model, **named)
        self._side_values: Callable[[PackedRow], Tensor] = self.side_log_probs

    def weights(self, source: Path) -> Weights:
        """The adapter, or the whole model."""
        if self._adapter is None:
            return ModelWeights(self.model, source)
        return AdapterWeights(self._adapter, str(source), quantization=self.quantization)

    def side_values(self, row: PackedRow) -> Tensor:
        """As ``side_log_probs``; weights that are spread over several processes are gathered for it."""
        return self._side_values(row)

    def side_log_probs(self, row: PackedRow) -> Tensor:
        """Summed log-probability of every completion in the row, in nats: (2 * pairs,) fp64, chosen and rejected in
        turn. The sums are taken in fp64, so that hundreds of tokens do not cost the digits of the fp32 logits."""
        row = self.forward.prepare(row)
        totals = torch.zeros(2 * len(row.pairs), dtype=torch.float64, device=self.device)
        return totals.index_add(0, row.sides, self.forward.token_log_probs(row).double())

    def token_log_probs(self, row: PackedRow) -> Tensor:
        """See ``Forward.token_log_probs``."""
        return self.forward.token_log_probs(self.forward.prepare(row))

    def vocabulary_log_probs(self, row: PackedRow) -> Callable[[slice], Tensor]:
        """See ``Forward.vocabulary_log_probs``."""
        return self.forward.vocabulary_log_probs(self.forward.prepare(row))

    def spread(self, stored: StoredWeights) -> None:
        """Spread the frozen layers over the processes, which leave the adapter and the head whole, and read them."""
        layers = layers_of(self.model)
        for module in layers.modules():
            if isinstance(module, AdaptedLinear):
                module.as_parameter()
        path = next(name for name, module in self.model.named_modules() if module is layers)
        whole = _Whole(self.model, self.side_log_probs)
        within = set(layers.parameters()) - set(self.adapter.parameters().values())
        shard_frozen(whole, list(layers), set(self.model.parameters()) - within)
        fill(layers, path, stored)
        self._side_values = whole

    def shard(self) -> None:
        """Spread all weights over the processes; from now on every process must score as many rows as every other."""
        whole = _Whole(self.model, self.side_log_probs)
        shard(whole, list(layers_of(self.model)))
        self._side_values = whole


class _Whole(nn.Module):
    """Everything that happens to a row as one module: what FSDP gathers for it stays until its end."""

    def __init__(self, model: nn.Module, score: Callable[[PackedRow], Tensor]) -> None:
        super().__init__()
        self.model, self.score = model, score

    def forward(self, row: PackedRow) -> Tensor:
        """As ``Policy.side_log_probs``."""
        return self.score(row)


def is_spread(config: RunConfig, directory: Path) -> bool:
    """Whether several processes share the frozen model of a folder: where the config says so, or, if it leaves that
    open, where its weights take more than half of a GPU (what is left holds what a step keeps). A reward model and a
    run that writes completions cannot share it: they keep it whole as long as it fits at all."""
    if config.tuning != "lora" or world_size() == 1 or config.sharding == "none" or config.quantization == NF4:
        return False
    if config.sharding == "full":
        return True
    if config.device == "cpu" or not torch.cuda.is_available():
        return False
    cannot_share = isinstance(config, RewardConfig) or config.probe_prompts > 0
    most = 0.9 if cannot_share else 0.5
    size = sum(path.stat().st_size for path in directory.glob("*.safetensors"))
    return size > most * torch.cuda.get_device_properties(0).total_memory


def _device(name: str) -> torch.device:
    """``auto`` is CUDA where there is one. Raises InputError for ``cuda`` where torch finds no CUDA device."""
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError("device=cuda, but torch finds no CUDA device")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")
