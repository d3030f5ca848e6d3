"""Whether a run fits into memory, before its first step: it is refused, or activations are computed twice.

The tensors that autograd saves for a backward are measured on a small row and scaled: all grow with the row's tokens
except the attention weights, which are counted. With gradient checkpointing all layers keep their inputs and one
keeps the rest; what lies outside the layers stays whole. Selective checkpointing keeps the results of linear layers
too. Gradients and the optimizer's state are counted as well.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from training.engine.config import UNQUANTIZED, RunConfig
from training.engine.data.packing import PackedRow, pack_row, pack_rows, pair_tokens
from training.engine.data.records import TokenPair
from training.engine.errors import InputError
from training.engine.events import log
from training.engine.learning.step import state_bytes
from training.engine.model.attention import kept_scores_of, scores_of, tiled
from training.engine.model.forward import VARLEN
from training.engine.model.layers import layers_of
from training.engine.model.parallel import own_rows, world_size
from training.engine.model.policy import TrainedModel
from training.engine.model.weights import CastLinear
from training.language_models.adapters import AdaptedLinear
from training.language_models.four_bits import FourBitLinear

GIB = 2**30
UNKNOWN = 2**62  # bytes: without a known limit no run is refused
# The share that is added for what no count knows: temporary tensors of single operations, and fragmentation.
TRANSIENT = 0.35
OFF, SELECTIVE, ON = WAYS = ("off", "selective", "on")  # of gradient checkpointing, each with less memory and more time


class NotEnoughMemory(InputError):
    """The run would not fit; the message gives its need and the settings that would make it fit."""


@dataclass(frozen=True)
class MemoryNeed:
    """Bytes that a run will ask for beyond what it holds when its model is loaded."""

    state: int  # gradients, the optimizer's memory, copies of the start
    activations: int  # kept by the largest rows that are computed at a time
    activations_checkpointed: int  # the same with gradient checkpointing
    activations_selective: int  # the same with selective checkpointing
    passing: int = 0  # held beside either for the time of one layer: masks, gradients, weights that are computed again

    def kept(self, checkpointing: str) -> int:
        """The bytes that rows keep with one of WAYS."""
        kept = {OFF: self.activations, SELECTIVE: self.activations_selective, ON: self.activations_checkpointed}
        return kept[checkpointing]

    def total(self, checkpointing: str) -> int:
        """All of it at the worst moment, with one of WAYS."""
        return self.state + int((1 + TRANSIENT) * (self.kept(checkpointing) + self.passing))


def memory_need(trained: TrainedModel, pairs: Sequence[TokenPair], config: RunConfig) -> MemoryNeed:
    """Measure on a few of the shortest pairs, and scale to the rows of a step made of the longest."""
    share, keep_last = trained.shares_prefix(config), trained.keeps_last
    sizes = [pair_tokens(pair, share=share, keep_last=keep_last) for pair in pairs]
    ranked = sorted(range(len(pairs)), key=lambda number: (-sizes[number], number))
    longest = ranked[: config.pairs_per_step]
    lanes = trained.lanes.count
    worst = pack_rows(
        pairs,
        longest,
        tokens_per_row=config.tokens_per_row // lanes,
        share=share,
        keep_last=keep_last,
        at_once=lanes,
    )
    small = [pack_row(pairs, ranked[-count:], share=share, keep_last=keep_last) for count in (1, 4)]
    measured = [saved_parts(trained, row) for row in small]
    outside = _Line([(row.tokens, part.outside) for row, part in zip(small, measured, strict=True)])
    inside = _Line(
        [(row.tokens, part.inside - attention_bytes(trained, row)) for row, part in zip(small, measured, strict=True)]
    )
    kept, selective, again, passing = [], [], [], []
    shape = trained.model.config.get_text_config()
    layers = shape.num_hidden_layers
    for row in worst:
        within, besides = inside.at(row.tokens) + attention_bytes(trained, row), outside.at(row.tokens)
        kept.append(besides + within)
        between = layers * row.tokens * shape.hidden_size * trained.master.itemsize
        again.append(besides + within / layers + between)
        results = result_bytes(trained, row)
        selective.append(besides + between + results + max(0.0, within - results) / layers)
        # A layer's gradients are about as large as what it keeps.
        passing.append(inside.at(row.tokens) / layers + passing_bytes(trained, row) + weight_bytes(trained))
    parameters = trained.weights(Path()).parameters().values()
    own = sum(each.numel() * each.element_size() for each in parameters)
    state = own * (2 if config.probe_prompts else 1) + state_bytes(parameters, config)  # with gradients, and the start
    if config.tuning == "full":
        state = -(-state // world_size())  # spread over the processes
    return MemoryNeed(
        state=state,
        activations=_largest(kept, lanes),
        activations_checkpointed=_largest(again, lanes),
        activations_selective=_largest(selective, lanes),
        passing=_largest(passing, lanes),
    )


def _largest(sizes: Sequence[float], count: int) -> int:
    """The sum of the ``count`` largest sizes: of the rows that are computed at a time."""
    return int(sum(sorted(sizes, reverse=True)[:count]))


class _Line:
    """Through two points; through zero and one of them where they are the same."""

    def __init__(self, points: Sequence[tuple[int, int]]) -> None:
        (first, low), (second, high) = points
        self.slope = (high - low) / (second - first) if second > first else low / first
        self.start = low - self.slope * first

    def at(self, place: int) -> float:
        return self.start + self.slope * place


class SavedParts(NamedTuple):
    """Bytes that autograd keeps of a row's forward: within the layers, and of all that lies outside them."""

    inside: int
    outside: int


def saved_bytes(trained: TrainedModel, row: PackedRow) -> int:
    """Bytes that autograd keeps of a row's forward, without the parameters themselves."""
    return sum(saved_parts(trained, row))


def saved_parts(trained: TrainedModel, row: PackedRow) -> SavedParts:
    """The same in its two parts."""
    own = (own_rows(each)[0] for each in [*trained.model.parameters(), *trained.model.buffers()])
    held = {each.untyped_storage().data_ptr() for each in own}
    sizes: tuple[dict[int, int], dict[int, int]] = {}, {}  # outside and inside, by address
    alive: list[Tensor] = []
    inside, gathered = [0], set[int]()

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata in gathered:
            return tensor
        if not any(storage.data_ptr() in known for known in (held, *sizes)):
            sizes[inside[0]][storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)  # else the next one could get the same address
        return tensor

    def entering(layer: nn.Module, *_: Any) -> None:
        inside[0] = 1
        # Weights that are spread over processes are whole for the time of the layer alone, in storages that stay.
        gathered.update(each.untyped_storage()._cdata for each in layer.parameters() if not isinstance(each, DTensor))

    def leaving(*_: Any) -> None:
        inside[0] = 0

    hooks = [
        hook
        for layer in layers_of(trained.model)
        for hook in (layer.register_forward_pre_hook(entering), layer.register_forward_hook(leaving))
    ]
    try:
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            trained.side_values(row)
    finally:
        for hook in hooks:
            hook.remove()
    return SavedParts(inside=sum(sizes[1].values()), outside=sum(sizes[0].values()))


def attention_bytes(trained: TrainedModel, row: PackedRow) -> int:
    """Bytes of the attention weights of all layers: the part that does not grow with the tokens alone. None where they
    are computed again, and where a kernel keeps the normalisers only, which grow with the tokens: ours on CUDA, and
    those of torch (SDPA) in a model that computes one sequence at a time."""
    if trained.forward.attention == VARLEN:
        return 0
    config = trained.model.config.get_text_config()
    if not trained.forward.packs and config._attn_implementation != "eager":
        return 0
    heads = getattr(config, "num_attention_heads", 0)  # models without attention have none
    size = trained.dtype.itemsize
    if trained.forward.packs:
        scores = sum(map(kept_scores_of, tiled(row.segments)))
    else:
        scores = sum((each.stop - each.start) ** 2 for each in row.segments)
        size += 4 if size < 4 else 0  # the softmax is computed in fp32, and kept beside its copy
    return int(scores * heads * config.num_hidden_layers * size)


def result_bytes(trained: TrainedModel, row: PackedRow) -> int:
    """Bytes of the results that selective checkpointing keeps of a row: of all linear layers, and of attention where
    one kernel does it, with a normaliser for each head."""
    shape = trained.model.config.get_text_config()
    kinds = (AdaptedLinear, CastLinear)
    linear = [each for each in layers_of(trained.model).modules() if isinstance(each, kinds)]
    widths = sum(each.out_features for each in linear) * trained.dtype.itemsize
    if trained.forward.attention == VARLEN:
        size = getattr(shape, "head_dim", None) or shape.hidden_size // shape.num_attention_heads
        widths += shape.num_hidden_layers * shape.num_attention_heads * (size * trained.dtype.itemsize + 4)
    return int(row.tokens * widths)


def passing_bytes(trained: TrainedModel, row: PackedRow) -> int:
    """Bytes that one layer's attention holds for a moment: the masks of all tiles, and of the largest tile the two
    gradients of its weights, and the weights themselves where they are computed again."""
    if trained.forward.attention == VARLEN or not trained.forward.packs:
        return 0
    shape = trained.model.config.get_text_config()
    tiles = tiled(row.segments)
    masks = sum(map(scores_of, tiles)) * shape.num_attention_heads // shape.num_key_value_heads
    largest = max((scores_of(tile) * (2 if kept_scores_of(tile) else 3) for tile in tiles), default=0)
    return int((masks + largest * shape.num_attention_heads) * trained.dtype.itemsize)


def weight_bytes(trained: TrainedModel) -> int:
    """Bytes of weights that are whole for a moment. Of a layer that is spread over processes all of them, and those of
    the next one, which are fetched ahead. In four bits the largest matrix, which is read for the time of one product,
    first as it is and then beside the adapter's columns."""
    if trained.quantization == UNQUANTIZED:
        spread = (
            sum(each.numel() * each.element_size() for each in layer.parameters() if isinstance(each, DTensor))
            for layer in layers_of(trained.model)
        )
        return 2 * max(spread, default=0)
    layers = [each for each in trained.model.modules() if isinstance(each, FourBitLinear)]
    sizes = (each.packed.shape.numel() * (2 if each.rank else 1) for each in layers)
    return int(max(sizes, default=0) * trained.dtype.itemsize)


def freed_by_sharding(trained: TrainedModel, processes: int) -> int:
    """Bytes that a process gives back when all weights are spread (tuning=full): all but its part of them, less what is
    whole for a moment: a layer's weights, those of the next one and a layer's gradient, and for the time of a row the
    weights outside the layers, with their gradient. Below zero where that is more."""

    def size(module: nn.Module) -> int:
        return sum(each.numel() * each.element_size() for each in module.parameters())

    layers, held = [size(each) for each in layers_of(trained.model)], size(trained.model)
    whole = 3 * max(layers, default=0) + 2 * (held - sum(layers))
    return held - -(-held // processes) - whole


def available_bytes(config: RunConfig, device: torch.device) -> int:
    """``memory_limit_gib``, or what is free now: on the device, or for this process (its control group counts)."""
    if config.memory_limit_gib:
        return int(config.memory_limit_gib * GIB)
    if device.type == "cuda":
        torch.cuda.empty_cache()  # else what torch keeps for itself counts as used
        return int(torch.cuda.mem_get_info(device)[0])
    processes = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))  # that share this machine's memory
    return min(_meminfo_available(), _control_group_available()) // processes


def _meminfo_available() -> int:
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration):
        return UNKNOWN


def _control_group_available(root: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes left below the limit; memory that the kernel would reclaim (inactive files) counts as free."""
    try:
        limit, used = (int((root / name).read_text()) for name in ("memory.max", "memory.current"))
        lines = (root / "memory.stat").read_text().splitlines()
        return limit - used + next(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
    except (OSError, ValueError, StopIteration):  # no control groups, or no limit ("max")
        return UNKNOWN


def choose_checkpointing(config: RunConfig, needed: MemoryNeed, available: int) -> str:
    """Which activations are computed twice, one of WAYS. Raises NotEnoughMemory when the run would not fit even so."""
    chosen = config.gradient_checkpointing
    if chosen != "auto":
        _refuse_beyond(needed.total(chosen), available, config)
        return chosen
    chosen = next((way for way in WAYS if needed.total(way) <= available), ON)
    _refuse_beyond(needed.total(chosen), available, config)
    if chosen != OFF:
        what = f"about {as_size(needed.total(OFF))} would be needed, {_room(available, config)}"
        log(f"{what}: {'selective' if chosen == SELECTIVE else 'gradient'} checkpointing is on")
    return chosen


def _refuse_beyond(needed: int, available: int, config: RunConfig) -> None:
    if needed > available:
        raise NotEnoughMemory(
            f"about {as_size(needed)} are needed beyond the model itself, {_room(available, config)}: lower "
            "tokens_per_row or max_length, set gradient_checkpointing to on, or train an adapter of a smaller rank"
        )


def _room(available: int, config: RunConfig) -> str:
    return f"{as_size(available)} are {'allowed by memory_limit_gib' if config.memory_limit_gib else 'free'}"


def as_size(count: int) -> str:
    """Bytes in GiB, below one of those in MiB, with two digits at least: 1.25 GiB, 17 MiB, 0.3 MiB."""
    if count >= GIB:
        return f"{count / GIB:.2f} GiB"
    mebibytes = count / 2**20
    return f"{mebibytes:.0f} MiB" if mebibytes >= 10 else f"{mebibytes:.2g} MiB"
