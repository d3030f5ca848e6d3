"""The figures of an evaluation's sections from what was measured: numbers and texts in, JSON values out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from labeling.stats import Effect, clustered_mean, clustered_ratio, clustered_share
from training.evaluation.axes import AXIS_LABELS
from training.evaluation.biases import (
    AxisFigure,
    RewardedPair,
    SampledPair,
    reward_biases,
    rotation,
    sample_biases,
    standardised_shifts,
)

CONFIDENCES = ((0.0, 0.75), (0.75, 0.95), (0.95, 1.01))
"""The slices by confidence: from, and below."""


@dataclass(frozen=True, slots=True)
class HeldOutPair:
    """A held-out pair as one version sees it. prompt: pairs with an equal one belong together.

    margin: of the implicit reward against the base. chosen_logp, base_logp: log-probabilities of the chosen text, under
    the version and under the base, in nats. criteria: above zero where people's votes on it prefer the chosen text.
    """

    id: str
    prompt: str
    chosen: str
    rejected: str
    confidence: float
    margin: float
    chosen_logp: float
    base_logp: float
    criteria: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class OwnSample:
    """A text that a version wrote. ended: whether by itself, not at the token limit."""

    id: str
    prompt: str
    text: str
    tokens: int
    ended: bool


def slices(pairs: Sequence[HeldOutPair]) -> list[dict[str, Any]]:
    """Accuracy and margin by confidence of the label, and by criterion: against the criterion's own votes.

    Each: by ("confidence", "criterion"), name (of a criterion; "low-high" of a confidence), and `share` of it.
    """
    found = []
    for low, high in CONFIDENCES:
        some = [pair for pair in pairs if low <= pair.confidence < high]
        if some:
            found.append({"by": "confidence", "name": f"{low:g}-{min(high, 1.0):g}", **_accuracy(some)})
    for name in sorted({name for pair in pairs for name in pair.criteria}):
        some = [pair for pair in pairs if pair.criteria.get(name)]
        if some:
            found.append({"by": "criterion", "name": name, **_accuracy(some, name)})
    return found


def _accuracy(pairs: Sequence[HeldOutPair], criterion: str = "") -> dict[str, Any]:
    margins = [pair.margin if not criterion or pair.criteria[criterion] > 0 else -pair.margin for pair in pairs]
    right = [0.5 + 0.5 * float(np.sign(margin)) for margin in margins]
    return {**estimate(clustered_share(right, [pair.prompt for pair in pairs])), "margin": float(np.mean(margins))}


def estimate(effect: Effect) -> dict[str, Any]:
    """A figure with its interval as JSON values. pairs: the units behind it."""
    figure = effect.figure
    return {"value": figure.value, "low": figure.low, "high": figure.high, "pairs": figure.comparisons}


def displacement(pairs: Sequence[HeldOutPair], parent: Mapping[str, float] | None) -> dict[str, Any]:
    """The share of pairs whose chosen text became less likely than under the base, and than under the parent.

    parent: the parent's log-probability of each chosen text; None: the base is the parent. A margin can grow while both
    texts become less likely, and the probability goes elsewhere (Razin et al. 2024, 2410.08847).
    """
    found = {"base": _fallen([(pair.prompt, pair.chosen_logp - pair.base_logp) for pair in pairs])}
    if parent is not None:
        known = [pair for pair in pairs if pair.id in parent]
        found["parent"] = _fallen([(pair.prompt, pair.chosen_logp - parent[pair.id]) for pair in known])
    return found


def _fallen(changes: Sequence[tuple[str, float]]) -> dict[str, Any]:
    prompts = [prompt for prompt, _ in changes]
    values = np.array([change for _, change in changes])
    share = clustered_share([0.5 - 0.5 * float(np.sign(value)) for value in values], prompts)
    return {**estimate(share), "mean": estimate(clustered_mean(values, prompts))}


def drift(lines: Iterable[Mapping[str, Any]], prompts: Mapping[str, str]) -> dict[str, Any]:
    """Exact KL per token to the base and to the parent, and the entropy, with intervals over prompts.

    lines: of the engine's `drift`. prompts: by id of the sample. to_parent is missing where the parent is the base.
    """
    lines = list(lines)
    tokens = np.array([float(line["tokens"]) for line in lines])
    of = [prompts[line["id"]] for line in lines]
    found: dict[str, Any] = {"samples": len(lines), "tokens": int(tokens.sum())}
    for name, column in (("to_base", "kl_to_base"), ("to_parent", "kl_to_reference"), ("entropy", "entropy")):
        if all(column in line for line in lines):
            found[name] = estimate(clustered_ratio(np.array([line[column] for line in lines]), tokens, of))
    return found


def samples(own: Sequence[OwnSample], other: Sequence[OwnSample]) -> dict[str, Any]:
    """The texts of two versions on the same prompts: how they end, and their difference on every axis.

    Only prompts that both answered count. rotation: the axes that fall and rise together; None: none do.
    """
    theirs = {sample.id: sample for sample in other}
    pairs = [(sample, theirs[sample.id]) for sample in own if sample.id in theirs]
    sampled = [SampledPair(one.id, one.prompt, one.text, two.text) for one, two in pairs]
    figures, shifts = sample_biases(sampled), standardised_shifts(sampled)
    axes = [{**figure.as_json(), "shift": shifts[figure.axis]} for figure in figures]
    proven = [one for one in axes if one["alarm"]]
    largest = max(proven, key=lambda one: abs(one["shift"]), default=None)
    prompts = [one.prompt for one, _ in pairs]
    ended = np.array([float(one.ended) - float(two.ended) for one, two in pairs])
    tokens = np.array([float(one.tokens - two.tokens) for one, two in pairs])
    return {
        "pairs": len(pairs),
        "own": _described([one for one, _ in pairs]),
        "other": _described([two for _, two in pairs]),
        "same": sum(one.text == two.text for one, two in pairs),
        "ended": estimate(clustered_mean(ended, prompts)),
        "tokens": estimate(clustered_mean(tokens, prompts)),
        "axes": axes,
        "largest_shift": abs(largest["shift"]) if largest else 0.0,
        "largest_shift_axis": AXIS_LABELS[largest["axis"]] if largest else "",
        "rotation": rotated(figures),
    }


def _described(some: Sequence[OwnSample]) -> dict[str, Any]:
    return {
        "ended": sum(one.ended for one in some) / len(some) if some else None,
        "tokens": sum(one.tokens for one in some) / len(some) if some else None,
        "characters": sum(len(one.text) for one in some) / len(some) if some else None,
    }


def reward(pairs: Sequence[HeldOutPair]) -> dict[str, Any]:
    """The reward, in nats, for one unit more of each axis, on the held-out pairs."""
    rewarded = [RewardedPair(pair.id, pair.prompt, pair.chosen, pair.rejected, pair.margin) for pair in pairs]
    figures = reward_biases(rewarded).observed
    return {"axes": [figure.as_json() for figure in figures], "rotation": rotated(figures)}


def rotated(figures: Sequence[AxisFigure]) -> dict[str, list[str]] | None:
    """The axes of a rotation by direction; None: there is none."""
    found = rotation(figures)
    return {"falling": list(found.falling), "rising": list(found.rising)} if found else None


def stored_rotation(axes: Iterable[Mapping[str, Any]]) -> dict[str, list[str]] | None:
    """As `rotated`, of axes that were stored as JSON: those of a snapshot's labels."""
    falling, rising = ([one["axis"] for one in axes if one["alarm"] == sign] for sign in (-1, 1))
    return {"falling": falling, "rising": rising} if falling and rising else None
