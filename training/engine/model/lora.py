"""Linear layers with a low-rank adapter: ``y = x W^T + b + (alpha / r) (x A^T) B^T`` (LoRA, arXiv 2106.09685).

W is frozen, in the compute dtype; A and B are fp32 master weights (fp64 under fp64). B starts at zero, so the start is
the base model exactly. Read and written in PEFT's format (``adapter_format.py``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, pad

from training.engine.errors import InputError


@dataclass(frozen=True)
class AdapterShape:
    """What two adapters must have in common to be exchanged for one another."""

    rank: int
    alpha: float
    target_modules: tuple[str, ...]


class _AdaptedLinear(torch.autograd.Function):
    """``[x | x A^T] [W | s B]^T + b`` as one product, so that the sum is rounded once.

    Rounding x W^T to bf16 first would swallow every contribution of the adapter below half a unit in the last place:
    a young adapter would have no effect at all. Of the input only the cast copy is kept for backward.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, stacked: Tensor, bias: Tensor | None, a: Tensor, b: Tensor, scale: float
    ) -> Tensor:
        width = x.shape[-1]
        weight, down = stacked[:, :width], a.to(stacked.dtype)
        stacked[:, width:] = b * scale  # rows side by side all write the same
        inputs = x.new_empty(x.shape[:-1].numel(), stacked.shape[1], dtype=stacked.dtype)
        inputs[:, :width] = x.reshape(-1, width)
        torch.mm(inputs[:, :width], down.T, out=inputs[:, width:])
        ctx.save_for_backward(inputs, down, (b * scale).to(stacked.dtype))
        ctx.weight, ctx.scale = weight, scale  # columns that nothing ever writes to
        ctx.input_shape, ctx.input_dtype = x.shape, x.dtype
        return linear(inputs, stacked, bias).view(*x.shape[:-1], -1)

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor | None, None, None, Tensor, Tensor, None]:
        inputs, down, up = ctx.saved_tensors
        width = ctx.weight.shape[1]
        gradient = outputs[0].reshape(-1, len(ctx.weight)).to(inputs.dtype)
        through = gradient @ up
        by_a, by_b = through.T @ inputs[:, :width], gradient.T @ inputs[:, width:]
        by_x = None
        if ctx.needs_input_grad[0]:
            by_x = (gradient @ ctx.weight).addmm_(through, down).view(ctx.input_shape).to(ctx.input_dtype)
        return by_x, None, None, by_a, by_b * ctx.scale, None


class AdaptedLinear(nn.Module):
    """A frozen linear layer, with an adapter if ``shape`` is given. Computes in ``dtype`` whatever comes in."""

    stacked: Tensor  # (out, in + rank): W, and room for the scaled B beside it
    bias: Tensor | None

    def __init__(self, source: nn.Linear, *, dtype: torch.dtype, shape: AdapterShape | None) -> None:
        super().__init__()
        rank = 0 if shape is None else shape.rank
        device = source.weight.device
        stacked = torch.zeros(source.out_features, source.in_features + rank, dtype=dtype, device=device)
        stacked[:, : source.in_features] = source.weight.detach()
        self.register_buffer("stacked", stacked, persistent=False)
        bias = None if source.bias is None else source.bias.detach().to(dtype)
        self.register_buffer("bias", bias, persistent=False)
        self.enabled = True
        self.scale = 0.0
        self.lora_a: nn.Parameter | None = None
        self.lora_b: nn.Parameter | None = None
        if shape is not None:
            master = torch.float64 if dtype == torch.float64 else torch.float32
            self.scale = shape.alpha / rank
            self.lora_a = nn.Parameter(torch.zeros(rank, source.in_features, dtype=master, device=device))
            self.lora_b = nn.Parameter(torch.zeros(source.out_features, rank, dtype=master, device=device))

    @property
    def weight(self) -> Tensor:
        """The frozen W, (out, in)."""
        return self.stacked if self.lora_a is None else self.stacked[:, : self.lora_a.shape[1]]

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) of any float dtype to (..., out) in the compute dtype."""
        if self.lora_a is None or self.lora_b is None:
            return linear(x.to(self.stacked.dtype), self.stacked, self.bias)
        if not self.enabled:
            # The same product with zeros for x A^T, so that no bit differs from an adapter whose B is zero.
            return linear(pad(x.to(self.stacked.dtype), (0, len(self.lora_a))), self.stacked, self.bias)
        result: Tensor = _AdaptedLinear.apply(  # type: ignore[no-untyped-call]
            x, self.stacked, self.bias, self.lora_a, self.lora_b, self.scale
        )
        return result


class Adapter:
    """All adapted layers of a model, by their path in it."""

    def __init__(self, model: nn.Module, shape: AdapterShape) -> None:
        self.shape = shape
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
        """A uniform as PEFT draws it (Kaiming with a = sqrt 5: bound 1 / sqrt(in)), B zero; a function of the seed."""
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


def adapt(model: nn.Module, *, dtype: torch.dtype, shape: AdapterShape, skip: nn.Module | None) -> Adapter:
    """Replace every linear layer of ``model`` in place (but ``skip``, the output head) and freeze all else.

    Layers named in ``shape.target_modules`` carry an adapter. Raises InputError if none of the model's does.
    """
    model.requires_grad_(False)
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if not isinstance(child, nn.Linear) or child is skip:
                continue
            wanted = name in shape.target_modules
            setattr(parent, name, AdaptedLinear(child, dtype=dtype, shape=shape if wanted else None))
    adapter = Adapter(model, shape)
    if not adapter.layers:
        raise InputError(
            f"the model has no linear layer named {', '.join(shape.target_modules)}: set target_modules to its names"
        )
    return adapter


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
