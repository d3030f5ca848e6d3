"""The bias watch on texts with planted biases: what it finds, and how often it is quiet where there is nothing.

Each run writes texts from a pool of plain sentences, with hedges, boosters, praise, refusals, lists and repetition
sprinkled in. People, a reward and a candidate then treat them by a stated rule, and all three measurements of
training.evaluation.biases look at the result. The runs are of four kinds:

- balanced: the winner, the margin and the candidate depend on no axis; the reward does agree with the labels;
- length: people choose the longer text with a probability of about 0.65, the reward pays for it, the candidate obeys;
- lists: the same with lists and headings;
- substitution: the labels are even, the reward fines length and pays for confidence, the candidate exchanges them.

    python -m benchmarks.biases [--runs 200] [--planted 50] [--json]         (a few minutes)

With ../shared/data it also measures the labels of Anthropic HH and AlpacaEval. The exit code is 1 if a promise fails.
"""

import argparse
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from benchmarks.learning import FILES, NoData, records_of
from training.evaluation.axes import TEXT_AXES
from training.evaluation.biases import (
    AxisFigure,
    LabelledPair,
    RewardedPair,
    SampledPair,
    label_biases,
    reward_biases,
    rotation,
    sample_biases,
)

QUIET, FOUND = 0.95, 0.95
"""The share of balanced runs without any alarm, and of planted ones in which every measurement finds its bias."""

SUBJECTS = ("The bus", "A neighbour", "The library", "This recipe", "The clinic", "Our team", "The garden", "A letter")
VERBS = ("opens", "needs time", "changes its plan", "brings two bags", "stays closed", "asks for a date", "costs less")
PLACES = ("at nine", "near the station", "on weekdays", "before lunch", "for most visitors", "in spring", "by post")
PLAIN = [f"{subject} {verb} {place}." for subject, verb, place in itertools.product(SUBJECTS, VERBS, PLACES)]
HEDGES = ("Perhaps", "It seems that", "Possibly", "I think that", "Vielleicht")
BOOSTERS = ("Certainly", "Without a doubt", "Of course", "Clearly", "Zweifellos")
Weights = Mapping[str, float]


@dataclass(frozen=True)
class Style:
    """How to write. length: sentences, in the median. The others: shares of sentences or texts that have it."""

    length: float = 7.0
    lists: float = 0.25
    hedges: float = 0.08
    boosters: float = 0.08
    praise: float = 0.1
    refusals: float = 0.1
    repeats: float = 0.1


@dataclass(frozen=True)
class World:
    """People's preferences, those of the reward (in standard deviations of the axis), and how the candidate writes.

    expected: the alarms that every measurement is to raise; `rotated`: that a rotation is to be seen as well.
    """

    people: Weights = field(default_factory=dict)
    reward: Weights = field(default_factory=dict)
    candidate: Style = Style()
    expected: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    rotated: bool = False


def everywhere(axis: str) -> dict[str, dict[str, int]]:
    return {measurement: {axis: 1} for measurement in ("labels", "reward", "samples")}


EXCHANGED = {"length": -1, "confidence": 1}
WORLDS = {
    "balanced": World(),
    "length": World({"length": 0.65}, {"length": 0.6}, Style(length=10), everywhere("length")),
    "lists": World({"lists": 0.9}, {"lists": 0.6}, Style(lists=0.55), everywhere("lists")),
    "substitution": World(
        reward={"length": -0.7, "confidence": 0.7},
        candidate=Style(length=4.5, boosters=0.25),
        expected={"reward": EXCHANGED, "samples": EXCHANGED},
        rotated=True,
    ),
}


def written(generator: np.random.Generator, style: Style) -> str:
    """One text."""
    count = max(1, round(style.length * float(np.exp(generator.normal(0, 0.45)))))
    sentences = [PLAIN[one] for one in generator.integers(len(PLAIN), size=count)]
    if generator.random() < style.repeats:
        sentences += [sentences[0]] * 2
    for place, draw in enumerate(generator.random(len(sentences))):
        if draw < style.hedges + style.boosters:
            words = HEDGES if draw < style.hedges else BOOSTERS
            sentences[place] = f"{words[generator.integers(len(words))]}, {sentences[place]}"
    opening = [["Great question!"], ["I'm sorry, but I can't help with all of it."]]
    shares = (style.praise, style.refusals)
    begins = [text for text, share in zip(opening, shares, strict=True) if generator.random() < share]
    listed = generator.random() < style.lists and len(sentences) > 1
    body = "\n".join(f"- {one}" for one in sentences) if listed else " ".join(sentences)
    return "\n".join([*itertools.chain(*begins), body])


def pull(weights: Weights, one: str, other: str) -> float:
    """How much more of what is wanted the first text has, in about standard deviations of a difference."""
    scales = {"length": 0.9, "lists": 1.6, "confidence": 2.0}
    return sum(
        weights[axis.name] * (axis.measure(one) - axis.measure(other)) / scales[axis.name]
        for axis in TEXT_AXES
        if axis.name in weights
    )


def look(name: str, seed: int, *, prompts: int = 200) -> dict[str, list[AxisFigure]]:
    """One run: labels and margins on one or two pairs a prompt, and samples, all measured."""
    world, generator = WORLDS[name], np.random.default_rng([seed, list(WORLDS).index(name)])
    labelled, rewarded, sampled = [], [], []
    for prompt in range(prompts):
        for number in range(1 + prompt % 2):
            one, other = written(generator, Style()), written(generator, Style())
            wins = generator.random() < 1 / (1 + np.exp(-2 * pull(world.people, one, other)))
            chosen, rejected = (one, other) if wins else (other, one)
            key = f"{prompt}-{number}"
            labelled.append(LabelledPair(key, str(prompt), chosen, rejected, bool(generator.random() < 0.5)))
            margin = 0.4 + pull(world.reward, chosen, rejected) + generator.standard_t(4)
            rewarded.append(RewardedPair(key, str(prompt), chosen, rejected, float(margin)))
        serving, candidate = written(generator, Style()), written(generator, world.candidate)
        sampled.append(SampledPair(str(prompt), str(prompt), candidate, serving))
    return {
        "labels": label_biases(labelled),
        "reward": reward_biases(rewarded).observed,
        "samples": sample_biases(sampled),
    }


def alarms(figures: list[AxisFigure]) -> dict[str, int]:
    return {one.axis: one.alarm for one in figures if one.alarm}


def as_expected(world: World, seen: Mapping[str, list[AxisFigure]]) -> bool:
    """Whether every measurement raised the planted alarms; in a balanced world, whether none raised any."""
    if not world.expected:
        return not any(alarms(figures) for figures in seen.values())
    raised = {name: alarms(figures) for name, figures in seen.items()}
    complete = all(wanted.items() <= raised[name].items() for name, wanted in world.expected.items())
    rotations = [rotation(seen[name]) for name in world.expected]
    return complete and (not world.rotated or all(one is not None for one in rotations))


def counted(name: str, runs: int) -> tuple[int, Counter[str]]:
    """In how many runs all was as expected, and how often each alarm was raised that was not planted."""
    world, good, others = WORLDS[name], 0, Counter[str]()
    for seed in range(runs):
        seen = look(name, seed)
        good += as_expected(world, seen)
        for measurement, figures in seen.items():
            wanted = world.expected.get(measurement, {})
            others.update(f"{measurement}: {axis}" for axis in alarms(figures) if axis not in wanted)
    return good, others


def real_labels(source: str) -> list[AxisFigure]:
    """The labels of a file of people's preferences. Raises NoData."""
    return label_biases(
        [
            LabelledPair(str(number), json.dumps(record["prompt"]), record["chosen"], record["rejected"])
            for number, record in enumerate(records_of(source))
        ]
    )


def line(one: AxisFigure) -> str:
    """A figure in one line."""
    if one.figure.value is None:
        return f"{one.axis}: {one.figure.reason}"
    interval = f"[{one.figure.low:.3f}, {one.figure.high:.3f}]" if one.figure.low is not None else "no interval"
    verdict = {1: "more of it", -1: "less of it", 0: ""}[one.alarm]
    return f"{one.axis:12}{one.figure.value:8.3f} {interval} of {one.figure.comparisons:5} pairs {verdict}"


def main() -> int:
    """Prints the figures, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200, help="balanced runs")
    parser.add_argument("--planted", type=int, default=50, help="runs of each kind with a planted bias")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    began, report, kept = time.perf_counter(), {}, True
    for name in WORLDS:
        runs = options.runs if name == "balanced" else options.planted
        good, others = counted(name, runs)
        kept = kept and good >= (QUIET if name == "balanced" else FOUND) * runs
        report[name] = {"runs": runs, "as_expected": good, "other_alarms": dict(others)}
        if not options.json:
            meaning = "quiet" if name == "balanced" else "found by every measurement that should"
            print(f"{name:14}{good} of {runs} {meaning}; alarms on other axes: {dict(others) or 'none'}", flush=True)
    for source in FILES:
        try:
            figures = real_labels(source)
        except NoData as error:
            print(error, file=sys.stderr)
            continue
        report[source] = {one.axis: one.figure.as_dict() | {"alarm": one.alarm} for one in figures}
        if not options.json:
            print(f"\nLabels of {source}: the share chosen that has more of it", *map(line, figures), sep="\n")
    seconds = time.perf_counter() - began
    print(json.dumps(report | {"kept": kept, "seconds": round(seconds, 1)}) if options.json else f"\n{seconds:.0f} s")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main())
