"""Where a run disagrees with its labels: the pairs it predicts worst when it is done.

A margin far below zero says that, after learning from this very pair, the model still prefers the other completion:
the label may be wrong, the pair ambiguous, or there is something to learn. The engine leaves all margins in the run's
folder.
"""

import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import exp
from pathlib import Path
from typing import Any

from labeling.exchange import PreferencePair
from labeling.models import Comparison
from labeling.queries.records import comparisons_of
from training.lens.pairs import pairs_of_snapshot
from training.models import Run

MARGINS = "margins.jsonl"
SPLITS = ("train", "test")


@dataclass(frozen=True, slots=True)
class Surprise:
    """One pair. margin: implicit reward of the chosen completion less the rejected one's, nats times beta. confidence:
    the label's. comparison: what it was made of, if it is still there."""

    id: str
    split: str
    margin: float
    chosen_logratio: float
    rejected_logratio: float
    confidence: float
    pair: PreferencePair
    comparison: Comparison | None

    @property
    def probability(self) -> float:
        """P(chosen wins) as the run sees it."""
        return 1 / (1 + exp(-self.margin)) if self.margin > -500 else 0.0

    @property
    def prompt(self) -> str:
        """What was asked last."""
        return self.pair.prompt[-1]["content"]

    @property
    def can_be_asked_again(self) -> bool:
        """Whether its comparison has a verdict that can be doubted."""
        settled = (Comparison.Status.SETTLED, Comparison.Status.CONFLICT)
        return self.comparison is not None and self.comparison.status in settled


def has_margins(run: Run) -> bool:
    """Whether the run has left its margins."""
    return _file(run).is_file()


def worst_predicted(run: Run, *, limit: int, split: str = "") -> list[Surprise]:
    """The pairs with the smallest margins, worst first. split: train, test, or empty for both.

    Costs a walk over the run's margins and one over its snapshot, which are read line by line.
    """
    if not has_margins(run):
        return []
    found = heapq.nsmallest(limit, _margins(run, split), key=lambda line: (line["margin"], line["id"]))
    pairs = pairs_of_snapshot(run.snapshot, {line["id"] for line in found})
    kept = [line for line in found if line["id"] in pairs]
    kept_pairs = [pairs[line["id"]] for line in kept]
    comparisons = comparisons_of(run.campaign, [(pair.prompt, pair.chosen, pair.rejected) for pair in kept_pairs])
    return [
        Surprise(**line, pair=pair, comparison=comparison)
        for line, pair, comparison in zip(kept, kept_pairs, comparisons, strict=True)
    ]


def _margins(run: Run, split: str) -> Iterator[dict[str, Any]]:
    with _file(run).open(encoding="utf-8") as lines:
        for line in lines:
            values = json.loads(line)
            if not split or values["split"] == split:
                yield values


def _file(run: Run) -> Path:
    return Path(run.directory) / MARGINS
