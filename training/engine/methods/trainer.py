"""The loop of RLHF: write samples, reward them, learn from them.

``J = E[R(x, y)] - beta KL(pi || pi_ref)`` is maximised. RLOO (arXiv 2402.14740) takes a completion as one act whose
baseline are the prompt's other samples. PPO (arXiv 1707.06347, as in 1909.08593 and 2203.02155) takes every token as an
act, with a critic and generalised advantage estimation. The KL is a part of the reward in both. Online DPO (arXiv
2402.04792) makes a pair of each prompt's samples, and descends along DPO's loss.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training.engine.data.packing import PackedRow
from training.engine.errors import Diverged
from training.engine.learning.step import make_optimizer
from training.engine.measuring.sampling import sample
from training.engine.methods import advantages as formulas
from training.engine.methods.critic import Critic
from training.engine.methods.rewards import Reward
from training.engine.methods.samples import Ids, Sample, SampleRow, rows_of_samples
from training.engine.methods.settings import ONLINE_DPO, PPO, RlhfConfig
from training.engine.model.policy import Policy, TrainedModel

_SEEDS_APART = 1_000_003  # steps of runs with neighbouring seeds share no draws


@dataclass
class ScoredRow:
    """A row of samples as the policy wrote them: of each of its N tokens the log-probability then, and under the
    reference, the critic's value, the advantage, and what the critic is to learn; (N,) fp64 each."""

    part: SampleRow
    old: Tensor
    reference: Tensor
    values: Tensor
    advantages: Tensor
    returns: Tensor

    @property
    def row(self) -> PackedRow:
        """The row."""
        return self.part.row

    def of_samples(self, column: Tensor) -> Tensor:
        """The sums of a column (N,) over each sample's tokens, in the row's order."""
        totals = torch.zeros(len(self.part.members), dtype=column.dtype, device=column.device)
        return totals.index_add(0, self.row.sides.to(column.device), column)


class RlhfTrainer:
    """Steps of RLOO, PPO or online DPO over a policy; with a critic it is PPO."""

    def __init__(
        self,
        policy: Policy,
        critic: Critic | None,
        reward: Reward,
        config: RlhfConfig,
        *,
        as_reference: Callable[[], AbstractContextManager[None]],
        eos_ids: frozenset[int],
        parameters: Sequence[Sequence[nn.Parameter]],
    ) -> None:
        """``as_reference``: puts the reference in the policy's place for the time of a block. ``parameters``: those of
        the policy, and those of the critic."""
        self.policy, self.critic, self.reward, self.config = policy, critic, reward, config
        self.as_reference, self.eos_ids = as_reference, eos_ids
        self.parameters = [list(each) for each in parameters]
        self.optimizer = make_optimizer([each for one in self.parameters for each in one], config)

    def take_step(self, step: int, prompts: Sequence[Ids], learning_rate: float) -> dict[str, Any]:
        """Write samples of the prompts, and learn from them; returns the step's figures. Raises Diverged."""
        samples = self.write(step, prompts)
        rewards = self.reward(samples)
        rows = self.score(samples)
        drift, of_pairs = self._set_advantages(rows, rewards, step)  # drift: (samples,)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        figures: dict[str, float] = {}
        for _ in range(self.config.passes_of_a_step):
            figures = self._learn(rows, samples)
        ended = [each.completion_ids[-1] in self.eos_ids for each in samples]
        lengths = [len(each.completion_ids) for each in samples]
        written = -sum(float(each.old.sum()) for each in rows)
        return {
            "reward": float(rewards.mean()),
            "reward_sd": float(rewards.std()),
            "kl": float(drift.mean()),
            "objective": float((rewards - self.config.beta * drift).mean()),
            "entropy": written / sum(lengths),
            "sample_length": float(np.mean(lengths)),
            "sample_ended": float(np.mean(ended)),
            "learning_rate": learning_rate,
            **figures,
            **of_pairs,
        }

    def write(self, step: int, prompts: Sequence[Ids]) -> list[Sample]:
        """The step's samples, those of a prompt one after another: a function of policy, seed, step and prompts."""
        repeated = [prompt for prompt in prompts for _ in range(self.config.samples_per_prompt)]
        completions = sample(
            self.policy,
            repeated,
            eos_ids=self.eos_ids,
            max_tokens=self.config.max_tokens,
            seed=(self.config.seed * _SEEDS_APART + step) % 2**63,
        )
        return [Sample(*each) for each in zip(repeated, completions, strict=True)]

    def score(self, samples: Sequence[Sample]) -> list[ScoredRow]:
        """The samples in rows, read by policy, reference and critic."""
        tokens = self.config.tokens_per_row // self.policy.lanes.count
        parts = list(rows_of_samples(samples, tokens_per_row=tokens))
        old = _each_row(self.policy, parts, self.policy.token_log_probs)
        with self.as_reference():
            reference = _each_row(self.policy, parts, self.policy.token_log_probs)
        values = [torch.zeros_like(each) for each in old]
        if self.critic is not None:
            values = _each_row(self.critic, parts, self.critic.token_values)
        return [
            ScoredRow(part, log_probs, of_reference, value, torch.zeros_like(value), torch.zeros_like(value))
            for part, log_probs, of_reference, value in zip(parts, old, reference, values, strict=True)
        ]

    def _set_advantages(
        self, rows: Sequence[ScoredRow], rewards: formulas.Column, step: int
    ) -> tuple[formulas.Column, dict[str, float]]:
        """Fill in advantages and returns; gives ``log pi - log pi_ref`` of every sample, (samples,), and the figures of
        online DPO's pairs."""
        drift = np.zeros(len(rewards))
        figures: dict[str, float] = {}
        for each in rows:
            drift[list(each.part.members)] = each.of_samples(each.old - each.reference).cpu().numpy()
        if self.config.algorithm == PPO:
            self._advantages_of_tokens(rows, rewards)
        elif self.config.algorithm == ONLINE_DPO:
            pulls, figures = self._pulls(rewards, drift, step)
            self._advantages_of_samples(rows, pulls)
        else:
            total = rewards - self.config.beta * drift
            self._advantages_of_samples(rows, formulas.leave_one_out(total, self.config.samples_per_prompt))
        if self.config.whiten:
            whole = formulas.whitened(torch.cat([each.advantages for each in rows]).cpu().numpy())
            parts = torch.from_numpy(whole).split([len(each.advantages) for each in rows])
            for each, part in zip(rows, parts, strict=True):
                each.advantages = part.to(each.old.device)
        return drift, figures

    def _pulls(
        self, rewards: formulas.Column, drift: formulas.Column, step: int
    ) -> tuple[formulas.Column, dict[str, float]]:
        """The advantages of DPO's pairs, and their figures."""
        count, draws = self.config.samples_per_prompt, None
        if self.config.preferences == "drawn":
            draws = np.random.default_rng([self.config.seed, step]).random(len(rewards) // count)
        signs = formulas.best_and_worst(rewards, count, draws)
        pulls, margins = formulas.pulls(signs, drift, self.config.beta, count)
        if not len(margins):
            return pulls, {"pairs": 0.0}
        losses = np.logaddexp(0.0, -margins)
        figures = {"loss": losses.mean(), "margin": margins.mean(), "accuracy": (margins > 0).mean()}
        return pulls, {"pairs": float(len(margins)), **{name: float(value) for name, value in figures.items()}}

    @staticmethod
    def _advantages_of_samples(rows: Sequence[ScoredRow], of_sample: formulas.Column) -> None:
        """A completion is one act: each of its tokens gets its advantage, (samples,)."""
        column = torch.from_numpy(of_sample)
        for each in rows:
            each.advantages = column[list(each.part.members)][each.row.sides].to(each.old.device)

    def _advantages_of_tokens(self, rows: Sequence[ScoredRow], rewards: formulas.Column) -> None:
        for each in rows:
            ratios, values = (each.old - each.reference).cpu().numpy(), each.values.cpu().numpy()
            found = np.zeros_like(values)
            for side, member in enumerate(each.part.members):
                own = each.row.sides.numpy() == side
                shaped = formulas.shaped_rewards(float(rewards[member]), ratios[own], self.config.beta)
                found[own] = formulas.generalized_advantages(
                    shaped, values[own], discount=self.config.discount, decay=self.config.gae_lambda
                )
            each.advantages = torch.from_numpy(found).to(each.old.device)
            each.returns = each.advantages + each.values

    def _learn(self, rows: Sequence[ScoredRow], samples: Sequence[Sample]) -> dict[str, float]:
        """One pass over the step's samples: one step of the optimizer."""
        count, tokens = len(samples), sum(len(each.completion_ids) for each in samples)
        clipped = torch.zeros(len(rows), dtype=torch.float64)

        def of_policy(number: int) -> Tensor:
            each = rows[number]
            log_ratio = self.policy.token_log_probs(each.row).double() - each.old
            advantages = each.advantages
            if self.config.algorithm != PPO:  # a completion is one act
                lengths = torch.bincount(each.row.sides, minlength=len(each.part.members)).to(each.old.device)
                log_ratio, advantages = each.of_samples(log_ratio), each.of_samples(advantages) / lengths
            stopped = formulas.is_clipped(log_ratio.detach(), advantages, self.config.clip)
            clipped[number] = float(stopped.sum())
            return formulas.clipped_losses(log_ratio, advantages, self.config.clip).sum()

        acts = tokens if self.config.algorithm == PPO else count
        loss = _accumulate(self.policy, self.parameters[0], of_policy, len(rows), acts)
        figures = {"loss": loss, "clipped": float(clipped.sum()) / acts, "grad_norm": self._clip(self.parameters[0])}
        if self.critic is not None:
            critic = self.critic

            def of_critic(number: int) -> Tensor:
                each = rows[number]
                values = critic.token_values(each.row)
                return formulas.value_losses(values, each.values, each.returns, self.config.value_clip).sum()

            figures["value_loss"] = _accumulate(critic, self.parameters[1], of_critic, len(rows), tokens)
            self._clip(self.parameters[1])
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return figures

    def _clip(self, parameters: Sequence[nn.Parameter]) -> float:
        """Scale a gradient down to the largest norm that is wanted; returns its norm before. Raises Diverged."""
        limit = self.config.max_grad_norm or math.inf
        norm = float(nn.utils.clip_grad_norm_(parameters, limit))
        if not math.isfinite(norm):
            raise Diverged("the gradient is not finite: take a smaller learning rate")
        return norm


def _each_row(model: TrainedModel, parts: Sequence[SampleRow], read: Callable[[PackedRow], Tensor]) -> list[Tensor]:
    """A model's column of every row, without gradient, fp64."""

    def of(part: SampleRow) -> Tensor:
        with torch.no_grad():
            return read(part.row).double()

    return [column for _, column in model.lanes.each(of, parts)]


def _accumulate(
    model: TrainedModel, parameters: Sequence[nn.Parameter], loss_of: Callable[[int], Tensor], rows: int, total: int
) -> float:
    """Leave the gradient of the rows' losses, divided by ``total``, in the parameters; returns that loss."""

    def backward(number: int) -> tuple[float, Sequence[Tensor | None]]:
        loss = loss_of(number) / total
        return float(loss.detach()), torch.autograd.grad(loss, list(parameters), allow_unused=True)

    whole = 0.0
    for _, (loss, gradients) in model.lanes.each(backward, range(rows)):
        whole += loss
        for parameter, gradient in zip(parameters, gradients, strict=True):
            if gradient is not None:
                parameter.grad = gradient if parameter.grad is None else parameter.grad.add_(gradient)
    return whole
