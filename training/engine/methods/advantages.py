"""The formulas of RLHF as pure functions: shaped rewards, advantages, and the losses of RLOO, PPO and its critic.

A sample is one completion of T tokens that the policy wrote; R is its reward; ``pi_old`` is the policy that wrote it;
``A`` is an advantage; ``rho = pi / pi_old`` of a token (PPO) or of a whole completion (RLOO).
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Column = NDArray[np.float64]


def shaped_rewards(reward: float, log_ratios: Column, beta: float) -> Column:
    """Reward of every token, (T,): ``-beta (log pi_old - log pi_ref)`` at each, and R at the last one (arXiv
    1909.08593, equation 2; their sum is ``R - beta log(pi_old(y) / pi_ref(y))``). ``log_ratios``: (T,), nats."""
    rewards = -beta * log_ratios
    rewards[-1] += reward
    return rewards


def leave_one_out(returns: Column, samples_per_prompt: int) -> Column:
    """``A_i = R_i - mean of R_j over the prompt's other samples`` (RLOO, arXiv 2402.14740, section 3.2).

    ``returns``: (prompts * k,), k >= 2 samples of one prompt after another, each with its KL in it. Same shape out.
    """
    groups = returns.reshape(-1, samples_per_prompt)
    others = (groups.sum(1, keepdims=True) - groups) / (samples_per_prompt - 1)
    advantages: Column = (groups - others).reshape(-1)
    return advantages


def generalized_advantages(rewards: Column, values: Column, *, discount: float, decay: float) -> Column:
    """GAE (arXiv 1506.02438, equation 16): ``A_t = sum_l (discount decay)^l delta_(t+l)`` with ``delta_t = r_t +
    discount V_(t+1) - V_t``, and no value after the last token. Shapes (T,); ``A + V`` is what the critic learns."""
    advantages, later = np.zeros_like(rewards), 0.0
    following = np.append(values[1:], 0.0)
    deltas = rewards + discount * following - values
    for place in reversed(range(len(rewards))):
        later = deltas[place] + discount * decay * later
        advantages[place] = later
    return advantages


def whitened(advantages: Column) -> Column:
    """Mean zero, deviation one, over all of a step's samples."""
    centred: Column = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    return centred


def clipped_losses(log_ratio: Tensor, advantages: Tensor, clip: float) -> Tensor:
    """``-min(rho A, clamp(rho, 1 - clip, 1 + clip) A)`` (PPO, arXiv 1707.06347, equation 7), of ``log rho`` and A of
    one shape. With ``rho = 1`` its gradient is that of ``-A log pi``."""
    ratio = log_ratio.exp()
    return -torch.min(ratio * advantages, ratio.clamp(1.0 - clip, 1.0 + clip) * advantages)


def is_clipped(log_ratio: Tensor, advantages: Tensor, clip: float) -> Tensor:
    """Where ``clipped_losses`` has no gradient: the ratio went as far as it may in the direction of A."""
    ratio = log_ratio.exp()
    return torch.where(advantages > 0, ratio > 1.0 + clip, ratio < 1.0 - clip)


def value_losses(values: Tensor, old_values: Tensor, returns: Tensor, clip: float) -> Tensor:
    """``max((V - G)^2, (V_old + clamp(V - V_old, -clip, clip) - G)^2) / 2`` of the critic's values V, those before the
    step, and the returns G, of one shape (PPO's clipped value loss, as in OpenAI's baselines)."""
    near = old_values + (values - old_values).clamp(-clip, clip)
    return 0.5 * torch.max((values - returns) ** 2, (near - returns) ** 2)
