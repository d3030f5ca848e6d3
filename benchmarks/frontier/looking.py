"""The figures of a policy on held-out prompts: gold and learned reward, win rate, and the exact KL to the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.frontier.world import gold
from training.engine.data.packing import pack_sequences
from training.engine.data.text import TextEncoder
from training.engine.events import StopRequest
from training.engine.measuring.evaluation import open_policy, with_adapter
from training.engine.measuring.probes import drift_of
from training.engine.methods.best_of_n import BestOfN, best_of, kl_of_best, sample_and_reward
from training.engine.methods.rewards import FunctionReward, ModelReward, Rewards
from training.engine.methods.samples import Ids, Sample
from training.engine.methods.settings import RlhfConfig
from training.engine.model.policy import Policy


@dataclass(frozen=True)
class Place:
    """The world as the methods see it: the model's folder, held-out prompts, and the longest completion."""

    model: Path
    prompts: Sequence[Ids]
    max_tokens: int

    def config(self, samples: int, seed: int) -> RlhfConfig:
        """Settings that sample so many completions of each prompt."""
        return RlhfConfig(samples_per_prompt=samples, max_tokens=self.max_tokens, seed=seed, dtype="float32")

    def samples(self, adapter: Path | None, samples: int, seed: int) -> BestOfN:
        """Completions of the held-out prompts with their gold rewards."""
        config, encoder = self.config(samples, seed), TextEncoder.from_directory(self.model)
        policy = open_policy(self.model, adapter, None, config)
        with with_adapter(policy, adapter):
            reward = FunctionReward(gold, encoder)
            return sample_and_reward(policy, self.prompts, reward, config, eos_ids=encoder.eos_ids, stop=StopRequest())

    def learned(self, found: BestOfN, reward_model: Path) -> Rewards:
        """The reward model's rewards of the same samples, (prompts, samples)."""
        reward = ModelReward.load(self.model, reward_model, self.config(1, 0))
        return reward([each for row in found.samples for each in row]).reshape(found.rewards.shape)


def figures(place: Place, adapter: Path, reward_model: Path, start: BestOfN, *, seed: int) -> dict[str, float]:
    """One point of the frontier. ``start``: samples of the policy that all began from."""
    found = place.samples(adapter, start.rewards.shape[1], seed)
    wins = (found.rewards[:, :, None] > start.rewards[:, None, :]).mean()
    ties = (found.rewards[:, :, None] == start.rewards[:, None, :]).mean()
    flat = [each for row in found.samples for each in row]
    return {
        "gold": float(found.rewards.mean()),
        "learned": float(place.learned(found, reward_model).mean()),
        "kl": exact_kl(open_policy(place.model, adapter, None, place.config(1, 0)), adapter, flat),
        "win_rate": float(wins + ties / 2),
        "tokens": float(np.mean([len(each.completion_ids) for each in flat])),
    }


@torch.no_grad()
def exact_kl(policy: Policy, adapter: Path, samples: Sequence[Sample], at_once: int = 64) -> float:
    """KL to the model under the adapter, nats per completion: summed over the vocabulary at every place of the policy's
    own samples."""
    total = 0.0
    for start in range(0, len(samples), at_once):
        row = pack_sequences([(each.prompt_ids, each.completion_ids) for each in samples[start : start + at_once]])
        with with_adapter(policy, adapter):
            of_policy = policy.vocabulary_log_probs(row)(slice(None))
        with with_adapter(policy, None):
            of_start = policy.vocabulary_log_probs(row)(slice(None))
        total += float(drift_of(of_policy, of_start, row.targets.to(of_policy.device))[0])
    return total / len(samples)


def best_of_n_points(place: Place, start: BestOfN, reward_models: Sequence[Path]) -> list[dict[str, Any]]:
    """The gold reward of the best of n of the start's samples, by gold and by each reward model; KL as if no two
    rewards were equal."""
    counts = [count for count in (2, 4, 8, 16, 32) if count <= start.rewards.shape[1]]
    judges = [start.rewards] + [place.learned(start, each) for each in reward_models]
    points = []
    for number, judge in enumerate(judges):
        for count in counts:
            pairs = zip(judge, start.rewards, strict=True)
            worth = float(np.mean([best_of(by, count, of) for by, of in pairs]))
            name = "best-of-n, gold" if number == 0 else "best-of-n, learned"
            points.append({"method": name, "setting": f"n={count}", "gold": worth, "kl": kl_of_best(count)})
    return points
