"""The adapter of a whole model: the LoRA layers (``AdaptedLinear``) by their path, and their A and B.

B starts at zero, so the start is the base model exactly. Read and written in PEFT's format (``adapter_format.py``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from training.engine.config import LINEAR_PROJECTIONS
from training.engine.errors import InputError
from training.language_models.adapters import AdaptedLinear, is_linear
from training.language_models.families import names_without_adapter
from training.language_models.four_bits import FourBitLinear, NotQuantizable

ALL_LINEAR = "all-linear"
_DEFAULT = tuple(sorted(LINEAR_PROJECTIONS))


@dataclass(frozen=True)
class AdapterShape:
    """The settings that two adapters must share to be exchanged for one another."""

    rank: int
    alpha: float
    target_modules: tuple[str, ...]

    def unlike(self, other: AdapterShape) -> str:
        """Which of its settings are others than those of ``other``, in their own names."""
        named = [
            ("lora_rank", self.rank, other.rank),
            ("lora_alpha", f"{self.alpha:g}", f"{other.alpha:g}"),
            ("target_modules", ",".join(self.target_modules), ",".join(other.target_modules)),
        ]
        return " and ".join(f"{name}={own}, not {theirs}" for name, own, theirs in named if own != theirs)


@dataclass(frozen=True)
class Survey:
    """The layers that an adapter reaches, by the last part of their paths. ``linear``: all linear layers that may carry
    one, without the head; ``unmatched``: target modules that name no linear layer; ``left_alone``: other weights that
    no adapter changes, of linear layers or of other kinds (a mixture's experts, GPT-2's Conv1D), without embeddings,
    head and norms."""

    linear: tuple[str, ...]
    unmatched: tuple[str, ...]
    left_alone: tuple[str, ...]
    lacks_default: bool = False
    """Whether the default names were asked for and the model has others: all linear layers then carry an adapter."""
    unreadable: tuple[str, ...] = ()
    """Target modules on which an adapter would be lost outside of the engine."""

    def check_parent(self, adapter: Path) -> None:
        """Raises InputError where training on would go on with layers that PEFT loses."""
        if self.unreadable:
            raise InputError(
                f"PEFT and what builds on it lose what the adapter {adapter} has on {', '.join(self.unreadable)}: "
                "merge it into the model, and start from that"
            )

    def check(self) -> None:
        """Raises InputError, with the model's own names, where a target module names no layer."""
        if self.unreadable:
            raise InputError(
                f"PEFT and what builds on it load no adapter on {', '.join(self.unreadable)} of this model: leave them "
                f"out of target_modules ({', '.join(self.linear)}), or set it to {ALL_LINEAR}"
            )
        if not self.unmatched:
            return
        raise InputError(
            f"the model has no linear layer named {', '.join(self.unmatched)}: set target_modules to its names "
            f"({', '.join(self.linear) or 'it has none'}), or to {ALL_LINEAR}"
        )


class Adapter:
    """All adapted layers of a model, by their path in it."""

    def __init__(self, model: nn.Module, shape: AdapterShape, survey: Survey) -> None:
        self.shape, self.survey = shape, survey
        self.layers: dict[str, AdaptedLinear] = {
            name: module
            for name, module in model.named_modules()
            if isinstance(module, AdaptedLinear) and module.lora_a is not None
        }

    def parameters(self) -> dict[str, nn.Parameter]:
        """Trainable parameters, named as PEFT names them inside the model: ``<path>.lora_A`` and ``<path>.lora_B``."""
        named: dict[str, nn.Parameter] = {}
        for name, layer in self.layers.items():
            assert layer.lora_a is not None
            assert layer.lora_b is not None
            named[f"{name}.lora_A"] = layer.lora_a
            named[f"{name}.lora_B"] = layer.lora_b
        return named

    def initialise(self, seed: int) -> None:
        """Draw A uniformly as PEFT does (Kaiming with a = sqrt 5: bound 1 / sqrt(in)) and set B to zero, from the seed
        alone."""
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, parameter in self.parameters().items():
                if name.endswith("lora_B"):
                    parameter.zero_()
                    continue
                bound = 1.0 / math.sqrt(parameter.shape[1])
                drawn = torch.rand(parameter.shape, generator=generator, dtype=torch.float32)
                parameter.copy_((2.0 * drawn - 1.0) * bound)

    def load(self, state: dict[str, Tensor]) -> None:
        """Copy A and B in. Raises InputError if names or shapes are not exactly those of this adapter."""
        copy_into(self.parameters(), state, what="adapter")

    @contextmanager
    def switched_off(self) -> Iterator[None]:
        """The base model alone, for the time of the block."""
        before = {name: layer.enabled for name, layer in self.layers.items()}
        try:
            for layer in self.layers.values():
                layer.enabled = False
            yield
        finally:
            for name, layer in self.layers.items():
                layer.enabled = before[name]


def adapt(
    model: nn.Module,
    *,
    dtype: torch.dtype,
    shape: AdapterShape,
    skip: nn.Linear,
    four_bits: bool = False,
) -> Adapter:
    """Replace every linear layer of ``model`` in place, except ``skip``, the output head, and freeze all else.

    Layers named in ``shape.target_modules`` carry an adapter (see ``targets_of``). ``four_bits``: the layers go to the
    head's device one by one, and keep their weights there in four bits. Raises InputError if none of the model's layers
    carries an adapter, and where four bits cannot be had.
    """
    model.requires_grad_(False)
    found, others = _layers_with_weights(model, skip)
    without = names_without_adapter(model.config)
    linear = tuple(name for name in found if name not in without)
    if four_bits and others:
        raise InputError(
            f"quantization=nf4 is for linear layers, and this model has other weights too, in {', '.join(others)}: set "
            "it to none"
        )
    asked, shape = shape, replace(shape, target_modules=targets_of(shape.target_modules, linear))
    survey = Survey(
        linear=linear,
        unmatched=tuple(name for name in shape.target_modules if name not in found),
        left_alone=(*(name for name in found if name not in shape.target_modules), *others),
        unreadable=tuple(name for name in shape.target_modules if name in found and name in without),
        lacks_default=asked.target_modules == _DEFAULT != shape.target_modules,
    )
    scale = shape.alpha / shape.rank
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if not is_linear(child) or child is skip:
                continue
            rank = shape.rank if name in shape.target_modules else 0
            replacement: AdaptedLinear
            if four_bits:
                replacement = _in_four_bits(child, skip.weight.device, dtype=dtype, rank=rank, scale=scale)
            else:
                replacement = AdaptedLinear(child, dtype=dtype, rank=rank, scale=scale)
            setattr(parent, name, replacement)
    adapter = Adapter(model, shape, survey)
    if not adapter.layers:
        survey.check()
        raise InputError(f"the model has no linear layer that could carry an adapter; it has {', '.join(others)}")
    return adapter


def _in_four_bits(
    child: nn.Linear, device: torch.device, *, dtype: torch.dtype, rank: int, scale: float
) -> FourBitLinear:
    try:
        return FourBitLinear(child.to(device), dtype=dtype, rank=rank, scale=scale)
    except NotQuantizable as error:
        raise InputError(f"quantization=nf4 cannot be used: {error}") from error


def is_open(names: tuple[str, ...]) -> bool:
    """Whether the model decides which layers some sorted names stand for: ALL_LINEAR, and the default."""
    return names in ((ALL_LINEAR,), _DEFAULT)


def targets_of(names: tuple[str, ...], linear: tuple[str, ...]) -> tuple[str, ...]:
    """The layers that carry an adapter in a model with these linear layers: every one for ALL_LINEAR, and for the
    default names where the model lacks one of them (Phi-3 has qkv_proj); else those of the names."""
    lacks_default = names == _DEFAULT and not set(names) <= set(linear)
    return linear if names == (ALL_LINEAR,) or lacks_default else names


def _layers_with_weights(model: nn.Module, skip: nn.Module | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the linear layers, and of other modules with matrices of their own, each once and in order."""
    linear: dict[str, None] = {}
    others: dict[str, None] = {}
    for path, module in model.named_modules():
        if module is skip or isinstance(module, nn.Embedding):
            continue
        name = path.rpartition(".")[2]
        if is_linear(module):
            linear[name] = None
        elif any(each.dim() > 1 for each in module.parameters(recurse=False)):
            others[f"{name} ({type(module).__name__})"] = None
    return tuple(sorted(linear)), tuple(others)


def copy_into(own: dict[str, nn.Parameter], state: dict[str, Tensor], *, what: str) -> None:
    """Copy values into parameters. Raises InputError if names or shapes are not exactly theirs."""
    missing, unknown = sorted(own.keys() - state.keys()), sorted(state.keys() - own.keys())
    if missing or unknown:
        raise InputError(
            f"the {what} does not fit: {len(missing)} layers missing ({missing[:1]}), "
            f"{len(unknown)} unknown ({unknown[:1]})"
        )
    with torch.no_grad():
        for name, parameter in own.items():
            if parameter.shape != state[name].shape:
                raise InputError(
                    f"the {what}'s {name} has shape {tuple(state[name].shape)}, not {tuple(parameter.shape)}"
                )
            parameter.copy_(state[name])
