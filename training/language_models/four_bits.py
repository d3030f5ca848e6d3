"""Frozen linear layers in four bits, as QLoRA has them (arXiv 2305.14314): NF4 in blocks of 64, their scales in eight
bits.

bitsandbytes makes the codes and reads them. A layer holds the codes alone; its W exists for the time of one product, in
the forward and again in the backward, and the product is that of ``AdaptedLinear``.
"""

import logging
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, pad

from training.language_models.adapters import AdaptedLinear, is_linear

NF4 = "nf4"
BLOCK = 64
BITS = 4 + 8 / BLOCK + 32 / (BLOCK * 256)
"""Bits that a weight takes with its share of the scales."""


class NotQuantizable(Exception):
    """Four bits cannot be had here. The message says why, without a full stop."""


def library() -> Any:
    """bitsandbytes. Raises NotQuantizable where it is not installed, or cannot be loaded."""
    # It asks for a kernel of products in four bits, which is not used here, and would say that there is none.
    logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)
    try:
        import bitsandbytes
    except (ImportError, OSError, RuntimeError) as error:
        raise NotQuantizable(
            f"bitsandbytes is needed (make install-quantization), and does not load: {error}"
        ) from error
    return bitsandbytes


class NF4Weight:
    """A matrix in four bits, on the device where its codes were made."""

    def __init__(self, weight: Tensor, *, dtype: torch.dtype) -> None:
        """``weight``: (out, in), of any float dtype. ``dtype``: in which it is read. Raises NotQuantizable."""
        functional = library().functional
        # A block a row: bitsandbytes 0.50.2 reads rows that are no multiple of a block wrongly on a CPU.
        blocks = pad(weight.float().flatten(), (0, -weight.numel() % BLOCK)).view(-1, BLOCK)
        try:
            self.codes, self._state = functional.quantize_4bit(
                blocks, blocksize=BLOCK, quant_type=NF4, compress_statistics=True
            )
        except (RuntimeError, NotImplementedError, AttributeError) as error:
            reason = str(error).strip().splitlines()[0]
            raise NotQuantizable(f"bitsandbytes makes no NF4 on {weight.device.type}: {reason}") from error
        self.dtype, self.shape = dtype, weight.shape
        # It writes half precision and fp32; fp64 is read from fp32.
        self._state.dtype = torch.float32 if dtype == torch.float64 else dtype
        self._read = functional.dequantize_4bit

    def read(self) -> Tensor:
        """W as the codes have it, (out, in), made anew."""
        blocks: Tensor = self._read(self.codes, self._state)
        return blocks.flatten()[: self.shape.numel()].view(self.shape).to(self.dtype)


def rounded(weight: Tensor, *, dtype: torch.dtype) -> Tensor:
    """A matrix as four bits have it, (out, in) in ``dtype``. Raises NotQuantizable."""
    return NF4Weight(weight, dtype=dtype).read()


class _Frozen(torch.autograd.Function):
    """``y = x W^T + b`` for a W that is read again in the backward: ``dL/dx = dL/dy W``."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: NF4Weight, bias: Tensor | None) -> Tensor:
        ctx.weight, ctx.dtype = weight, x.dtype
        return linear(x.to(weight.dtype), weight.read(), bias)

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor, None, None]:
        return (outputs[0].to(ctx.weight.dtype) @ ctx.weight.read()).to(ctx.dtype), None, None


class FourBitLinear(AdaptedLinear):
    """The same layer with its W in four bits."""

    def hold(self, weight: Tensor, *, rank: int) -> None:
        """Keep W (out, in) as codes."""
        self.rank = rank
        self.packed = NF4Weight(weight, dtype=self.dtype)
        self.register_buffer("codes", self.packed.codes, persistent=False)  # counted among what the model holds

    def stacked_weight(self) -> Tensor:
        """(out, in + r): W, and zeros for the scaled B."""
        return pad(self.packed.read(), (0, self.rank))

    def weight_again(self) -> Tensor:
        """W for the backward, (out, in): it is not kept from the forward."""
        return self.packed.read()

    @property
    def weight(self) -> Tensor:
        """The frozen W as its codes have it, (out, in)."""
        return self.packed.read()

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) of any float dtype to (..., out) in the compute dtype."""
        if self.rank:
            return super().forward(x)
        result: Tensor = _Frozen.apply(x, self.packed, self.bias)  # type: ignore[no-untyped-call]
        return result

    def as_parameter(self) -> None:
        """Raises NotQuantizable: codes are not spread over processes."""
        raise NotQuantizable("a model in four bits is not spread over processes: set sharding to none")


def move_but_layers(model: nn.Module, device: torch.device, *, head: nn.Module) -> None:
    """Move everything but the linear layers to the device, the head included: those are moved one by one, each as
    codes, so that the device never holds the whole model."""
    for module in model.modules():
        if module is head or not is_linear(module):
            module._apply(lambda tensor: tensor.to(device), recurse=False)
