"""``best-of-n``: sample n completions of each prompt and take the one with the highest reward.

It needs no training, and n samples for every answer: the baseline of every method that learns. Its expected reward is
exact by order statistics, and its KL from the sampling policy is known in advance. The same samples make pairs.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.engine.data.text import TextEncoder
from training.engine.events import StopRequest
from training.engine.measuring.evaluation import open_policy, with_adapter
from training.engine.measuring.sampling import sample
from training.engine.methods.rewards import Reward
from training.engine.methods.samples import Ids, Sample
from training.engine.methods.settings import RlhfConfig
from training.engine.model.policy import Policy
from training.engine.run_folder import write_atomically

Column = NDArray[np.float64]
WORST, BELOW = "worst", "below"
REJECTED = (WORST, BELOW)
"""Which sample is rejected: the worst one, or the one nearest to the mean less two deviations."""
_AT_ONCE = 64  # samples that are drawn together, at least one prompt's


def best_of(rewards: Column, count: int, worth: Column | None = None) -> float:
    """The expected worth of the best of ``count`` samples, from N >= count samples of one prompt: (N,), unbiased.

    Of all ways to draw n of N the i-th lowest reward is the highest in ``C(i - 1, n - 1)`` of ``C(N, n)`` (WebGPT,
    arXiv 2112.09332, appendix I). ``worth``: what the best one is worth, (N,), if that is not its reward: a gold
    reward of samples chosen by another. Equal rewards are equally likely to be taken.
    """
    total = len(rewards)
    order = np.argsort(rewards, kind="stable")
    ways = math.comb(total, count)
    weights = np.array([math.comb(rank, count - 1) / ways for rank in range(total)])
    of_sample = np.empty(total)
    of_sample[order] = weights
    for value in np.unique(rewards):
        ties = rewards == value
        of_sample[ties] = of_sample[ties].mean()
    return float(of_sample @ (rewards if worth is None else worth))


def kl_of_best(count: int) -> float:
    """``log n - (n - 1) / n``, nats: the KL of best-of-n from the sampling policy where no two rewards are equal, and
    an upper bound otherwise (arXiv 2401.01879, theorem 1)."""
    return math.log(count) - (count - 1) / count


def pair_of(rewards: Column, rejected: str) -> tuple[int, int]:
    """The best sample and the rejected one, by number. BELOW takes the one whose reward is nearest to the mean less two
    deviations: the worst of many is a poor example (arXiv 2502.16825)."""
    best = int(rewards.argmax())
    if rejected == WORST:
        return best, int(rewards.argmin())
    return best, int(np.abs(rewards - (rewards.mean() - 2.0 * rewards.std())).argmin())


@dataclass(frozen=True)
class BestOfN:
    """All samples of the prompts, with their rewards (prompts, samples)."""

    samples: list[list[Sample]]
    rewards: Column

    def curve(self) -> list[dict[str, float]]:
        """Reward and KL of the best of 1, 2, 4, ... samples, as a mean over prompts."""
        most = self.rewards.shape[1]
        counts = [2**power for power in range(most.bit_length()) if 2**power <= most]
        return [
            {
                "n": count,
                "reward": float(np.mean([best_of(each, count) for each in self.rewards])),
                "kl": kl_of_best(count),
            }
            for count in sorted({*counts, most})
        ]

    def lines(self, names: Iterable[str], encoder: TextEncoder) -> Iterator[dict[str, Any]]:
        """Each prompt's best sample, in the form of ``drift``'s samples, with its reward. ``names``: prompts' ids."""
        for name, samples, rewards in zip(names, self.samples, self.rewards, strict=True):
            best = samples[int(rewards.argmax())]
            text = encoder.tokenizer.decode(list(best.completion_ids), skip_special_tokens=True)
            yield {"id": name, "text": text, "reward": float(rewards.max()), **_ids(best)}

    def pairs(self, names: Iterable[str], rejected: str, encoder: TextEncoder) -> Iterator[dict[str, Any]]:
        """A pair of each prompt whose two samples differ, as ``train`` reads it; see ``pair_of``."""
        for name, samples, rewards in zip(names, self.samples, self.rewards, strict=True):
            chosen, other = pair_of(rewards, rejected)
            if samples[chosen].completion_ids != samples[other].completion_ids and rewards[chosen] > rewards[other]:
                yield pair_record(name, samples[chosen], samples[other], encoder)


def _ids(one: Sample) -> dict[str, list[int]]:
    return {"prompt_ids": list(one.prompt_ids), "completion_ids": list(one.completion_ids)}


def pair_record(name: str, chosen: Sample, rejected: Sample, encoder: TextEncoder) -> dict[str, Any]:
    """A line of a file of pairs: the token ids, which are used as they are, and the texts for people."""
    ids = {
        "prompt": chosen.prompt_ids,
        "chosen": chosen.completion_ids,
        "rejected": rejected.completion_ids,
    }
    texts = {side: encoder.tokenizer.decode(list(each), skip_special_tokens=True) for side, each in ids.items()}
    return {"id": name, **texts, **{f"{side}_ids": list(each) for side, each in ids.items()}}


def sample_and_reward(
    policy: Policy,
    prompts: Sequence[Ids],
    reward: Reward,
    config: RlhfConfig,
    *,
    eos_ids: frozenset[int],
    stop: StopRequest,
) -> BestOfN:
    """``samples_per_prompt`` completions of every prompt, and their rewards. Raises Cancelled."""
    count = config.samples_per_prompt
    size = max(1, _AT_ONCE // count)
    samples: list[list[Sample]] = []
    rewards = np.zeros((len(prompts), count))
    for start in range(0, len(prompts), size):
        stop.check()
        part = prompts[start : start + size]
        repeated = [prompt for prompt in part for _ in range(count)]
        written = sample(policy, repeated, eos_ids=eos_ids, max_tokens=config.max_tokens, seed=config.seed + start)
        flat = [Sample(*each) for each in zip(repeated, written, strict=True)]
        samples += [flat[first : first + count] for first in range(0, len(flat), count)]
        rewards[start : start + len(part)] = reward(flat).reshape(-1, count)
    return BestOfN(samples, rewards)


def best_of_n(
    model: Path,
    adapter: Path | None,
    prompts: Sequence[Ids],
    reward: Reward,
    config: RlhfConfig,
    *,
    encoder: TextEncoder,
    stop: StopRequest,
) -> BestOfN:
    """The same for the policy of a folder."""
    policy = open_policy(model, adapter, None, config)
    with with_adapter(policy, adapter):
        return sample_and_reward(policy, prompts, reward, config, eos_ids=encoder.eos_ids, stop=stop)


def write_lines(target: Path, records: Iterator[dict[str, Any]]) -> int:
    """JSON lines, whole or not at all; returns their number."""
    lines = [json.dumps(each, ensure_ascii=False) + "\n" for each in records]
    write_atomically(target, "".join(lines).encode())
    return len(lines)
