"""Log-probabilities of given tokens: the output head only where a token is scored, in chunks, with fp32 logits."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

CHUNK = 256  # scored tokens whose logits exist at one time: 256 x 49,152 fp32 is 50 MB


class _TokenLogProbs(torch.autograd.Function):
    """log softmax(h W^T)[target] for a frozen W.

    The gradient by h is ``(onehot(target) - p) W``; it is formed in the forward pass, where p is at hand, so that
    neither the logits are kept nor computed again: two products instead of three.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        wants_gradient = ctx.needs_input_grad[0]
        result = hidden.new_empty(len(targets))
        gradient = torch.empty_like(hidden) if wants_gradient else None
        for start in range(0, len(targets), CHUNK):
            part = slice(start, start + CHUNK)
            logits = hidden[part] @ weight.T
            index = targets[part].unsqueeze(1)
            log_normaliser = torch.logsumexp(logits, dim=1, keepdim=True)
            result[part] = (logits.gather(1, index) - log_normaliser).squeeze(1)
            if gradient is not None:
                probabilities = logits.sub_(log_normaliser).exp_()
                torch.mm(probabilities, weight, out=gradient[part])
                torch.sub(weight[targets[part]], gradient[part], out=gradient[part])
        if gradient is not None:
            ctx.save_for_backward(gradient)
        return result

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * outputs[0].unsqueeze(1), None, None


def token_log_probs(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """Log-probability of each target token, in nats.

    Shapes: hidden (N, d) and weight (V, d) of one dtype (fp32 or wider), targets (N,) int64; returns (N,).
    Differentiable by ``hidden`` alone. No tensor larger than CHUNK x V is allocated.
    """
    result: Tensor = _TokenLogProbs.apply(hidden, weight, targets)  # type: ignore[no-untyped-call]
    return result
