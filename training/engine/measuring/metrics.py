"""The figures of a set of scored pairs. Numbers in, numbers out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.engine.loss_settings import PER_TOKEN, LossSettings

Column = NDArray[np.float64]

STEP_FIGURES = (
    "loss",
    "loss_floor",
    "hard_loss",
    "margin",
    "reward_accuracy",
    "chosen_logratio",
    "rejected_logratio",
    "chosen_reward",
    "rejected_reward",
    "displacement",
)


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

    def rewards(self, settings: LossSettings) -> tuple[Column, Column]:
        """Implicit rewards of chosen and rejected: ``beta h``, and ``beta h / |y|`` where the loss takes means over the
        completion's tokens."""
        sides = self.chosen_log_ratio, self.rejected_log_ratio
        lengths = (self.chosen_tokens, self.rejected_tokens) if settings.loss in PER_TOKEN else (1.0, 1.0)
        return settings.beta * sides[0] / lengths[0], settings.beta * sides[1] / lengths[1]

    def margins(self, settings: LossSettings) -> Column:
        """The reward of chosen less that of rejected."""
        chosen, rejected = self.rewards(settings)
        return chosen - rejected


def summarise(scores: PairScores, losses: Column, settings: LossSettings) -> dict[str, Any]:
    """The figures of ``evaluated`` events.

    ``loss`` is the weighted mean of ``losses`` (pairs,); everything else counts every pair once. See ``accuracy``.
    ``displacement``: likelihood displacement (arXiv 2410.08847): the margin grew while the chosen completions became
    less likely than under the reference.
    """
    chosen, rejected = scores.chosen_log_ratio, scores.rejected_log_ratio
    margins = scores.margins(settings)
    return {
        "pairs": len(margins),
        "loss": weighted_mean(losses, scores),
        **accuracy(margins),
        "margin": float(margins.mean()),
        "margin_p5": float(np.percentile(margins, 5)),
        "margin_p95": float(np.percentile(margins, 95)),
        "chosen_logratio": float(chosen.mean()),
        "rejected_logratio": float(rejected.mean()),
        "chosen_logratio_per_token": float(chosen.sum() / scores.chosen_tokens.sum()),
        "rejected_logratio_per_token": float(rejected.sum() / scores.rejected_tokens.sum()),
        "displacement": bool(margins.mean() > 0 and chosen.mean() < 0),
    }


def weighted_mean(values: Column, scores: PairScores) -> float:
    """The mean of one value for each pair, (pairs,), by the pairs' weights."""
    return float(np.average(values, weights=scores.weight))


def accuracy(margins: Column) -> dict[str, Any]:
    """The share of pairs whose margin is above zero: ``reward_accuracy``, with its 95 % Wilson interval.

    A margin of exactly zero counts half, as a coin flip would, so that a model without any preference has 0.5. The
    interval is Wilson's for the sum of these halves and ones. A tie varies less than a coin flip does, so with ties the
    interval is a little too wide, never too narrow. ``ties`` counts the margins of exactly zero.
    """
    ties = int((margins == 0).sum())
    right = int((margins > 0).sum()) + ties / 2
    low, high = wilson_interval(right, len(margins))
    return {
        "reward_accuracy": right / len(margins),
        "reward_accuracy_low": low,
        "reward_accuracy_high": high,
        "ties": ties,
    }


def without_reference(figures: dict[str, Any]) -> dict[str, Any]:
    """The figures of ``summarise`` for an explicit reward model: its rewards stand where log-ratios were, and there is
    no displacement."""
    names = {"chosen_logratio": "chosen_reward", "rejected_logratio": "rejected_reward"}
    dropped = ("chosen_logratio_per_token", "rejected_logratio_per_token", "displacement")
    return {names.get(name, name): value for name, value in figures.items() if name not in dropped}


def wilson_interval(successes: float, trials: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927), valid near 0 and 1 and for few trials too.

    ``labeling.stats`` has the same formula: the engine runs without the rest of the project.
    """
    share = successes / trials
    centre = share + z * z / (2 * trials)
    spread = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)
