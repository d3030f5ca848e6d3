"""Preference losses as pure functions of log-ratios: no model, no batch, no device in sight.

A side's log-ratio is ``log pi(y|x) - log pi_ref(y|x)``, summed over the completion's tokens (EOS included), in nats.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import softplus


def rewards(log_ratios: Tensor, beta: float) -> Tensor:
    """Implicit rewards ``r(x, y) = beta * (log pi(y|x) - log pi_ref(y|x))`` (equation 5 of DPO, arXiv 2305.18290, up
    to a term of the prompt alone). Any shape in, the same shape out."""
    return beta * log_ratios


def sigmoid_loss(chosen_log_ratio: Tensor, rejected_log_ratio: Tensor, confidence: Tensor, beta: float) -> Tensor:
    """DPO with a soft label per pair.

    With margin ``m = beta * (chosen - rejected)`` and ``p = confidence = p(chosen > rejected)``::

        loss = -p log sigma(m) - (1 - p) log sigma(-m)

    ``p = 1`` is equation 7 of DPO (arXiv 2305.18290); ``p = 1 - epsilon`` is conservative DPO
    (Mitchell, "A note on DPO with noisy preferences"), here with its own epsilon for every pair.
    Computed as ``softplus(-m) + (1 - p) m``, which is the same (log sigma(-m) = log sigma(m) - m) and finite for any m.

    Shapes: three tensors (pairs,); returns (pairs,), in nats. Minimum at ``m = log(p / (1 - p))``.
    """
    margin = beta * (chosen_log_ratio - rejected_log_ratio)
    return softplus(-margin) + (1.0 - confidence) * margin


def weighted_sum(losses: Tensor, weights: Tensor, total_weight: float) -> Tensor:
    """``sum_i w_i loss_i / W`` with W the weight of the *whole* optimizer step, of which these pairs may be a part:
    so that any split of a step into rows has the same gradient. Shapes: (pairs,), (pairs,); returns a scalar."""
    return torch.dot(losses, weights) / total_weight
