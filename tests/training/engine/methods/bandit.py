"""A bandit: one prompt, and a tiny model that can answer it in thirteen ways only. Each has a reward, so the optimum of
``E[r] - beta KL`` is known: ``pi* = pi_ref exp(r / beta) / Z``, and its worth is ``beta log Z``."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from tests.training.engine import tiny
from training.engine.data.packing import pack_sequences
from training.engine.methods.rewards import Rewards
from training.engine.methods.samples import Sample
from training.engine.model.policy import Policy

EOS, LETTERS, LONGEST = 3, (0, 1, 2), 2
PROMPT = (0, 2, 1)
ANSWERS: list[tuple[int, ...]] = [(EOS,), *itertools.product(LETTERS, (*LETTERS, EOS))]
BETA = 0.5


@dataclass
class Bandit:
    """The policy, and the worth of what it does."""

    policy: Policy = field(default_factory=lambda: _policy())
    rewards: Rewards = field(default_factory=lambda: np.random.default_rng(4).normal(size=len(ANSWERS)))

    def __post_init__(self) -> None:
        self.reference = self.log_probs()
        log_weights = self.reference + torch.from_numpy(self.rewards) / BETA
        self.optimum = BETA * float(torch.logsumexp(log_weights, 0))

    @torch.no_grad()
    def log_probs(self) -> Tensor:
        """Of every answer, (13,)."""
        row = pack_sequences([(PROMPT, answer) for answer in ANSWERS])
        totals = torch.zeros(len(ANSWERS), dtype=torch.float64)
        return totals.index_add(0, row.sides, self.policy.token_log_probs(row))

    def worth(self) -> float:
        """``E[r] - beta KL`` of the policy, exactly."""
        of_policy = self.log_probs()
        assert float(of_policy.exp().sum()) == 1.0 or abs(float(of_policy.exp().sum()) - 1) < 1e-9
        gain = torch.from_numpy(self.rewards) - BETA * (of_policy - self.reference)
        return float((of_policy.exp() * gain).sum())

    def __call__(self, samples: Sequence[Sample]) -> Rewards:
        """The samples' rewards."""
        return np.array([self.rewards[ANSWERS.index(sample.completion_ids)] for sample in samples])


def model() -> object:
    """Four tokens, one of which ends an answer."""
    return tiny.widen(tiny.model(vocabulary=4, eos_token_id=EOS, bos_token_id=None, seed=2))


def _policy() -> Policy:
    return tiny.policy_of(model(), seed=None)
