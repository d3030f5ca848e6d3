"""Log-probabilities of given tokens: the output head only where a token is scored, and never all its logits at once.

Shapes: N scored tokens (n in one chunk), d hidden size, V vocabulary (v in one block). z = h W^T are the logits,
p = softmax(z), t the token that is scored.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from training.engine.events import log
from training.language_models.precision import master_dtype


@dataclass(frozen=True)
class Tiling:
    """How many scored tokens and vocabulary entries are computed at a time. ``wide``: logits come out of the product in
    fp32, so that nothing has to be computed again and no step waits for the values of the one before."""

    chunk: int
    block: int
    wide: bool


ON_CPU = Tiling(256, 2048, wide=False)  # 2 MB of logits stay in the cache
ON_GPU = Tiling(2048, 16384, wide=True)  # 128 MiB of logits: few launches, and no look at the device


def tiling_of(weight: Tensor) -> Tiling:
    """The tiles for the device of a head's weight."""
    return ON_CPU if weight.device.type == "cpu" else ON_GPU


class _TokenLogProbs(torch.autograd.Function):
    """``log p_t = z_t - log sum_v exp z_v`` for a frozen W.

    One pass over the vocabulary with a running maximum. The gradient ``d log p_t / dh = W_t - sum_v p_v W_v``; that sum
    is formed in the same pass, so that logits are neither kept nor computed again: two products instead of three.
    """

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor) -> Tensor:
        wants_gradient = ctx.needs_input_grad[0]
        wide = torch.float64 if hidden.dtype == torch.float64 else torch.float32
        result = torch.empty(len(targets), dtype=wide, device=hidden.device)  # (N,)
        gradient = torch.empty(hidden.shape, dtype=wide, device=hidden.device) if wants_gradient else None  # (N, d)
        tiling = tiling_of(weight)
        for start in range(0, len(targets), tiling.chunk):
            part = slice(start, start + tiling.chunk)
            rows = hidden[part].to(weight.dtype)  # h, (n, d)
            target_rows = weight[targets[part]].to(wide)  # W_t, (n, d)
            target_logits = (rows.to(wide) * target_rows).sum(1)  # z_t, (n,)
            log_normaliser, mean = _scan_vocabulary(rows, weight, target_logits, wants_gradient, tiling)  # (n,), (n, d)
            result[part] = target_logits - log_normaliser
            if gradient is not None:
                torch.sub(target_rows, mean, out=gradient[part])
        if gradient is not None:
            ctx.save_for_backward(gradient)
            ctx.hidden_dtype = hidden.dtype
        return result

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors  # (N, d)
        return (gradient * outputs[0].unsqueeze(1)).to(ctx.hidden_dtype), None, None


def _scan_vocabulary(
    rows: Tensor, weight: Tensor, start: Tensor, wants_mean: bool, tiling: Tiling
) -> tuple[Tensor, Tensor]:
    """``log sum_v exp z_v`` of each row, (n,), and the mean ``sum_v p_v W_v``, (n, d), if wanted.

    With the running maximum m, each block B updates (online softmax, arXiv 1805.02867, algorithm 3)
    ``m' = max(m, max_B z)``, ``l' = l exp(m - m') + sum_B exp(z - m')``, ``a' = a exp(m - m') + sum_B exp(z - m') W``;
    at the end the results are ``m + log l`` and ``a / l``.

    A bf16 product rounds its result to 8 bits, which would cost a logit of 30 an eighth of a nat. So the maximum of
    the earlier blocks (at first ``start``, z_t) is subtracted inside the product, before that rounding: logits that
    matter lie near zero and keep their digits, and those rounded coarsely are improbable. Rows in which a block holds
    a much larger logit are computed again. A GPU writes fp32 out of bf16 factors, and needs none of this.
    """
    peak, total = start.clone(), torch.zeros_like(start)  # m and l, (n,)
    mean = start.new_zeros(len(rows), weight.shape[1] if wants_mean else 0)  # a, (n, d)
    for first in range(0, len(weight), tiling.block):
        block = weight[first : first + tiling.block]  # W_B, (v, d)
        if tiling.wide:
            logits, shift = _wide_product(rows, block.T, peak.dtype), torch.zeros_like(peak)  # z, and 0
        else:
            logits, shift = _shifted_logits(rows, block, peak)  # z - c, (n, v), and c, (n,)
        higher = torch.maximum(peak, logits.amax(1) + shift)  # m', (n,)
        terms = torch.sub(logits, (higher - shift).unsqueeze(1)).exp_()  # exp(z - m'), (n, v)
        fade = torch.exp(peak - higher)  # exp(m - m'), (n,)
        total.mul_(fade).add_(terms.sum(1))
        if wants_mean:
            factors = terms.to(weight.dtype)
            sums = _wide_product(factors, block, mean.dtype) if tiling.wide else factors @ block
            mean.mul_(fade.unsqueeze(1)).add_(sums)
        peak = higher
    return peak + total.log(), mean.div_(total.unsqueeze(1))


def _wide_product(left: Tensor, right: Tensor, dtype: torch.dtype) -> Tensor:
    """A product in ``dtype``, which may be wider than that of its factors."""
    if left.dtype != dtype and left.is_cuda and _widens():
        return torch.mm(left, right, out_dtype=dtype)
    return left.to(dtype) @ right.to(dtype)


@cache
def _widens() -> bool:
    """Whether this GPU and this torch write fp32 out of bf16 factors."""
    one = torch.ones(16, 16, dtype=torch.bfloat16, device="cuda")
    try:
        return torch.mm(one, one, out_dtype=torch.float32).dtype == torch.float32
    except (RuntimeError, TypeError) as error:
        log(f"the head multiplies in fp32: {error}")
        return False


def _shifted_logits(rows: Tensor, block: Tensor, peak: Tensor) -> tuple[Tensor, Tensor]:
    """Logits less a shift near the peak, ``h W_B^T - c``, (n, v), and that shift c, (n,)."""
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
    Differentiable by ``hidden`` alone. No logits beyond one tile exist at any time.
    """
    result: Tensor = _TokenLogProbs.apply(hidden, weight, targets)  # type: ignore[no-untyped-call]
    return result


class _TrainedHead(torch.autograd.Function):
    """The same for a W that is trained too: ``dL/dW = sum_n g_n (onehot(t_n) - p_n) h_n^T`` with g_n the gradient by
    the n-th log-probability. The probabilities are computed again in the backward, block by block."""

    @staticmethod
    def forward(ctx: Any, hidden: Tensor, weight: Tensor, targets: Tensor, dtype: torch.dtype) -> Tensor:
        ctx.save_for_backward(hidden, weight, targets)
        ctx.dtype = dtype
        return token_log_probs(hidden, weight.to(dtype), targets)

    @staticmethod
    def backward(ctx: Any, *outputs: Tensor) -> tuple[Tensor, Tensor, None, None]:
        hidden, weight, targets = ctx.saved_tensors  # (N, d), (V, d), (N,)
        products, by_weight = weight.to(ctx.dtype), torch.zeros_like(weight)  # W and dL/dW, (V, d)
        by_hidden, tiling = torch.empty_like(hidden), tiling_of(weight)  # dL/dh, (N, d)
        for start in range(0, len(targets), tiling.chunk):
            part = slice(start, start + tiling.chunk)
            rows, gradient = hidden[part].to(ctx.dtype), outputs[0][part].to(weight.dtype).unsqueeze(1)  # h; g (n, 1)
            wide, target_rows = rows.to(weight.dtype), products[targets[part]].to(weight.dtype)  # h and W_t, (n, d)
            normaliser, mean = _scan_vocabulary(rows, products, (wide * target_rows).sum(1), True, tiling)
            by_hidden[part] = gradient * (target_rows - mean)
            for first in range(0, len(weight), tiling.block):
                block = products[first : first + tiling.block].to(weight.dtype)  # (v, d)
                probabilities = torch.addmm(-normaliser.unsqueeze(1), wide, block.T).exp_()  # p, (n, v)
                by_weight[first : first + tiling.block].addmm_(
                    probabilities.mul_(gradient).T, wide, alpha=-1
                )  # - p g h^T
            by_weight.index_add_(0, targets[part], wide * gradient)  # onehot g h^T
        return by_hidden, by_weight, None, None


def trained_token_log_probs(hidden: Tensor, weight: Tensor, targets: Tensor, dtype: torch.dtype) -> Tensor:
    """As ``token_log_probs`` (products in ``dtype``), differentiable by the weight (V, d) too."""
    result: Tensor = _TrainedHead.apply(hidden, weight, targets, dtype)  # type: ignore[no-untyped-call]
    return result


def vocabulary_log_probs(hidden: Tensor, weight: Tensor) -> Tensor:
    """All log-probabilities of a few places, (n, V), in the dtype of the hidden states (n, d): for diagnostics."""
    logits = hidden.new_empty(len(hidden), len(weight))
    block = tiling_of(weight).block
    for first in range(0, len(weight), block):
        logits[:, first : first + block] = hidden @ weight[first : first + block].to(hidden.dtype).T
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
