"""The quality of the statistics when the truth is known: simulated annotators with known error rates.

Three questions, each over several seeds:
1. Verdicts: are those of Dawid-Skene correct more often than those of the majority, on the same votes?
2. Adaptive overlap: how many votes does it save, compared with five for every comparison, at the same accuracy?
3. Intervals: does a 95 % interval contain the true value 95 times in a hundred?

Pure: no database, no server. The stopping rule is the platform's own (labeling.stats.AdaptiveOverlap), with the error
rate estimated from the votes as they arrive. Run: `python -m benchmarks.annotators [--json] [--seeds 10]` (one to two
minutes).
"""

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeling.stats import (
    AdaptiveOverlap,
    Bootstrap,
    EmSettings,
    Estimate,
    Pattern,
    VoteTable,
    annotator_errors,
    dawid_skene,
    estimated_error_rate,
    gwet_ac1,
    krippendorff_alpha,
    label_noise,
    leave_one_out,
    length_bias,
    percent_agreement,
    position_bias,
    quantile,
    ranking,
)

COMPARISONS = 2000
FIXED = 5
MAXIMUM = 9
THRESHOLDS = (0.9, 0.8)
"""The platform's default, and a lower one."""
BATCH = 100
"""Comparisons after which the error rate is estimated again, as in a campaign."""
MIRROR = (2, 1, 0)
TRUTHS = (0.45, 0.1, 0.45)
"""Probabilities that the true choice is a, a tie or b."""

Votes = NDArray[np.int64]


def alike(rng: np.random.Generator) -> NDArray[np.float64]:
    """24 annotators who all err 20 times in a hundred."""
    return np.full(24, 0.2)


def mixed(rng: np.random.Generator) -> NDArray[np.float64]:
    """24 different annotators who err 8 to 38 times in a hundred."""
    return rng.uniform(0.08, 0.38, size=24)


def with_clickers(rng: np.random.Generator) -> NDArray[np.float64]:
    """20 careful annotators, and 4 who choose at random."""
    return np.concatenate([rng.uniform(0.08, 0.25, size=20), np.full(4, 2 / 3)])


CROWDS: dict[str, Callable[[np.random.Generator], NDArray[np.float64]]] = {
    "all alike": alike,
    "of all kinds": mixed,
    "with clickers": with_clickers,
}


@dataclass(frozen=True)
class Outcome:
    """One method of reaching verdicts in one crowd: means over the seeds, with half-widths of 95 % intervals."""

    crowd: str
    way: str
    votes: float
    right: float
    right_half: float
    saved: float
    saved_half: float
    gained: float
    gained_half: float


def simulate(rng: np.random.Generator, errors: NDArray[np.float64]) -> tuple[Votes, Votes, Votes]:
    """True choices, shape (comparisons,); annotators in the order of asking and their choices, both (comparisons, 9).

    A wrong choice is either of the two others, with equal probability.
    """
    truths = rng.choice(3, size=COMPARISONS, p=TRUTHS)
    order = np.argsort(rng.random((COMPARISONS, errors.size)), axis=1)[:, :MAXIMUM]
    wrong = rng.random(order.shape) < errors[order]
    other = (truths[:, None] + rng.integers(1, 3, size=order.shape)) % 3
    return truths, order, np.where(wrong, other, truths[:, None])


def adaptive_counts(choices: Votes, threshold: float) -> Votes:
    """The number of votes for each comparison, batch by batch; shape (comparisons,)."""
    counts, patterns, rate = np.zeros(COMPARISONS, dtype=np.int64), Counter[Pattern](), 0.25
    for begin in range(0, COMPARISONS, BATCH):
        wants_more = cache(
            AdaptiveOverlap(threshold=threshold, minimum=2, maximum=MAXIMUM, error_rate=rate).wants_more_after
        )
        for comparison in range(begin, min(begin + BATCH, COMPARISONS)):
            pattern = [0, 0, 0]
            while wants_more((pattern[0], pattern[1], pattern[2])):
                pattern[choices[comparison, sum(pattern)]] += 1
            counts[comparison] = sum(pattern)
            patterns[pattern[0], pattern[1], pattern[2]] += 1
        rate = estimated_error_rate(patterns)
    return counts


def by_majority(choices: Votes, counts: Votes, truths: Votes) -> float:
    """Share of correct verdicts when most votes win; among k choices with equally many, each wins one time in k."""
    given = np.arange(MAXIMUM) < counts[:, None]
    tallies = np.stack([((choices == choice) & given).sum(axis=1) for choice in range(3)], axis=1)
    first = tallies == tallies.max(axis=1, keepdims=True)
    return float((first[np.arange(len(truths)), truths] / first.sum(axis=1)).mean())


def by_dawid_skene(order: Votes, choices: Votes, counts: Votes, truths: Votes, people: int) -> float:
    """Share of correct verdicts when the most probable choice of each posterior wins."""
    comparison, place = np.nonzero(np.arange(MAXIMUM) < counts[:, None])
    table = VoteTable(
        comparison,
        order[comparison, place],
        choices[comparison, place],
        n_choices=3,
        n_items=len(truths),
        n_annotators=people,
    )
    estimates = dawid_skene(table, EmSettings(mirror=MIRROR, tolerance=1e-4))
    return float((estimates.posteriors.argmax(axis=1) == truths).mean())


def verdicts(seeds: int) -> list[Outcome]:
    """Every method in every crowd. gained: compared with the majority of five."""
    outcomes = []
    for crowd, draw in CROWDS.items():
        figures: dict[str, list[tuple[float, float, float, float]]] = defaultdict(list)
        for seed in range(seeds):
            rng = np.random.default_rng(seed)
            errors = draw(rng)
            truths, order, choices = simulate(rng, errors)
            ways = {"five votes": np.full(COMPARISONS, FIXED)}
            ways |= {f"adaptive at {threshold}": adaptive_counts(choices, threshold) for threshold in THRESHOLDS}
            base = by_majority(choices, ways["five votes"], truths)
            for way, counts in ways.items():
                votes = float(counts.mean())
                for rule, right in (
                    ("majority", by_majority(choices, counts, truths)),
                    ("Dawid-Skene", by_dawid_skene(order, choices, counts, truths, errors.size)),
                ):
                    figures[f"{way}, {rule}"].append((votes, right, 1 - votes / FIXED, right - base))
        outcomes += [_outcome(crowd, way, np.array(rows)) for way, rows in figures.items()]
    return outcomes


def _outcome(crowd: str, way: str, rows: NDArray[np.float64]) -> Outcome:
    mean, half = rows.mean(axis=0), 1.96 * rows.std(axis=0, ddof=1) / len(rows) ** 0.5
    votes, right, saved, gained = (float(one) for one in mean)
    return Outcome(crowd, way, votes, right, float(half[1]), saved, float(half[2]), gained, float(half[3]))


# --- Intervals ---

ERRORS = np.array([0.05, 0.1, 0.1, 0.15, 0.15, 0.2, 0.2, 0.25, 0.25, 0.3, 0.35, 0.4])
"""Error rates of the annotators in the campaigns for intervals; their comparisons vary."""
STRENGTHS = {"base": -0.5, "v1": 0.0, "v2": 0.5}
TIE, LENGTH = -0.5, 0.6
FEWER = Bootstrap(resamples=600)


def campaign(rng: np.random.Generator, comparisons: int) -> tuple[Votes, Votes]:
    """Annotators and their choices, without ties (a: 0, b: 2); both of shape (comparisons, 3)."""
    truths = 2 * rng.integers(0, 2, size=comparisons)
    order = np.argsort(rng.random((comparisons, ERRORS.size)), axis=1)[:, :3]
    wrong = rng.random(order.shape) < ERRORS[order]
    return order, np.where(wrong, 2 - truths[:, None], truths[:, None])


def patterns_of(choices: Votes) -> Counter[Pattern]:
    return Counter((int((row == 0).sum()), 0, int((row == 2).sum())) for row in choices)


def agreement_figures(choices: Votes, bootstrap: Bootstrap) -> dict[str, Estimate]:
    """The figures that depend on patterns of votes alone."""
    patterns = patterns_of(choices)
    percent = percent_agreement(patterns, bootstrap=bootstrap)
    return {
        "agreement": percent,
        "alpha": krippendorff_alpha(patterns, bootstrap=bootstrap),
        "AC1": gwet_ac1(patterns, bootstrap=bootstrap),
        "one against the majority": leave_one_out(patterns, bootstrap=bootstrap),
        "label noise from agreement": label_noise(percent),
    }


def noise_by_dawid_skene(order: Votes, choices: Votes) -> Estimate:
    sets = np.repeat(np.arange(len(choices)), 3)
    weights = np.ones(len(choices))
    return annotator_errors(sets, order.ravel(), choices.ravel(), weights, n_annotators=ERRORS.size).noise


def models_and_length(rng: np.random.Generator) -> dict[str, tuple[Estimate, float]]:
    """Ratings at equal length from 300 matches with two votes each, in which longer texts are preferred."""
    names, matches, elo = sorted(STRENGTHS), Counter[tuple[str, str, float, int, int, int]](), 400 / np.log(10)
    for _ in range(300):
        one, other = (names[index] for index in rng.choice(3, size=2, replace=False))
        ratio = round(float(rng.normal(0, 0.5)), 1)
        d = STRENGTHS[one] - STRENGTHS[other] + LENGTH * ratio
        odds = np.exp([d / 2, TIE, -d / 2])
        a, tie, b = rng.multinomial(2, odds / odds.sum())
        matches[one, other, ratio, int(a), int(tie), int(b)] += 1
    result = ranking(matches, length_controlled=True, bootstrap=Bootstrap(resamples=60))
    rated = {f"rating of {row.model}": (row.rating, elo * STRENGTHS[row.model]) for row in result.models}
    return {**rated, "length in the ranking": (result.length_effect, LENGTH)}


def slope(rng: np.random.Generator) -> Estimate:
    """The slope along the length ratio, 200 comparisons with three votes each."""
    rows: Counter[tuple[float, int, int]] = Counter()
    for ratio in rng.normal(0, 0.6, size=200).round(1):
        a = int(rng.binomial(3, 1 / (1 + np.exp(-LENGTH * ratio))))
        rows[float(ratio), a, 3 - a] += 1
    return length_bias(rows, bootstrap=FEWER).slope


def coverage(campaigns: int) -> dict[str, tuple[int, int]]:
    """By figure: the number of campaigns whose interval contained the true value, and the number of campaigns."""
    rng = np.random.default_rng(1)
    truth = {name: one.value for name, one in agreement_figures(campaign(rng, 400_000)[1], FEWER).items()}
    held: dict[str, list[bool]] = defaultdict(list)

    def check(name: str, estimate: Estimate, true: float) -> None:
        assert estimate.low is not None
        assert estimate.high is not None
        held[name].append(estimate.low <= true <= estimate.high)

    for number in range(campaigns):
        order, choices = campaign(rng, 300)
        for name, estimate in agreement_figures(choices, FEWER).items():
            check(name, estimate, truth[name] or 0.0)
        left = int(rng.binomial(600, 0.53))
        check("left preferred", position_bias(left, 600 - left), 0.53)
        check("median time", quantile(Counter(rng.lognormal(2.3, 0.8, size=150).round(1)), 0.5), float(np.exp(2.3)))
        check("slope along the length ratio", slope(rng), LENGTH)
        check("label noise by Dawid-Skene", noise_by_dawid_skene(order, choices), float(ERRORS.mean()))
        if number % 3 == 0:
            for name, (estimate, true) in models_and_length(rng).items():
                check(name, estimate, true)
    return {name: (sum(hits), len(hits)) for name, hits in held.items()}


# --- Printing ---


def show(outcomes: list[Outcome], covered: dict[str, tuple[int, int]], seconds: float) -> None:
    print(f"Verdicts on {COMPARISONS} comparisons a seed; ± is half of a 95 % interval over the seeds")
    print(f"{'crowd':16}{'method':30}{'votes':>7}{'correct':>16}{'votes saved':>16}{'against majority of 5':>24}")
    for one in outcomes:
        right, saved = f"{one.right:.1%} ± {one.right_half:.1%}", f"{one.saved:.1%} ± {one.saved_half:.1%}"
        gained = f"{100 * one.gained:+.1f} ± {100 * one.gained_half:.1f} points"
        print(f"{one.crowd:16}{one.way:30}{one.votes:7.2f}{right:>16}{saved:>16}{gained:>24}")
    print("\nHow often a 95 % interval contained the true value")
    for name, (hits, of) in covered.items():
        print(f"{name:34}{hits / of:7.1%} of {of}")
    print(f"\n{seconds:.0f} s")


def main() -> None:
    """Prints the tables, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--campaigns", type=int, default=400, help="simulated for the intervals")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    began = time.perf_counter()
    outcomes, covered = verdicts(options.seeds), coverage(options.campaigns)
    seconds = time.perf_counter() - began
    if options.json:
        report: dict[str, Any] = {
            "verdicts": [asdict(one) for one in outcomes],
            "coverage": {name: {"held": hits / of, "campaigns": of} for name, (hits, of) in covered.items()},
            "seconds": round(seconds, 1),
        }
        print(json.dumps(report))
    else:
        show(outcomes, covered, seconds)


if __name__ == "__main__":
    main()
