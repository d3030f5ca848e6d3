"""The policy's own completions of held-out prompts, and its drift from the reference on them.

Log-ratios on the training pairs are no KL, because those completions are not the policy's. So at every evaluation the
policy answers the same prompts with the same draws, and both models score its completions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from training.engine.data.packing import pack_sequences
from training.engine.data.text import TextEncoder
from training.engine.measuring.sampling import sample
from training.engine.model.policy import Policy

PLACES = 64  # scored tokens at a time: 64 x V log-probabilities of both models
NGRAM = 4
_REFUSAL = re.compile(
    r"\b(i'?m sorry|i am sorry|i apologi[sz]e|i can(no|')t|i can not|i'?m (not able|unable)|i am (not able|unable)"
    r"|i won'?t|i will not|as an ai)\b",
    re.IGNORECASE,
)
_REFUSAL_WITHIN = 100  # characters: a refusal comes first


@dataclass(frozen=True)
class SampleDrift:
    """Figures of one sample, summed over its tokens, in nats: the KL of policy and reference over the whole vocabulary
    at every place, its estimate k3 from the sampled tokens alone, and the policy's entropy."""

    kl: float
    k3: float
    entropy: float


class Probes:
    """A fixed set of prompts that the policy answers, and the figures of its completions."""

    def __init__(
        self,
        policy: Policy,
        prompts: Sequence[tuple[int, ...]],
        encoder: TextEncoder,
        *,
        max_tokens: int,
        seed: int,
        as_reference: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """``as_reference``: puts the reference in the policy's place for the time of a block."""
        self.policy, self.prompts, self.encoder = policy, list(dict.fromkeys(prompts)), encoder
        self.max_tokens, self.seed, self.as_reference = max_tokens, seed, as_reference

    def measure(self, answered: Callable[[int], None] = lambda count: None) -> dict[str, Any]:
        """The figures of the policy as it is now: see docs/explanation/engine.md.

        ``answered``: called after each prompt with the number of those that are done."""
        completions = sample(
            self.policy, self.prompts, eos_ids=self.encoder.eos_ids, max_tokens=self.max_tokens, seed=self.seed
        )
        drifts = []
        for prompt, each in zip(self.prompts, completions, strict=True):
            drifts.append(self.drift(prompt, each))
            answered(len(drifts))
        tokens = sum(map(len, completions))
        kl = math.fsum(drift.kl for drift in drifts)
        return {
            "kl": kl / len(drifts),
            "kl_k3": math.fsum(drift.k3 for drift in drifts) / len(drifts),
            "kl_per_token": kl / tokens,
            "entropy": math.fsum(drift.entropy for drift in drifts) / tokens,
            **text_figures(completions, self.encoder),
        }

    def drift(self, prompt: tuple[int, ...], completion: tuple[int, ...]) -> SampleDrift:
        """The drift of the policy from the reference along one completion that the policy wrote."""
        row = pack_sequences([(prompt, completion)])
        of_policy = self.policy.vocabulary_log_probs(row)
        with self.as_reference():
            of_reference = self.policy.vocabulary_log_probs(row)
        totals = torch.zeros(3, dtype=torch.float64, device=self.policy.device)
        targets = row.targets.to(self.policy.device)
        for start in range(0, len(completion), PLACES):
            part = slice(start, start + PLACES)
            totals += drift_of(of_policy(part), of_reference(part), targets[part])
        return SampleDrift(*totals.tolist())


def drift_of(policy: Tensor, reference: Tensor, targets: Tensor) -> Tensor:
    """KL, k3 and entropy summed over n places, (3,) fp64, from log-probabilities (n, V) and sampled tokens (n,).

    ``KL = sum_v p (log p - log q)``; ``k3 = (r - 1) - log r`` with ``r = q / p`` at the sampled token (Schulman,
    "Approximating KL divergence"): unbiased under the policy's own samples, and never negative.
    """
    probabilities = policy.exp()  # p, (n, V)
    kl = (probabilities * (policy - reference)).sum(1)  # (n,)
    entropy = -(probabilities * policy).sum(1)  # (n,)
    log_r = (reference - policy).gather(1, targets[:, None]).squeeze(1).double()  # (n,)
    return torch.stack([kl.double().sum(), (torch.expm1(log_r) - log_r).sum(), entropy.double().sum()])


def text_figures(completions: Sequence[tuple[int, ...]], encoder: TextEncoder) -> dict[str, Any]:
    """Figures of completions: their number, their length in tokens (EOS included), the share that ended by itself, the
    share of n-grams that repeat an earlier one of the same completion, and the share that begins with a refusal."""
    lengths = np.array([len(completion) for completion in completions])
    texts = [encoder.tokenizer.decode(list(completion), skip_special_tokens=True) for completion in completions]
    return {
        "samples": len(completions),
        "sample_length": float(lengths.mean()),
        "sample_length_p95": float(np.percentile(lengths, 95)),
        "sample_ended": sum(completion[-1] in encoder.eos_ids for completion in completions) / len(completions),
        "sample_repeats": float(np.mean([repeated(completion) for completion in completions])),
        "sample_refusals": sum(refuses(text) for text in texts) / len(texts),
    }


def repeated(completion: Sequence[int], size: int = NGRAM) -> float:
    """The share of a completion's n-grams that repeat an earlier one; 0 where it is shorter than one."""
    ngrams = [tuple(completion[start : start + size]) for start in range(len(completion) - size + 1)]
    return 1.0 - len(set(ngrams)) / len(ngrams) if ngrams else 0.0


def refuses(text: str) -> bool:
    """Whether a text begins as English refusals do: a heuristic, to be compared only with itself over a run."""
    return _REFUSAL.search(text[:_REFUSAL_WITHIN].replace("’", "'")) is not None
