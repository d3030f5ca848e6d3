"""The gate by people, looked at after every vote: how often it errs, and how many votes it takes.

Simulates blind votes on a candidate with a known true win rate, and decides as the platform does (labeling.stats.gate).
Beside it a z-test that is looked at after every vote from the twentieth on, one-sided at 5 %: it "finds" an improvement
in a third of the experiments in which there is none. Votes come without ties, with ties, and three to a prompt that
mostly agree. For one vote a prompt without ties, all figures are also computed exactly, over all paths.

    python -m benchmarks.gate [--experiments 2000] [--json]         (a minute or two)

Prints a table and whether each promise is kept. The exit code is 1 if one is not.
"""

import argparse
import json
import time
from dataclasses import asdict, dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from labeling.stats import GateRule, first_reached, log_wealth
from labeling.stats.betting import STAKES

Floats = NDArray[np.float64]
Z_LIMIT, Z_FROM = 1.645, 20
"""One-sided 5 %, and the first vote at which anybody would look at a z-test."""
AT_ONCE = 200
"""Experiments in memory at a time."""


@dataclass(frozen=True)
class Scene:
    """Votes to simulate. win_rate: among votes that are no ties. agreeing: how alike the votes on a prompt are.

    A prompt's own win rate is drawn from a beta distribution with that mean; `agreeing` is the correlation of two votes
    on one prompt, 1 / (alpha + beta + 1).
    """

    win_rate: float
    ties: float = 0.0
    votes_per_prompt: int = 1
    agreeing: float = 0.0


@dataclass(frozen=True)
class Row:
    """The outcome of a scene: shares of the experiments, and votes until the decision or the end."""

    scene: Scene
    promoted: float
    stopped: float
    undecided: float
    mean_votes: float
    median_votes: float
    z_test: float | None = None


SCENES = [
    Scene(0.40),
    Scene(0.50),
    Scene(0.50, ties=0.2),
    Scene(0.55),
    Scene(0.60),
    Scene(0.60, ties=0.2),
    Scene(0.65),
    Scene(0.70),
    Scene(0.70, ties=0.2),
    Scene(0.50, votes_per_prompt=3, agreeing=0.5),
    Scene(0.60, votes_per_prompt=3, agreeing=0.5),
    Scene(0.70, votes_per_prompt=3, agreeing=0.5),
]

DESIGNED = {
    Scene(0.40): (0.003, 0.998, 47, 39),
    Scene(0.50): (0.032, 0.944, 195, 159),
    Scene(0.50, ties=0.2): (0.035, 0.963, 154, 128),
    Scene(0.55): (0.355, 0.368, 350, 372),
    Scene(0.60): (0.950, 0.029, 191, 159),
    Scene(0.60, ties=0.2): (0.885, 0.092, 216, 191),
    Scene(0.65): (0.992, 0.008, 82, 66),
    Scene(0.70): (0.999, 0.001, 45, 35),
    Scene(0.70, ties=0.2): (0.994, 0.006, 56, 47),
}
"""The simulation by which the rule was chosen, also 2,000 experiments a row: promoted, stopped, votes: mean, median."""


def votes(generator: np.random.Generator, scene: Scene, experiments: int, number: int) -> Floats:
    """Scores of votes, prompt after prompt; shape (experiments, number). A tie is 0.5."""
    prompts, k = number // scene.votes_per_prompt, scene.votes_per_prompt
    rates = np.full((experiments, prompts, 1), scene.win_rate)
    if scene.agreeing:
        concentration = 1 / scene.agreeing - 1
        alpha, beta = scene.win_rate * concentration, (1 - scene.win_rate) * concentration
        rates = generator.beta(alpha, beta, size=rates.shape)
    wins = (generator.random((experiments, prompts, k)) < rates).astype(np.float64)
    scores = np.where(generator.random(wins.shape) < scene.ties, 0.5, wins)
    return scores.reshape(experiments, prompts * k)


def simulated(scene: Scene, experiments: int, rule: GateRule, seed: int = 0) -> Row:
    """Every experiment of a scene, looked at after every vote until the gate decides or ends."""
    generator = np.random.default_rng([seed, SCENES.index(scene)])
    bound, k = log(1 / rule.error), scene.votes_per_prompt
    ups, downs, z_found = [], [], 0
    for begin in range(0, experiments, AT_ONCE):
        scores = votes(generator, scene, min(AT_ONCE, experiments - begin), rule.most_votes)
        x = scores.reshape(len(scores), -1, k).mean(axis=2)
        ups.append(first_reached(log_wealth(x, 0.5), bound) * k)
        downs.append(first_reached(log_wealth(1 - x, 1 - rule.worth), bound) * k)
        z_found += int(z_test_finds(scores).sum())
    up, down = np.concatenate(ups), np.concatenate(downs)
    needed = np.minimum(np.minimum(up, down), rule.most_votes)
    promoted, stopped = float((up < down).mean()), float((down < up).mean())
    undecided = max(0.0, 1 - promoted - stopped)
    ends = (promoted, stopped, undecided, float(needed.mean()), float(np.median(needed)))
    return Row(scene, *ends, z_found / experiments)


def z_test_finds(scores: Floats) -> NDArray[np.bool_]:
    """Whether a z-test of "the mean is at most one half" is significant after any vote from the twentieth on."""
    number = np.arange(1, scores.shape[1] + 1)
    means, squares = scores.cumsum(axis=1) / number, (scores**2).cumsum(axis=1) / number
    errors = np.sqrt(np.maximum(squares - means**2, 1e-12) / number)
    return np.asarray(((means - 0.5) / errors >= Z_LIMIT)[:, Z_FROM - 1 :].any(axis=1), dtype=np.bool_)


def exact(win_rate: float, rule: GateRule) -> Row:
    """The same without simulation and without the platform's code, for one vote a prompt and no ties.

    The wealth depends on wins and losses alone, as a plain average of products. The chances of being undecided with so
    many wins are carried from vote to vote.
    """
    powers = np.arange(rule.most_votes + 1)[:, None]
    up_win, up_loss, down_win = (1 + STAKES) ** powers, (1 - STAKES) ** powers, (1 - STAKES) ** powers
    down_loss = (1 + STAKES * rule.worth / (1 - rule.worth)) ** powers
    undecided, promoted, stopped, mean, median = np.array([1.0]), 0.0, 0.0, 0.0, 0.0
    for number in range(1, rule.most_votes + 1):
        chances = np.append(undecided * (1 - win_rate), 0.0) + np.insert(undecided * win_rate, 0, 0.0)
        wins = np.arange(number + 1)
        up = (up_win[wins] * up_loss[number - wins]).mean(axis=1) >= 1 / rule.error
        down = (down_loss[number - wins] * down_win[wins]).mean(axis=1) >= 1 / rule.error
        promoted, stopped = promoted + float(chances[up].sum()), stopped + float(chances[down & ~up].sum())
        mean += number * float(chances[up | down].sum())
        undecided = np.where(up | down, 0.0, chances)
        if not median and promoted + stopped >= 0.5:
            median = number
    left = float(undecided.sum())
    return Row(Scene(win_rate), promoted, stopped, left, mean + rule.most_votes * left, median)


def promises(rows: list[Row], exactly: dict[float, Row], experiments: int) -> list[tuple[str, bool]]:
    """The gate's promises, each with its figure and whether it is kept."""
    none_better = [row for row in rows if row.scene.win_rate == 0.5]
    error = 2.5 * (0.05 * 0.95 / experiments) ** 0.5
    at_half, at_worth, at_70 = (exactly[rate] for rate in (0.5, 0.6, 0.7))
    kept = [
        (
            f"false promotion at most 5 %, exactly: {at_half.promoted:.2%}; simulated, with ties and clustered votes: "
            + ", ".join(f"{row.promoted:.1%}" for row in none_better),
            at_half.promoted <= 0.05 and all(row.promoted <= 0.05 + error for row in none_better),
        ),
        (f"at 0.60 at least 94 % promoted: {at_worth.promoted:.2%}", at_worth.promoted >= 0.94),
        (f"at 0.60 200 votes or fewer on average: {at_worth.mean_votes:.1f}", at_worth.mean_votes <= 200),
        (f"at 0.70 50 votes or fewer on average: {at_70.mean_votes:.1f}", at_70.mean_votes <= 50),
        (f"nothing better: decided in the median by 160: {at_half.median_votes:.0f}", at_half.median_votes <= 160),
    ]
    return kept + [
        (f"as designed at {named(row.scene)}", as_designed(row, experiments)) for row in rows if row.scene in DESIGNED
    ]


def as_designed(row: Row, experiments: int) -> bool:
    """Whether a row differs from its design by no more than both simulations' errors (three standard errors)."""
    promoted, stopped, mean, median = DESIGNED[row.scene]
    inverse = 1 / experiments + 1 / 2000
    shares = ((row.promoted, promoted), (row.stopped, stopped))
    pooled = [(ours * experiments + theirs * 2000) / (experiments + 2000) for ours, theirs in shares]
    near = [
        abs(ours - theirs) <= 3 * (max(p * (1 - p), 0.001) * inverse) ** 0.5
        for (ours, theirs), p in zip(shares, pooled, strict=True)
    ]
    # The votes' standard deviation is about their mean; a median's error is a quarter larger than a mean's.
    error = 3 * mean * inverse**0.5
    return all(near) and abs(row.mean_votes - mean) <= error and abs(row.median_votes - median) <= 1.25 * error


def named(scene: Scene) -> str:
    name = f"{scene.win_rate:.2f}"
    name += f", {scene.ties:.0%} ties" if scene.ties else ""
    return name + (f", {scene.votes_per_prompt} votes a prompt" if scene.votes_per_prompt > 1 else "")


def table(rows: list[Row]) -> str:
    """As Markdown."""
    lines = [
        "| true win rate | promoted | stopped | undecided | votes: mean, median | a z-test finds better |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        z_test = "" if row.z_test is None else f"{row.z_test:.1%}"
        shares = f"{row.promoted:.1%} | {row.stopped:.1%} | {row.undecided:.1%}"
        lines.append(f"| {named(row.scene)} | {shares} | {row.mean_votes:.0f}, {row.median_votes:.0f} | {z_test} |")
    return "\n".join(lines)


def main() -> int:
    """Prints the tables and the promises, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=2000, help="simulated for each row")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    rule, began = GateRule(), time.perf_counter()
    rows = [simulated(scene, options.experiments, rule) for scene in SCENES]
    plain = {scene.win_rate for scene in SCENES if not scene.ties and scene.votes_per_prompt == 1}
    exactly = {rate: exact(rate, rule) for rate in sorted(plain)}
    kept = promises(rows, exactly, options.experiments)
    if options.json:
        report = {"simulated": [asdict(row) for row in rows], "exact": [asdict(row) for row in exactly.values()]}
        print(json.dumps(report | {"promises": dict(kept), "seconds": round(time.perf_counter() - began, 1)}))
    else:
        print(table(rows), "\n\nExactly, over all paths:\n", table(list(exactly.values())), "\n", sep="\n")
        for sentence, holds in kept:
            print(f"{'kept' if holds else 'NOT KEPT'}: {sentence}")
        print(f"{time.perf_counter() - began:.0f} s")
    return 0 if all(holds for _, holds in kept) else 1


if __name__ == "__main__":
    raise SystemExit(main())
