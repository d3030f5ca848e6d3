"""The trial of what to label next: whether the trial finds the arms that pay, and what it costs where none can.

Each campaign has a pool of pairs with features and a text, people who err, and the learner of `benchmarks.price`:
logistic regression on the difference of the features (Bradley-Terry, what DPO does with a fixed representation). It is
no language model. The campaign labels batch after batch, twice: once by chance alone, once with a trial. The trial runs
the product's own code: `arms.choose`, short trainings on `equal_parts` of the labels, `gain_of`, `standing`.

    python -m benchmarks.selection [--seeds 30] [--labels 700] [--json]         (about two minutes on one core)

For each kind of campaign and arm it prints the accuracy on new pairs after the same number of labels, the gain over
chance with its 95 % interval, and how often the arm was switched off. The exit code is 1 unless the trial is never
worse than chance by more than two points, and every arm is switched off in the campaign where none can pay.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from math import sqrt

import numpy as np

from benchmarks.price import Floats, fit
from labeling.stats.arm_worth import (
    ENOUGH,
    FIRST_LOOK,
    MOST_EARLIER,
    Standing,
    equal_parts,
    gain_of,
    is_due,
    standing,
)
from training.evaluation.arms import ARMS, RANDOM, Candidate, choose

FIRST, BATCH, POOL_READ, HELD_OUT = 60, 40, 400, 0.25
SHARE, SHARE_OF_ALL = 0.5, 0.8
"""Of one arm that is tried, and of all arms together: they have twice the labels."""
ALLOWED = -0.02


@dataclass(frozen=True)
class World:
    """A campaign's pairs. differences: features of a less b, shape (pairs, features). wins: a wins, by people who err.

    texts: where novelty can see it, the words tell the kind of a pair.
    """

    differences: Floats
    wins: Floats
    texts: list[str]
    new: Floats


@dataclass
class Labeled:
    """The campaign's labels: the places of labeled pairs, each with its arm, in order."""

    places: list[int] = field(default_factory=list)
    arms: list[str] = field(default_factory=list)

    def of(self, arm: str) -> list[int]:
        return [place for place, one in zip(self.places, self.arms, strict=True) if one == arm]


@dataclass(frozen=True)
class Row:
    """A kind of campaign with one arm: accuracy at the end by chance and with the trial, and the gain over the seeds.

    way: the gain on average over the trainings on the way. off: how often every arm was switched off; paid: how often
    one was found to pay.
    """

    world: str
    arm: str
    chance: float
    trial: float
    gain: float
    low: float
    high: float
    way: float
    off: float
    paid: float


def judged(differences: Floats, weights: Floats, flips: float, noise: float, generator: np.random.Generator) -> Floats:
    """Whether a wins: Bradley-Terry on the utility, with the rest of people's reasons as noise, then flips."""
    utility = differences @ weights + noise * generator.standard_normal(len(differences))
    wins = generator.random(len(differences)) < 1 / (1 + np.exp(-utility))
    return (wins ^ (generator.random(len(differences)) < flips)).astype(np.float64)


def usual(generator: np.random.Generator, pairs: int) -> tuple[Floats, list[str], Floats, float, float]:
    """Pairs like those of benchmarks.price: features alike for all."""
    weights = 2.5 * generator.standard_normal(20) / sqrt(20)
    return generator.standard_normal((pairs, 20)), [""] * pairs, weights, 0.1, 0.5


def many_topics(generator: np.random.Generator, pairs: int) -> tuple[Floats, list[str], Floats, float, float]:
    """Half of the pairs are about one topic, the others about any of forty, each with a preference of its own."""
    topic = np.where(generator.random(pairs) < 0.5, 0, generator.integers(1, 41, pairs))
    differences = np.zeros((pairs, 44))
    for place, number in enumerate(topic):
        if number:
            differences[place, 3 + number] = generator.choice([-1.5, 1.5])
        else:
            differences[place, :4] = generator.standard_normal(4)
    return differences, [f"topic{number} about" for number in topic], 3.0 * generator.choice([-1.0, 1.0], 44), 0.02, 0.0


def most_say_nothing(generator: np.random.Generator, pairs: int) -> tuple[Floats, list[str], Floats, float, float]:
    """Three pairs in four barely differ: people toss a coin there, and an uncertain model finds just these."""
    scale = np.where(generator.random(pairs) < 0.75, 0.05, 1.5)[:, None]
    weights = 3.0 * generator.standard_normal(20) / sqrt(20)
    return scale * generator.standard_normal((pairs, 20)), [""] * pairs, weights, 0.05, 0.5


def cannot_pay(generator: np.random.Generator, pairs: int) -> tuple[Floats, list[str], Floats, float, float]:
    """Every pair says exactly as much as any other: one feature, of size one."""
    signs = np.where(generator.random(pairs) < 0.5, 1.0, -1.0)[:, None]
    weights, numbers = np.array([0.25]), generator.permutation(pairs)
    return signs, [f"pair {number}" for number in numbers], weights, 0.0, 0.0


KINDS: Mapping[str, Callable[[np.random.Generator, int], tuple[Floats, list[str], Floats, float, float]]] = {
    "usual": usual,
    "many topics": many_topics,
    "most say nothing": most_say_nothing,
    "cannot pay": cannot_pay,
}


def world(kind: str, pairs: int, generator: np.random.Generator) -> World:
    """A campaign, and new pairs with the truth about them (no error of people)."""
    differences, texts, weights, flips, noise = KINDS[kind](generator, pairs)
    wins = judged(differences, weights, flips, noise, generator)
    fresh = differences[generator.integers(0, pairs, 4000)]
    return World(differences, wins, texts, fresh * np.sign(fresh @ weights)[:, None])


class Campaign:
    """One campaign as it is labeled, with a trial of some arms or none."""

    def __init__(self, one: World, arms: tuple[str, ...], generator: np.random.Generator) -> None:
        self.world, self.generator = one, generator
        self.shares = {arm: (SHARE if len(arms) == 1 else SHARE_OF_ALL / len(arms)) for arm in arms}
        self.standing: dict[str, Standing] = dict.fromkeys(arms, "open")
        self.measured = dict.fromkeys(arms, 0)
        pairs = len(one.differences)
        self.lots, self.held = generator.random(pairs), generator.random(pairs) < HELD_OUT
        self.queue = list(generator.permutation(pairs))
        self.labeled = Labeled()
        self.weights = self.before = np.zeros(one.differences.shape[1])

    def label(self, total: int) -> Floats:
        """Labels so many pairs; returns the accuracy on new ones of each training on the way."""
        way = []
        self._take([(int(place), "") for place in self.queue[:FIRST]])
        while len(self.labeled.places) < total:
            self.before, self.weights = self.weights, self._trained(self._train(self.labeled.places))
            way.append(self._accuracy(self.weights))
            for arm in [one for one in self.shares if self._is_due(one)]:
                self._measure(arm)
            self._take(self._choose(min(BATCH, total - len(self.labeled.places))))
        return np.array([*way, self._accuracy(self._trained(self._train(self.labeled.places)))])

    def _accuracy(self, weights: Floats) -> float:
        margins = self.world.new @ weights
        return float(((margins > 0) + 0.5 * (margins == 0)).mean())

    def _choose(self, count: int) -> list[tuple[int, str]]:
        now, before = self.world.differences @ self.weights, self.world.differences @ self.before
        candidates = [
            Candidate(
                int(place),
                float(self.lots[place]),
                bool(self.held[place]),
                self.world.texts[place],
                float(now[place]),
                float(before[place]),
            )
            for place in self.queue[:POOL_READ]
        ]
        known = [self.world.texts[place] for place in self.labeled.places]
        return choose(candidates, self.shares, count, held_out=HELD_OUT, known=known, generator=self.generator)

    def _take(self, chosen: list[tuple[int, str]]) -> None:
        taken = {place for place, _arm in chosen}
        self.queue = [place for place in self.queue if place not in taken]
        self.labeled.places += [place for place, _arm in chosen]
        self.labeled.arms += [arm for _place, arm in chosen]

    def _train(self, places: list[int]) -> list[int]:
        return [place for place in places if not self.held[place]]

    def _trained(self, places: list[int]) -> Floats:
        signs = np.where(self.world.wins[places] > 0, 1.0, -1.0)
        return fit(self.world.differences[places] * signs[:, None])

    def _is_due(self, arm: str) -> bool:
        return is_due(len(self._train(self.labeled.of(arm))), self.measured[arm], ENOUGH)

    def _measure(self, arm: str) -> None:
        """As the job does: as many labels of the arm as of chance, in parts, beside the same earlier ones."""
        ours, theirs = (self._train(self.labeled.of(one)) for one in (arm, RANDOM))
        if min(len(ours), len(theirs)) < FIRST_LOOK:
            return
        earlier = self._train(self.labeled.of(""))[-MOST_EARLIER:]
        sides = equal_parts(ours, theirs, self.generator)
        ours_right, theirs_right = (np.array([self._right(earlier + part) for part in parts]) for parts in sides)
        gain = gain_of(ours_right, theirs_right)
        self.measured[arm] = len(self._train(self.labeled.of(arm)))
        self.standing[arm] = standing(gain, self.measured[arm], ENOUGH)
        if self.standing[arm] in ("loses", "unproven"):
            del self.shares[arm]

    def _right(self, places: list[int]) -> Floats:
        held = [place for place in self.labeled.places if self.held[place]]
        signs = np.where(self.world.wins[held] > 0, 1.0, -1.0)
        margins = self.world.differences[held] @ self._trained(places) * signs
        return np.where(margins > 0, 1.0, np.where(margins == 0, 0.5, 0.0))


def row(kind: str, arms: tuple[str, ...], seeds: int, labels: int) -> Row:
    """The same campaigns by chance and with the trial."""
    chance, trial, off, paid = [], [], 0, 0
    for seed in range(seeds):
        one = world(kind, 3 * labels, np.random.default_rng([7, seed]))
        chance.append(Campaign(one, (), np.random.default_rng([8, seed])).label(labels))
        tried = Campaign(one, arms, np.random.default_rng([8, seed]))
        trial.append(tried.label(labels))
        off += not tried.shares
        paid += any(found == "pays" for found in tried.standing.values())
    ways = np.array(trial) - np.array(chance)
    gains = ways[:, -1]
    error = 1.96 * gains.std(ddof=1) / sqrt(seeds)
    name = arms[0] if len(arms) == 1 else "all"
    mean = float(gains.mean())
    return Row(
        kind,
        name,
        float(np.mean([one[-1] for one in chance])),
        float(np.mean([one[-1] for one in trial])),
        mean,
        mean - float(error),
        mean + float(error),
        float(ways.mean()),
        off / seeds,
        paid / seeds,
    )


def main() -> int:
    """Prints a row for each kind of campaign and arm; 0 if the promises are kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=30, help="campaigns of each kind")
    parser.add_argument("--labels", type=int, default=700, help="labels of each campaign")
    parser.add_argument("--json", action="store_true", help="print JSON lines")
    options = parser.parse_args()
    rows = []
    for kind in KINDS:
        for arms in (*((arm,) for arm in ARMS), ARMS):
            found = row(kind, arms, options.seeds, options.labels * (2 if len(arms) > 1 else 1))
            rows.append(found)
            print(json.dumps(asdict(found)) if options.json else _line(found), flush=True)
    worst = min(found.gain for found in rows)
    off = min(found.off for found in rows if found.world == "cannot pay")
    print(f"worst gain {100 * worst:+.1f} points; where no arm can pay, all are off in {off:.0%} of the campaigns")
    return 0 if worst >= ALLOWED and off == 1.0 else 1


def _line(found: Row) -> str:
    interval = f"{100 * found.low:+.1f} to {100 * found.high:+.1f}"
    return (
        f"{found.world:16} {found.arm:12} chance {found.chance:.1%}  trial {found.trial:.1%}  "
        f"gain {100 * found.gain:+.1f} ({interval}), on the way {100 * found.way:+.1f}  "
        f"off {found.off:.0%}  pays {found.paid:.0%}"
    )


if __name__ == "__main__":
    raise SystemExit(main())
