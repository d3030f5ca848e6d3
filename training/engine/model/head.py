"""Log-probabilities of given tokens: the output head only where a token is scored, and never all its logits at once."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from training.language_models.precision import master_dtype

CHUNK = 256  # scored tokens at a time
BLOCK = 2048  # vocabulary entries at a time: 256 x 2,048 fp32 logits are 2 MB and stay in the cache


class _TokenLogProbs(torch.autograd.Function):
    """log softmax(h W^T)[target] for a frozen W.

    One pass over the vocabulary with a running maximum. The gradient by h is ``(onehot(target) - p) W``; its sum over
    the vocabulary is formed in the same pass, so that logits are neither kept nor computed again: two products instead
    of three.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        wants_gradient = ctx.needs_input_grad[0]
        wide = torch.float64 if hidden.dtype == torch.float64 else torch.float32
        result = torch.empty(len(targets), dtype=wide, device=hidden.device)
        gradient = torch.empty(hidden.shape, dtype=wide, device=hidden.device) if wants_gradient else None
        for start in range(0, len(targets), CHUNK):
            part = slice(start, start + CHUNK)
            rows = hidden[part].to(weight.dtype)
            aims = weight[targets[part]].to(wide)
            target_logits = (rows.to(wide) * aims).sum(1)
            log_normaliser, mean = _scan_vocabulary(rows, weight, target_logits, wants_gradient)
            result[part] = target_logits - log_normaliser
            if gradient is not None:
                torch.sub(aims, mean, out=gradient[part])
        if gradient is not None:
            ctx.save_for_backward(gradient)
            ctx.hidden_dtype = hidden.dtype
        return result

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return (gradient * outputs[0].unsqueeze(1)).to(ctx.hidden_dtype), None, None


def _scan_vocabulary(rows: Tensor, weight: Tensor, start: Tensor, wants_mean: bool) -> tuple[Tensor, Tensor]:
    """log sum exp of the logits of each row (N,), and the softmax's mean of W (N, d) if wanted.

    A bf16 product rounds its result to 8 bits, which would cost a logit of 30 an eighth of a nat. So the largest logit
    known so far (at first ``start``, the target's) is subtracted inside the product, before that rounding: what
    matters lies near zero and keeps its digits, and what is rounded coarsely is improbable. Rows in which a block
    turns out to hold something much larger are computed again.
    """
    peak, total = start.clone(), torch.zeros_like(start)
    mean = start.new_zeros(len(rows), weight.shape[1] if wants_mean else 0)
    for first in range(0, len(weight), BLOCK):
        block = weight[first : first + BLOCK]
        logits, shift = _shifted_logits(rows, block, peak)
        higher = torch.maximum(peak, logits.amax(1) + shift)
        terms = torch.sub(logits, (higher - shift).unsqueeze(1)).exp_()
        fade = torch.exp(peak - higher)
        total.mul_(fade).add_(terms.sum(1))
        if wants_mean:
            mean.mul_(fade.unsqueeze(1)).add_(terms.to(weight.dtype) @ block)
        peak = higher
    return peak + total.log(), mean.div_(total.unsqueeze(1))


def _shifted_logits(rows: Tensor, block: Tensor, peak: Tensor) -> tuple[Tensor, Tensor]:
    """Logits (N, B) less a shift (N,) near the peak, and that shift."""
    rounded = peak.to(block.dtype)
    logits = torch.addmm(rounded.unsqueeze(1), rows, block.T, beta=-1)
    if block.dtype == torch.bfloat16:
        risen = (logits.amax(1) > 2).nonzero().squeeze(1)
        if len(risen):
            rounded[risen] += logits[risen].amax(1)
            logits[risen] = torch.addmm(rounded[risen].unsqueeze(1), rows[risen], block.T, beta=-1)
    return logits, rounded.to(peak.dtype)


def token_log_probs(hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
    """Log-probability of each target token, in nats: fp32, or fp64 for fp64 hidden states.

    Shapes: hidden (N, d), weight (V, d) in the dtype of the products, targets (N,) int64; returns (N,).
    Differentiable by ``hidden`` alone. No logits beyond CHUNK x BLOCK exist at any time.
    """
    result: Tensor = _TokenLogProbs.apply(hidden, weight, targets)  # type: ignore[no-untyped-call]
    return result


class _TrainedHead(torch.autograd.Function):
    """The same for a W that is trained too: its gradient is ``sum_n g_n (onehot(target_n) - p_n) h_n^T``, for which the
    probabilities are computed again in the backward, block by block."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, dtype: torch.dtype) -> Tensor:
        ctx.save_for_backward(hidden, weight, targets)
        ctx.dtype = dtype
        return token_log_probs(hidden, weight.to(dtype), targets)

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor, Tensor, None, None]:
        hidden, weight, targets = ctx.saved_tensors
        products, by_weight = weight.to(ctx.dtype), torch.zeros_like(weight)
        by_hidden = torch.empty_like(hidden)
        for start in range(0, len(targets), CHUNK):
            part = slice(start, start + CHUNK)
            rows, gradient = hidden[part].to(ctx.dtype), outputs[0][part].to(weight.dtype).unsqueeze(1)
            wide, aims = rows.to(weight.dtype), products[targets[part]].to(weight.dtype)
            normaliser, mean = _scan_vocabulary(rows, products, (wide * aims).sum(1), wants_mean=True)
            by_hidden[part] = gradient * (aims - mean)
            for first in range(0, len(weight), BLOCK):
                block = products[first : first + BLOCK].to(weight.dtype)
                probabilities = torch.addmm(-normaliser.unsqueeze(1), wide, block.T).exp_()
                by_weight[first : first + BLOCK].addmm_(probabilities.mul_(gradient).T, wide, alpha=-1)
            by_weight.index_add_(0, targets[part], wide * gradient)
        return by_hidden, by_weight, None, None


def trained_token_log_probs(hidden: Tensor, weight: Tensor, targets: Tensor, dtype: torch.dtype) -> Tensor:
    """As ``token_log_probs`` (products in ``dtype``), differentiable by the weight (V, d) too."""
    result: Tensor = _TrainedHead.apply(hidden, weight, targets, dtype)  # type: ignore[no-untyped-call]
    return result


def vocabulary_log_probs(hidden: Tensor, weight: Tensor) -> Tensor:
    """All log-probabilities of a few places, (n, V), in the dtype of the hidden states (n, d): for diagnostics."""
    logits = hidden.new_empty(len(hidden), len(weight))
    for first in range(0, len(weight), BLOCK):
        logits[:, first : first + BLOCK] = hidden @ weight[first : first + BLOCK].to(hidden.dtype).T
    return torch.log_softmax(logits, dim=1)


class Head:
    """A model's output head, frozen or trained."""

    def __init__(self, output: nn.Linear, *, dtype: torch.dtype, frozen: bool) -> None:
        """``output``: the linear layer (d to V) in the master precision. ``dtype``: of the products."""
        self.output, self.dtype, self.master = output, dtype, master_dtype(dtype)
        self._frozen = output.weight.detach().to(dtype) if frozen else None

    @property
    def device(self) -> torch.device:
        """Where its weight lies."""
        return self.output.weight.device

    def token_log_probs(self, hidden: Tensor, targets: Tensor) -> Tensor:
        """Hidden states (N, d) in the master precision, targets (N,); see the function of that name."""
        if self._frozen is None:
            return trained_token_log_probs(hidden, self.output.weight, targets, self.dtype)
        return token_log_probs(hidden, self._frozen, targets)

    def vocabulary_log_probs(self, hidden: Tensor) -> Tensor:
        """The log-probabilities of all tokens after some hidden states (n, d): (n, V). Without gradient."""
        weight = self.output.weight.detach().to(self.dtype) if self._frozen is None else self._frozen
        return vocabulary_log_probs(hidden.detach().to(self.dtype).to(self.master), weight)
