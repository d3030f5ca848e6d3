"""The price of a better model: how well the forecast of a learning curve holds in simulated campaigns.

Each campaign has features of its pairs, people who err, held-out pairs, and a learner: logistic regression on the
difference of the two texts' features, which is Bradley-Terry with features and what DPO does with a fixed
representation. It is no language model, so that hundreds of campaigns take a minute. Short trainings on nested subsets
give the curve (labeling.stats.learning_curve), as the job of the price page does. Then the truth is looked at: the
campaign gets as many labels again, and a training on all of them is measured on 20,000 new pairs.

    python -m benchmarks.price [--campaigns 200] [--draws 4] [--seed 1] [--json]         (a minute or two)

Prints how often the 90 % interval for the accuracy at twice the labels holds (the promise: in at least 85 % of the
campaigns), how wide it is, and how far the predicted date of a target is from the true one. The exit code is 1 if the
promise is not kept.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from labeling.stats import ShortTraining, learning_curve, quantiles
from training.evaluation.short_runs import subset_sizes

Floats = NDArray[np.float64]
PROMISED = 0.85
NEW_PAIRS = 20_000
RIDGE = 1.0
REPEATS = 20
"""Trainings on independent labels behind the true mean accuracy of a size."""


@dataclass(frozen=True)
class World:
    """A campaign's truth. flips: judgments turned round. hidden: the scale of utility that no feature shows."""

    weights: Floats
    flips: float
    hidden: float
    labels: int
    held_out: int
    pace: float

    def pairs(self, count: int, generator: np.random.Generator) -> Floats:
        """Differences of features, chosen less rejected by people who err, shape (count, features)."""
        difference = generator.standard_normal((count, self.weights.size))
        utility = difference @ self.weights + self.hidden * generator.standard_normal(count)
        first_wins = generator.random(count) < 1 / (1 + np.exp(-utility))
        first_wins ^= generator.random(count) < self.flips
        return difference * np.where(first_wins, 1.0, -1.0)[:, None]


@dataclass(frozen=True)
class Outcome:
    """A campaign's forecast beside the truth."""

    labels: int
    held_out: int
    now: float
    low: float
    high: float
    truth: float
    mean_low: float
    mean_high: float
    mean_truth: float
    exhausted: bool
    true_gain: float
    days: float
    days_low: float
    days_high: float
    true_days: float


def world(generator: np.random.Generator) -> World:
    """A campaign: few or many features that matter, easy or hard to judge, 10 to 30 % of the judgments wrong or not."""
    features = int(generator.choice([3, 6, 12, 25, 50]))
    weights = generator.standard_normal(features) * (1 + np.arange(features)) ** -generator.uniform(0.0, 1.0)
    weights *= generator.uniform(1.0, 4.0) / np.linalg.norm(weights)
    return World(
        weights=weights,
        flips=float(generator.choice([0.0, 0.05, 0.1, 0.2])),
        hidden=float(generator.choice([0.0, 0.5, 1.5])),
        labels=int(generator.integers(80, 800)),
        held_out=int(generator.integers(40, 250)),
        pace=float(generator.uniform(10, 80)),
    )


def fit(chosen: Floats) -> Floats:
    """Ridge logistic regression on differences that are all won, by Newton's method; shape (features,)."""
    weights = np.zeros(chosen.shape[1])
    for _ in range(25):
        wins = 1 / (1 + np.exp(-np.clip(chosen @ weights, -30, 30)))
        gradient = chosen.T @ (1 - wins) - RIDGE * weights
        curvature = (chosen * (wins * (1 - wins))[:, None]).T @ chosen + RIDGE * np.eye(weights.size)
        step = np.linalg.solve(curvature, gradient)
        weights = weights + step
        if np.abs(step).max() < 1e-6:
            break
    return weights


def short_trainings(
    chosen: Floats, held_out: Floats, draws: int, generator: np.random.Generator
) -> list[ShortTraining]:
    """Trainings on nested subsets, all measured on the same held-out pairs."""
    found = []
    for draw in range(draws):
        order = generator.permutation(len(chosen))
        for size in subset_sizes(len(chosen)):
            right = (held_out @ fit(chosen[order[:size]]) > 0).astype(np.float64)
            found.append(ShortTraining(size, draw, right))
    return found


def mean_accuracy(one: World, labels: int, test: Floats, generator: np.random.Generator) -> float:
    """The accuracy after so many labels, on average over independent ones."""
    return float(np.mean([(test @ fit(one.pairs(labels, generator)) > 0).mean() for _repeat in range(REPEATS)]))


def labels_until(target: float, at: Callable[[int], float], low: int, high: int) -> int:
    """The labels at which the mean accuracy reaches a target, by bisection to a fiftieth."""
    while high - low > max(2, low // 50):
        middle = (low + high) // 2
        low, high = (low, middle) if at(middle) >= target else (middle, high)
    return high


def outcome(draws: int, generator: np.random.Generator) -> Outcome:
    """One campaign: its forecast, and the truth."""
    one = world(generator)
    all_labels = one.pairs(2 * one.labels, generator)
    held_out, test = one.pairs(one.held_out, generator), one.pairs(NEW_PAIRS, generator)
    curve = learning_curve(short_trainings(all_labels[: one.labels], held_out, draws, generator))
    assert curve is not None
    said, mean = curve.next_accuracy(2 * one.labels), curve.accuracy(2 * one.labels)
    truth = float((test @ fit(all_labels) > 0).mean())
    now, later = (mean_accuracy(one, labels, test, generator) for labels in (one.labels, 2 * one.labels))
    # A target on the way: what half as many labels again bring.
    target = mean_accuracy(one, one.labels * 3 // 2, test, generator)
    needed = labels_until(target, lambda n: mean_accuracy(one, n, test, generator), one.labels, 2 * one.labels)
    days = generator.poisson(one.pace, 14)
    paces = generator.choice(days, (curve.gain.size, 14)).mean(axis=1)
    ahead = quantiles(np.maximum(0.0, curve.labels_for(target) - one.labels) / np.maximum(paces, 1e-9))
    return Outcome(
        labels=one.labels,
        held_out=one.held_out,
        now=now,
        low=said.low,
        high=said.high,
        truth=truth,
        mean_low=mean.low,
        mean_high=mean.high,
        mean_truth=later,
        exhausted=curve.is_exhausted(curve.labels),
        true_gain=later - now,
        days=ahead.value,
        days_low=ahead.low,
        days_high=ahead.high,
        true_days=(needed - one.labels) / one.pace,
    )


def summary(found: list[Outcome]) -> dict[str, float]:
    """The figures that the page of benchmarks quotes."""
    reached = [one for one in found if one.days < inf]
    errors = np.array([abs(one.days - one.true_days) for one in reached])
    exhausted = [one for one in found if one.exhausted]
    return {
        "campaigns": len(found),
        "covered": float(np.mean([one.low <= one.truth <= one.high for one in found])),
        "mean_covered": float(np.mean([one.mean_low <= one.mean_truth <= one.mean_high for one in found])),
        "width_points": 100 * float(np.median([one.high - one.low for one in found])),
        "held_out_width_points": 100 * float(np.median([3.29 * (0.25 / one.held_out) ** 0.5 for one in found])),
        "no_date": float(np.mean([one.days == inf for one in found])),
        "date_covered": float(np.mean([one.days_low <= one.true_days <= one.days_high for one in found])),
        "date_error_days": float(np.median(errors)) if errors.size else inf,
        "true_days": float(np.median([one.true_days for one in reached])) if reached else inf,
        "exhausted": len(exhausted),
        "exhausted_right": float(np.mean([one.true_gain < 0.01 for one in exhausted])) if exhausted else 1.0,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--campaigns", type=int, default=200, help="simulated campaigns, at least 20")
    parser.add_argument("--draws", type=int, default=4, help="orders of the labels behind each curve")
    parser.add_argument("--seed", type=int, default=1, help="seed of everything")
    parser.add_argument("--json", action="store_true", help="print one JSON object a campaign, then the summary")
    given = parser.parse_args()
    generator = np.random.default_rng(given.seed)
    found = [outcome(given.draws, generator) for _campaign in range(given.campaigns)]
    figures = summary(found)
    if given.json:
        for one in found:
            print(json.dumps(asdict(one)))
    print(
        json.dumps(figures) if given.json else "\n".join(f"{name:24}{value:10.3f}" for name, value in figures.items())
    )
    return 0 if figures["covered"] >= PROMISED else 1


if __name__ == "__main__":
    raise SystemExit(main())
