"""Linear layers whose weights are laid out once for the CPU's matrix kernels (prepacked, in oneDNN's words).

torch lays a weight out for oneDNN at every call; doing it once made decoding 20-40 % faster on two AVX-512 cores. The
two operators are those torch's own compiler uses; where a build lacks them, plain layers stay in place.
With these kernels in bfloat16 a row's result does not depend on how many rows are computed beside it.
"""

from typing import Any

import torch
from torch import Tensor, nn

from training.language_models.adapters import AdaptedLinear

PREPACKABLE = (torch.float32, torch.bfloat16)
PACKED_FOR_ROWS = 64  # always the same, so that the layout, and with it the rounding, never depends on the batch size


class PrepackedLinear(nn.Module):
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


class PrepackedAdaptedLinear(nn.Module):
    """`[x | x A^T] [W | s B]^T + b`: an adapted layer's one product, as the engine computes it."""

    def __init__(self, source: AdaptedLinear) -> None:
        super().__init__()
        stacked, down = source.factors()
        self.down = PrepackedLinear(down, None)
        self.stacked = PrepackedLinear(stacked, source.bias)

    def forward(self, x: Tensor) -> Tensor:
        """[..., in] -> [..., out]"""
        x = x.to(self.stacked.dtype)
        result: Tensor = self.stacked(torch.cat((x, self.down(x)), -1))
        return result


def can_prepack(dtype: torch.dtype) -> bool:
    """Whether this build of torch has the kernels for the dtype."""
    if dtype not in PREPACKABLE or not torch.backends.mkldnn.is_available():
        return False
    try:
        probe = PrepackedLinear(torch.ones(16, 16, dtype=dtype), None)
        return bool(torch.equal(probe(torch.ones(2, 16, dtype=dtype)), torch.full((2, 16), 16, dtype=dtype)))
    except (RuntimeError, AttributeError, NotImplementedError):
        return False


def prepack_linears(model: nn.Module, *, head: nn.Module | None) -> None:
    """Replaces the model's linear layers by prepacked ones, in place; the head computes in float32.

    Logits near 20 have steps of 0.125 in bfloat16, which alone would move log-probabilities by some hundredths.
    """
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, AdaptedLinear):
                setattr(parent, name, PrepackedAdaptedLinear(child))
            elif type(child) is nn.Linear:
                weight = child.weight.detach()
                bias: Any = None if child.bias is None else child.bias.detach()
                if child is head:
                    weight, bias = weight.float(), None if bias is None else bias.float()
                setattr(parent, name, PrepackedLinear(weight, bias))
