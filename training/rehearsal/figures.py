"""The figures of a round, computed from numbers and texts."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from labeling.models import Campaign, Verdict
from labeling.stats import wilson_interval
from training.rehearsal.rules import PreferenceRule


def with_interval(successes: float, trials: int) -> dict[str, Any]:
    """A share with its 95 % Wilson interval."""
    low, high = wilson_interval(successes, trials)
    return {"value": successes / trials if trials else None, "low": low, "high": high}


def verdict_accuracy(campaign: Campaign, rule: PreferenceRule) -> dict[str, Any]:
    """The share of verdicts that agree with the rule, with its interval; ties by the rule are left out."""
    correct = total = 0
    verdicts = Verdict.objects.filter(campaign=campaign, winner__in=("a", "b"))
    for verdict in verdicts.select_related("comparison__completion_a", "comparison__completion_b").iterator(500):
        preferred = rule.prefers(verdict.comparison.completion_a.text, verdict.comparison.completion_b.text)
        if preferred != "tie":
            total += 1
            correct += verdict.winner == ("a" if preferred == "first" else "b")
    return {**with_interval(correct, total), "verdicts": total}


def win_rate(rule: PreferenceRule, new_and_old: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The share of prompts on which the new version's text wins by the rule, with its 95 % Wilson interval.

    Ties count half.
    """
    outcomes = Counter(rule.prefers(new, old) for new, old in new_and_old)
    wins, ties, losses = outcomes["first"], outcomes["tie"], outcomes["second"]
    shares = with_interval(wins + ties / 2, wins + ties + losses)
    return {**shares, "wins": wins, "ties": ties, "losses": losses, "ties_count": "half"}


@dataclass(frozen=True)
class KLEstimate:
    """How far the new version has moved, in nats per completion, on its own samples at temperature 1."""

    k3: float
    k1: float
    completions: int
    tokens: float


def estimate_kl(log_new: Sequence[float], log_old: Sequence[float], tokens: Sequence[int]) -> KLEstimate:
    """KL(new || old) from log-probabilities of whole completions sampled from `new`.

    k3 = mean of (r - 1) - log r with r = p_old / p_new: unbiased, never negative, of low variance while the two are
    close (Schulman 2020, "Approximating KL divergence"). k1 = mean of -log r, for comparison.
    """
    log_ratios = [old - new for new, old in zip(log_new, log_old, strict=True)]
    count = len(log_ratios)
    return KLEstimate(
        k3=math.fsum(math.expm1(ratio) - ratio for ratio in log_ratios) / count,
        k1=-math.fsum(log_ratios) / count,
        completions=count,
        tokens=math.fsum(tokens) / count,
    )
