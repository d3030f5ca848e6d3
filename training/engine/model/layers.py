"""Parts of a decoder layer with a backward of their own, in place of those of transformers.

The formulas are the same; one pass over the data replaces those that autograd makes for every small operation. On a
CPU that saves some hundredths of a step. The last layer computes its feed-forward part only where a token is scored.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import (
    CheckpointPolicy,
    checkpoint,
    create_selective_checkpoint_contexts,
    noop_context_fn,
)
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from training.engine.errors import InputError

PRE_NORMS = ("input_layernorm", "post_attention_layernorm")
ATTENTION_KERNELS = frozenset(
    {
        "torch_attn::_varlen_attn",
        "aten::_scaled_dot_product_flash_attention",
        "aten::_scaled_dot_product_flash_attention_for_cpu",
        "aten::_scaled_dot_product_efficient_attention",
        "aten::_scaled_dot_product_cudnn_attention",
    }
)
KEPT = ATTENTION_KERNELS | {"aten::mm", "aten::addmm"}  # the linear layers, and attention where one kernel does it
POST_NORM_FAMILIES = frozenset({"olmo2"})  # there these norms come after attention and MLP, before the sum


class _Norm(torch.autograd.Function):
    """``y = w x r`` with ``r = (mean(x^2) + eps)^(-1/2)``, RMSNorm (arXiv 1910.07467, equation 4), in x's precision."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float, dtype: torch.dtype) -> Tensor:
        mean_square = torch.linalg.vector_norm(x, dim=-1, keepdim=True).square_().div_(x.shape[-1])  # (..., 1)
        scale = mean_square.add_(epsilon).rsqrt_()  # r, (..., 1)
        ctx.save_for_backward(x, weight, scale)
        normal: Tensor = x * scale  # (..., d)
        return normal.mul_(weight).to(dtype)

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor, Tensor | None, None, None]:
        """With g = dL/dy, d the width: ``dL/dx = r (w g) - x r^3 ((w g) . x) / d``, ``dL/dw = sum g x r``."""
        x, weight, scale = ctx.saved_tensors  # (..., d), (d,), (..., 1)
        by_weight = None
        if ctx.needs_input_grad[1]:
            by_weight = (outputs[0] * x).mul_(scale).flatten(0, -2).sum(0)  # (d,)
        weighted = outputs[0] * weight  # w g, (..., d)
        along = torch.linalg.vecdot(weighted, x).unsqueeze(-1).mul_(scale.pow(3)).div_(-x.shape[-1])  # (..., 1)
        return weighted.mul_(scale).addcmul_(x, along), by_weight, None, None


class PreNorm(nn.Module):
    """RMSNorm of the residual stream, read by linear layers only: its result is rounded once, to their dtype."""

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


def _heads(attention: Any, name: str, hidden_states: Tensor) -> Tensor:
    """Queries, keys or values (``name`` is q, k or v) of hidden states (B, T, d): (B, heads, T, D)."""
    states: Tensor = getattr(attention, f"{name}_proj")(hidden_states)  # (B, T, heads D)
    norm = getattr(attention, f"{name}_norm", None)
    if norm is not None:  # over each head in Qwen3, over all of them in OLMo 2: the weight has that width
        states = norm(states.view(*states.shape[:2], -1, norm.weight.shape[0]))
    return states.view(*hidden_states.shape[:2], -1, attention.head_dim).transpose(1, 2)


def _self_attention(
    attention: Any,
    hidden_states: Tensor,
    position_embeddings: tuple[Tensor, Tensor],
    attention_mask: Tensor | None = None,
    past_key_values: Any = None,
    **named: Any,
) -> tuple[Tensor, None]:
    """The forward of every family's self-attention, with ``rotate`` for transformers' rotary embedding.

    ``attention``: the module. Hidden states (B, T, d), cosines and sines (B, T, D); returns (B, T, d).
    """
    query, key, value = (_heads(attention, name, hidden_states) for name in ("q", "k", "v"))
    if getattr(attention, "use_rope", True):  # SmolLM3 leaves it out in every fourth layer
        query, key = rotate(query, key, *position_embeddings)
    if past_key_values is not None:
        key, value = past_key_values.update(key, value, attention.layer_idx)
    attend = ALL_ATTENTION_FUNCTIONS[attention.config._attn_implementation]
    mixed, _ = attend(attention, query, key, value, attention_mask, scaling=attention.scaling, **named)  # (B, T, H, D)
    return attention.o_proj(mixed.reshape(*hidden_states.shape[:2], -1)), None


def _scored_only(layer: Any, hidden_states: Tensor, *, scored: Tensor | None = None, **named: Any) -> Tensor:
    """The last layer's forward: after attention only the ``scored`` places (N,) of the row go on."""
    attended, _ = layer.self_attn(hidden_states=layer.input_layernorm(hidden_states), **named)
    residual = hidden_states + attended
    if scored is not None:
        residual = residual.index_select(1, scored)
    result: Tensor = residual + layer.mlp(layer.post_attention_layernorm(residual))
    return result


def replace_parts(model: Any, *, dtype: torch.dtype) -> bool:
    """Replace norms and rotary embedding of ``model``, one of FAMILIES, in place; no other model changes.

    Returns whether its last layer now takes ``scored``, which the model passes on to it.
    """
    pre_norm = model.config.model_type not in POST_NORM_FAMILIES
    layers: list[Any] = list(layers_of(model))
    for layer in layers:
        layer.self_attn.forward = MethodType(_self_attention, layer.self_attn)
        for name in PRE_NORMS if pre_norm else ():
            setattr(layer, name, PreNorm(getattr(layer, name), dtype=dtype))
    if pre_norm:
        layers[-1].forward = MethodType(_scored_only, layers[-1])
    return pre_norm


def scored_only_modules(model: Any) -> frozenset[nn.Module]:
    """The modules that see the ``scored`` places alone in a model whose last layer takes them (``replace_parts``)."""
    last: Any = layers_of(model)[-1]
    return frozenset(last.mlp.modules())


def widen_ends(model: Any, *, master: torch.dtype) -> frozenset[nn.Parameter]:
    """Have the embeddings of a packed model give the master precision, whatever they are stored in. Returns their
    weights and the head's, of which then no wider copy is needed: packed rows call ``Head``, never the model's own."""
    embeddings = model.get_input_embeddings()
    embeddings.register_forward_hook(lambda module, arguments, result: result.to(master))
    return frozenset({embeddings.weight, model.get_output_embeddings().weight})


def layers_of(model: Any) -> nn.ModuleList:
    """The layers of a model. Raises InputError where no list of modules has their number."""
    count = model.config.get_text_config().num_hidden_layers
    for module in model.modules():
        if isinstance(module, nn.ModuleList) and len(module) == count:
            return module
    raise InputError(f"the {count} layers of the model were not found among its modules")


def checkpoint_layers(model: Any, *, selective: bool = False) -> None:
    """From now on a layer's activations are computed again in the backward instead of being kept: the same numbers to
    the last bit, for one more forward. ``selective``: the results of its products and of attention kernels are kept, so
    that only what is cheap is computed again."""
    contexts = partial(create_selective_checkpoint_contexts, _keeps) if selective else noop_context_fn
    for layer in layers_of(model):
        layer.forward = partial(_checkpointed, layer.forward, contexts)


def _checkpointed(forward: Callable[..., Any], contexts: Callable[[], Any], *arguments: Any, **named: Any) -> Any:
    if not torch.is_grad_enabled():
        return forward(*arguments, **named)
    options: dict[str, Any] = {"use_reentrant": False, "preserve_rng_state": False, "context_fn": contexts}
    return checkpoint(forward, *arguments, **options, **named)


def _keeps(context: Any, operation: Any, *arguments: Any, **named: Any) -> CheckpointPolicy:
    """Whether selective checkpointing keeps the result of an operation."""
    is_kept = operation.name() in KEPT
    return CheckpointPolicy.MUST_SAVE if is_kept else CheckpointPolicy.PREFER_RECOMPUTE
