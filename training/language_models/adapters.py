"""A linear layer with a low-rank adapter: ``y = x W^T + b + s (x A^T) B^T``, s = alpha / r (LoRA, arXiv 2106.09685).

W is frozen, in the compute dtype; A and B are fp32 master weights (fp64 under fp64). The engine trains this layer, and
the embedded sampler computes the same product, so that an adapter has the same effect in both.
"""

from collections.abc import Callable
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, pad

from training.language_models.precision import master_dtype


class _OneProduct(torch.autograd.Function):
    """``y = [x | x A^T] [W | s B]^T + b`` as one product, so that the sum is rounded once.

    Rounding x W^T to bf16 first would swallow every contribution of the adapter below half a unit in the last place:
    a young adapter would have no effect at all. Of the input only the cast copy is kept for backward. ``again`` gives
    W to the backward where it shall not be kept.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        stacked: Tensor,
        bias: Tensor | None,
        a: Tensor,
        b: Tensor,
        scale: float,
        again: Callable[[], Tensor] | None,
    ) -> Tensor:
        width = x.shape[-1]  # x (..., in)   stacked (out, in + r)   a (r, in)   b (out, r)
        weight, down = stacked[:, :width], a.to(stacked.dtype)  # W (out, in)   A (r, in)
        stacked[:, width:] = b * scale  # s B (out, r); rows side by side all write the same
        inputs = x.new_empty(x.shape[:-1].numel(), stacked.shape[1], dtype=stacked.dtype)  # (N, in + r)
        inputs[:, :width] = x.reshape(-1, width)
        torch.mm(inputs[:, :width], down.T, out=inputs[:, width:])  # x A^T (N, r)
        ctx.save_for_backward(inputs, down, (b * scale).to(stacked.dtype))
        ctx.weight = (lambda: weight) if again is None else again  # columns that nothing ever writes to
        ctx.scale, ctx.input_shape, ctx.input_dtype = scale, x.shape, x.dtype
        return linear(inputs, stacked, bias)  # (N, out); no view: some models change it in place (Falcon)

    @staticmethod
    def backward(
        ctx: Any, *outputs: Tensor
    ) -> tuple[Tensor | None, None, None, Tensor | None, Tensor | None, None, None]:
        """With g = dL/dy: ``dL/dA = (g s B)^T x``, ``dL/dB = s g^T (x A^T)``, ``dL/dx = g W + (g s B) A``."""
        inputs, down, up = ctx.saved_tensors  # [x | x A^T] (N, in + r)   A (r, in)   s B (out, r)
        width = down.shape[1]
        gradient = outputs[0].to(inputs.dtype)  # g (N, out)
        through = gradient @ up  # g s B (N, r)
        by_a = through.T @ inputs[:, :width] if ctx.needs_input_grad[3] else None  # (r, in)
        by_b = gradient.T @ inputs[:, width:] * ctx.scale if ctx.needs_input_grad[4] else None  # (out, r)
        by_x = None
        if ctx.needs_input_grad[0]:
            by_x = (gradient @ ctx.weight()).addmm_(through, down).view(ctx.input_shape).to(ctx.input_dtype)
        return by_x, None, None, by_a, by_b, None, None


def is_linear(module: nn.Module) -> TypeGuard[nn.Linear]:
    """Whether a module computes what a linear layer does, and nothing else: some routers of experts are linear layers
    that return more (Llama 4)."""
    if not isinstance(module, nn.Linear) or type(module).forward is nn.Linear.forward:
        return isinstance(module, nn.Linear)
    x = torch.linspace(-1, 1, module.in_features, dtype=module.weight.dtype, device=module.weight.device).unsqueeze(0)
    near = max(1e-3, 8 * torch.finfo(x.dtype).eps) if x.is_floating_point() else 0.0  # it may round more often (Falcon)
    try:
        with torch.no_grad():
            y, plain = module(x), linear(x, module.weight, module.bias)
    except RuntimeError:  # it wants another shape (DeepSeek V4)
        return False
    return isinstance(y, Tensor) and y.shape == plain.shape and torch.allclose(y, plain, rtol=near, atol=near)


class AdaptedLinear(nn.Module):
    """A frozen linear layer, with an adapter if ``rank`` is above 0. Computes in ``dtype`` whatever comes in."""

    stacked: Tensor  # (out, in + r): W, and room for the scaled B beside it
    bias: Tensor | None

    def __init__(self, source: nn.Linear, *, dtype: torch.dtype, rank: int = 0, scale: float = 0.0) -> None:
        """``scale``: s = alpha / r. A and B are zero."""
        super().__init__()
        device = source.weight.device
        self.dtype, self.in_features, self.out_features = dtype, source.in_features, source.out_features
        self.hold(source.weight.detach(), rank=rank)
        bias = None if source.bias is None else source.bias.detach().to(dtype)
        self.register_buffer("bias", bias, persistent=False)
        self.enabled = True
        self.scale = scale
        self.lora_a: nn.Parameter | None = None
        self.lora_b: nn.Parameter | None = None
        if rank:
            master = master_dtype(dtype)
            self.lora_a = nn.Parameter(torch.zeros(rank, source.in_features, dtype=master, device=device))
            self.lora_b = nn.Parameter(torch.zeros(source.out_features, rank, dtype=master, device=device))

    def hold(self, weight: Tensor, *, rank: int) -> None:
        """Keep W (out, in) in the compute dtype, with room for the scaled B beside it."""
        stacked = torch.zeros(weight.shape[0], weight.shape[1] + rank, dtype=self.dtype, device=weight.device)
        stacked[:, : weight.shape[1]] = weight
        self.register_buffer("stacked", stacked, persistent=False)

    def stacked_weight(self) -> Tensor:
        """(out, in + r): W, and room for the scaled B beside it."""
        return self.stacked

    weight_again: Callable[[], Tensor] | None = None
    """Gives W to the backward where it is not kept from the forward."""

    @property
    def weight(self) -> Tensor:
        """The frozen W, (out, in)."""
        return self.stacked if self.lora_a is None else self.stacked[:, : self.lora_a.shape[1]]

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) of any float dtype to (..., out) in the compute dtype."""
        if self.lora_a is None or self.lora_b is None:
            return linear(x.to(self.dtype), self.stacked_weight(), self.bias)
        if not self.enabled:
            # The same product with zeros for x A^T, so that no bit differs from an adapter whose B is zero.
            return linear(pad(x.to(self.dtype), (0, len(self.lora_a))), self.stacked_weight(), self.bias)
        result: Tensor = _OneProduct.apply(  # type: ignore[no-untyped-call]
            x, self.stacked_weight(), self.bias, self.lora_a, self.lora_b, self.scale, self.weight_again
        )
        return result.view(*x.shape[:-1], -1)

    def as_parameter(self) -> None:
        """Hold W as a frozen parameter, no buffer: parameters alone are spread over processes."""
        stacked = self.stacked
        del self.stacked
        self.register_parameter("stacked", nn.Parameter(stacked, requires_grad=False))

    @torch.no_grad()
    def load(self, a: Tensor, b: Tensor) -> None:
        """Copy A (r, in) and B (out, r) in. Raises ValueError without an adapter."""
        if self.lora_a is None or self.lora_b is None:
            raise ValueError("this layer has no adapter")
        self.lora_a.copy_(a)
        self.lora_b.copy_(b)

    @torch.no_grad()
    def factors(self) -> tuple[Tensor, Tensor]:
        """``[W | s B]`` (out, in + r) and ``A`` (r, in) in the compute dtype: the factors of the one product.

        Raises ValueError without an adapter.
        """
        if self.lora_a is None or self.lora_b is None:
            raise ValueError("this layer has no adapter")
        up, down = (self.lora_b * self.scale).to(self.dtype), self.lora_a.to(self.dtype)
        return torch.cat((self.weight, up), 1), down
