"""The formulas of RLHF and online DPO as pure functions: shaped rewards, advantages, and the losses of PPO and RLOO.

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


def best_and_worst(rewards: Column, samples_per_prompt: int, draws: Column | None = None) -> Column:
    """Of each prompt's samples 1 for the chosen one, -1 for the rejected one, 0 for the others; (prompts * k,).

    The highest reward is chosen and the lowest rejected; equal ones make no pair. ``draws``: in [0, 1), (prompts,); the
    first two samples of a prompt are then the pair, and the first is chosen with the probability of Bradley and Terry,
    ``sigma(R_1 - R_2)``: as people would choose whose reward it is.
    """
    groups = rewards.reshape(-1, samples_per_prompt)
    signs = np.zeros_like(groups)
    places = np.arange(len(groups))
    if draws is None:
        signs[places, groups.argmax(1)] = 1.0
        signs[places, groups.argmin(1)] = -1.0
        signs[groups.max(1) == groups.min(1)] = 0.0
    else:
        first = np.where(draws < 1.0 / (1.0 + np.exp(groups[:, 1] - groups[:, 0])), 1.0, -1.0)
        signs[:, 0], signs[:, 1] = first, -first
    return signs.reshape(-1)


def pulls(signs: Column, log_ratios: Column, beta: float, samples_per_prompt: int) -> tuple[Column, Column]:
    """The weights of the log-probabilities of a step's samples in the gradient of DPO's loss (arXiv 2305.18290,
    equation 7), and the margins of its pairs.

    ``A = k beta sigma(-m) sign`` over the share of prompts that have a pair, so that the mean of ``-A log pi`` over all
    samples has the gradient of the mean loss of the pairs.
    ``signs``: see ``best_and_worst``. ``log_ratios``: ``log pi - log pi_ref`` of each sample. Both (prompts * k,), as
    is A; m: (pairs,).
    """
    groups = signs.reshape(-1, samples_per_prompt)
    margins = beta * (groups * log_ratios.reshape(-1, samples_per_prompt)).sum(1)
    has_pair = groups.any(1)
    share = max(has_pair.mean(), 1.0 / len(groups))
    weights = samples_per_prompt * beta / (1.0 + np.exp(margins)) / share
    advantages: Column = (groups * weights[:, None]).reshape(-1)
    return advantages, margins[has_pair]


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
