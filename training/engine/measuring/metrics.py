"""The figures of a set of scored pairs. Numbers in, numbers out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]


@dataclass(frozen=True)
class PairScores:
    """Summed log-probabilities of both sides under policy and reference, in nats; every column has shape (pairs,)."""

    policy_chosen: Column
    policy_rejected: Column
    reference_chosen: Column
    reference_rejected: Column
    chosen_tokens: Column
    rejected_tokens: Column
    confidence: Column
    weight: Column

    @property
    def chosen_log_ratio(self) -> Column:
        """log pi - log pi_ref of the chosen completions."""
        return self.policy_chosen - self.reference_chosen

    @property
    def rejected_log_ratio(self) -> Column:
        """log pi - log pi_ref of the rejected completions."""
        return self.policy_rejected - self.reference_rejected


def summarise(scores: PairScores, losses: Column, beta: float) -> dict[str, Any]:
    """The figures of ``evaluated`` events.

    ``loss`` is the weighted mean of ``losses`` (pairs,); everything else counts every pair once. ``reward_accuracy``
    is the share of margins above zero, with its 95 % Wilson interval; margins of exactly zero are ``ties``.
    ``displacement``: likelihood displacement (arXiv 2410.08847): the margin grew while the chosen completions became
    less likely than under the reference.
    """
    chosen, rejected = scores.chosen_log_ratio, scores.rejected_log_ratio
    margins = beta * (chosen - rejected)
    count = len(margins)
    agreeing = int((margins > 0).sum())
    low, high = wilson_interval(agreeing, count)
    return {
        "pairs": count,
        "loss": float(np.average(losses, weights=scores.weight)),
        "reward_accuracy": agreeing / count,
        "reward_accuracy_low": low,
        "reward_accuracy_high": high,
        "ties": int((margins == 0).sum()),
        "margin": float(margins.mean()),
        "margin_p5": float(np.percentile(margins, 5)),
        "margin_p95": float(np.percentile(margins, 95)),
        "chosen_logratio": float(chosen.mean()),
        "rejected_logratio": float(rejected.mean()),
        "chosen_logratio_per_token": float(chosen.sum() / scores.chosen_tokens.sum()),
        "rejected_logratio_per_token": float(rejected.sum() / scores.rejected_tokens.sum()),
        "displacement": bool(margins.mean() > 0 and chosen.mean() < 0),
    }


def without_reference(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures of ``summarise`` for an explicit reward model: its rewards stand where log-ratios were, and there is
    no displacement."""
    names = {"chosen_logratio": "chosen_reward", "rejected_logratio": "rejected_reward"}
    dropped = ("chosen_logratio_per_token", "rejected_logratio_per_token", "displacement")
    return {names.get(name, name): value for name, value in figures.items() if name not in dropped}


def wilson_interval(successes: int, trials: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927), valid near 0 and 1 and for few trials too.

    ``labeling.stats`` has the same formula: the engine runs without the rest of the project.
    """
    share = successes / trials
    centre = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)
