"""The figures of a round, computed from numbers and texts."""

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from labeling.models import Campaign, Verdict
from labeling.stats import clustered_mean, clustered_share, wilson_interval
from training.evaluation.sections import estimate
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


def win_rate(rule: PreferenceRule, by_prompt: Sequence[tuple[Hashable, str, str]]) -> dict[str, Any]:
    """The share of comparisons that the new version's text wins by the rule; ties count half.

    by_prompt: prompt, new text and old text of each. The 95 % interval is Wilson's for the effective number of
    comparisons: several of one prompt count less.
    """
    scores = {"first": 1.0, "tie": 0.5, "second": 0.0}
    won = [scores[rule.prefers(new, old)] for _prompt, new, old in by_prompt]
    prompts = [prompt for prompt, _new, _old in by_prompt]
    counts = {name: won.count(score) for name, score in (("wins", 1.0), ("ties", 0.5), ("losses", 0.0))}
    return {**estimate(clustered_share(won, prompts)), **counts, "prompts": len(set(prompts))}


def mean_of(by_prompt: Sequence[tuple[Hashable, float]]) -> dict[str, Any]:
    """The mean over prompts of the mean of each, with Student's 95 % interval. by_prompt: prompt and value of each."""
    values = np.array([value for _prompt, value in by_prompt], dtype=np.float64)
    return estimate(clustered_mean(values, [prompt for prompt, _value in by_prompt]))
