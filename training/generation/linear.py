"""Linear layers laid out once for the CPU's matrix kernels, with LoRA beside the weights.

torch re-orders a weight for oneDNN at every call; doing it once made decoding 20-40 % faster on two AVX-512 cores. The
two operators are those torch's own compiler uses; where a build lacks them, plain layers stay in place.
With these kernels in bfloat16 a row's result does not depend on how many rows are computed beside it.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

PACKABLE = (torch.float32, torch.bfloat16)
PACKED_FOR_ROWS = 64  # always the same, so that the layout, and with it the rounding, never depends on the batch size


class LowRank(nn.Module):
    """What one LoRA adapter adds to a linear layer: x A' B', with the scaling inside B.

    Kept beside a bfloat16 weight instead of added to it: most of a small update is below half a step of bfloat16 and
    would be rounded away, and the sampler would write as if it had not been trained.
    """

    def __init__(self, down: Tensor, up: Tensor, scaling: float) -> None:
        """`down` [rank, in], `up` [out, rank]."""
        super().__init__()
        self.register_buffer("down", down)
        self.register_buffer("up", up * scaling)
        self.down: Tensor
        self.up: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """[..., in] -> [..., out]"""
        return functional.linear(functional.linear(x, self.down), self.up)


class PackedLinear(nn.Module):
    """A linear layer whose weight is laid out once. Computes in its own dtype, whatever comes in."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        """`weight` [out, in], `bias` [out]."""
        super().__init__()
        self.dtype = weight.dtype
        self.bias = bias
        self.packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), PACKED_FOR_ROWS)

    def forward(self, x: Tensor) -> Tensor:
        """[..., in] -> [..., out]"""
        result: Tensor = torch.ops.mkldnn._linear_pointwise(x.to(self.dtype), self.packed, self.bias, "none", [], "")
        return result


class AdaptedLinear(nn.Module):
    """A linear layer and what an adapter adds to it."""

    def __init__(self, base: nn.Module, low_rank: LowRank) -> None:
        super().__init__()
        self.base, self.low_rank = base, low_rank

    def forward(self, x: Tensor) -> Tensor:
        """[..., in] -> [..., out]"""
        result: Tensor = self.base(x) + self.low_rank(x)
        return result


def can_pack(dtype: torch.dtype) -> bool:
    """Whether this build of torch has the packed kernels for the dtype."""
    if dtype not in PACKABLE or not torch.backends.mkldnn.is_available():
        return False
    try:
        probe = PackedLinear(torch.ones(16, 16, dtype=dtype), None)
        return bool(torch.equal(probe(torch.ones(2, 16, dtype=dtype)), torch.full((2, 16), 16, dtype=dtype)))
    except (RuntimeError, AttributeError, NotImplementedError):
        return False


def pack_linears(model: nn.Module, *, head: nn.Module | None) -> None:
    """Replaces the model's linear layers by packed ones, in place; the head computes in float32.

    Logits near 20 have steps of 0.125 in bfloat16, which alone would move log-probabilities by some hundredths.
    """
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear:
                weight = child.weight.detach()
                bias: Any = None if child.bias is None else child.bias.detach()
                if child is head:
                    weight, bias = weight.float(), None if bias is None else bias.float()
                setattr(parent, name, PackedLinear(weight, bias))
