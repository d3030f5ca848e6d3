"""Parts of a decoder layer with a backward of their own, put in place of transformers'.

The same formulas; what autograd would keep and go through again for every small operation is gone through once. On a
CPU that is some hundredths of a step. And the last layer goes on only where a token is scored.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from types import FunctionType, MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from training.engine.errors import InputError

PRE_NORMS = ("input_layernorm", "post_attention_layernorm")
POST_NORM_FAMILIES = frozenset({"olmo2"})  # there such a name is of what is added to the residual stream
_ROTATE = "apply_rotary_pos_emb"


class _Norm(torch.autograd.Function):
    """``y = w x r`` with ``r = (mean(x^2) + eps)^(-1/2)``, RMSNorm (arXiv 1910.07467), in the precision of x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float, dtype: torch.dtype) -> Tensor:
        mean_square = torch.linalg.vector_norm(x, dim=-1, keepdim=True).square_().div_(x.shape[-1])
        scale = mean_square.add_(epsilon).rsqrt_()
        ctx.save_for_backward(x, weight, scale)
        normal: Tensor = x * scale
        return normal.mul_(weight).to(dtype)

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor, Tensor | None, None, None]:
        x, weight, scale = ctx.saved_tensors
        by_weight = None
        if ctx.needs_input_grad[1]:
            by_weight = (outputs[0] * x).mul_(scale).flatten(0, -2).sum(0)
        weighted = outputs[0] * weight
        along = torch.linalg.vecdot(weighted, x).unsqueeze(-1).mul_(scale.pow(3)).div_(-x.shape[-1])
        return weighted.mul_(scale).addcmul_(x, along), by_weight, None, None


class PreNorm(nn.Module):
    """RMSNorm of the residual stream, for linear layers alone: what they would cast is rounded here, once."""

    def __init__(self, source: Any, *, dtype: torch.dtype) -> None:
        super().__init__()
        self.weight: nn.Parameter = source.weight
        self.epsilon, self.dtype = float(source.variance_epsilon), dtype

    def forward(self, x: Tensor) -> Tensor:
        """(..., d) in the master precision to (..., d) in the compute dtype."""
        result: Tensor = _Norm.apply(x, self.weight, self.epsilon, self.dtype)  # type: ignore[no-untyped-call]
        return result


class _Rotation(torch.autograd.Function):
    """Rotary embedding (arXiv 2104.09864): the gradient is turned back by the same angles."""

    @staticmethod
    def forward(ctx: Any, states: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        ctx.save_for_backward(cos, sin)
        return _turned(states, cos, sin)

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor, None, None]:
        cos, sin = ctx.saved_tensors
        return _turned(outputs[0], cos, -sin), None, None


def _turned(states: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """(B, H, T, D) turned by angles whose cosines and sines are (B, T, D), one half like the other; computed in the
    wider precision of both and rounded once."""
    wide = states.transpose(1, 2).to(torch.promote_types(states.dtype, cos.dtype))
    cos, sin = (each.unsqueeze(2).to(wide.dtype) for each in (cos, sin))
    half = states.shape[-1] // 2
    turned = wide * cos
    turned[..., :half].addcmul_(wide[..., half:], sin[..., :half], value=-1)
    turned[..., half:].addcmul_(wide[..., :half], sin[..., half:])
    return turned.to(states.dtype).transpose(1, 2)


def rotate(query: Tensor, key: Tensor, cos: Tensor, sin: Tensor) -> tuple[Tensor, Tensor]:
    """Queries (B, H, T, D) and keys (B, G, T, D), turned; in the dtype they came in."""
    return tuple(_Rotation.apply(states, cos, sin) for states in (query, key))  # type: ignore[no-untyped-call]


def _scored_only(layer: Any, hidden_states: Tensor, *, scored: Tensor | None = None, **named: Any) -> Tensor:
    """A last layer's forward: past its attention only what is ``scored``, places (N,) of the row, goes on."""
    attended, _ = layer.self_attn(hidden_states=layer.input_layernorm(hidden_states), **named)
    residual = hidden_states + attended
    if scored is not None:
        residual = residual.index_select(1, scored)
    result: Tensor = residual + layer.mlp(layer.post_attention_layernorm(residual))
    return result


def replace_parts(model: Any, last: Any, *, dtype: torch.dtype) -> bool:
    """Replace norms and rotary embedding of ``model``, one of FAMILIES, in place; no other model changes.

    Returns whether its ``last`` layer now takes ``scored``, which the model hands through to it.
    """
    pre_norm = model.config.model_type not in POST_NORM_FAMILIES
    for module in list(model.modules()):
        for name in PRE_NORMS:
            if pre_norm and hasattr(module, name):
                setattr(module, name, PreNorm(getattr(module, name), dtype=dtype))
        forward = type(module).forward
        if isinstance(forward, FunctionType) and _ROTATE in forward.__code__.co_names:
            module.forward = MethodType(_turning(forward), module)
    if pre_norm:
        last.forward = MethodType(_scored_only, last)
    return pre_norm


def layers_of(model: Any) -> nn.ModuleList:
    """The layers of a model. Raises InputError where they cannot be told from the rest."""
    count = model.config.get_text_config().num_hidden_layers
    for module in model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == count:
            return module
    raise InputError(f"the {count} layers of the model were not found among its modules")


def checkpoint_layers(model: Any) -> None:
    """From now on a layer's activations are computed again in the backward instead of being kept: the same numbers to
    the last bit, for one more forward."""
    for layer in layers_of(model):
        layer.forward = partial(_checkpointed, layer.forward)


def _checkpointed(forward: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    if not torch.is_grad_enabled():
        return forward(*arguments, **named)
    return checkpoint(forward, *arguments, use_reentrant=False, preserve_rng_state=False, **named)


@cache
def _turning(forward: FunctionType) -> FunctionType:
    """The same function with our ``rotate`` where it calls transformers'."""
    names = {**forward.__globals__, _ROTATE: rotate}
    copy = FunctionType(forward.__code__, names, forward.__name__, forward.__defaults__, forward.__closure__)
    copy.__kwdefaults__ = forward.__kwdefaults__
    return copy
