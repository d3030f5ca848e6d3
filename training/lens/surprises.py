"""Surprises: the pairs that a finished run predicts worst.

A margin far below zero means that the model still prefers the other completion after learning from this very pair. The
label may be wrong, the pair ambiguous, or the lesson hard. The engine writes all margins to the run's folder.
"""

import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import exp
from pathlib import Path
from typing import Any

from common.storage import artifacts
from common.storage.errors import StorageAway
from labeling.exchange import PreferencePair
from labeling.models import Comparison
from labeling.queries.records import comparisons_of
from training.lens.pairs import pairs_of_snapshot
from training.models import JobStatus, Run

MARGINS = "margins.jsonl"
SPLITS = ("train", "test")


@dataclass(frozen=True, slots=True)
class Surprise:
    """One pair with its margin: the implicit reward of the chosen completion minus that of the rejected one.

    chosen_logratio, rejected_logratio: in nats. confidence: that of the label. comparison: the pair's comparison, if
    it still exists.
    """

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
        """P(chosen wins) under the run's version."""
        return 1 / (1 + exp(-self.margin)) if self.margin > -500 else 0.0

    @property
    def prompt(self) -> str:
        """The last message of the prompt."""
        return self.pair.prompt[-1]["content"]

    @property
    def can_be_relabeled(self) -> bool:
        """Whether its comparison has a verdict, or a conflict, to reconsider."""
        settled = (Comparison.Status.SETTLED, Comparison.Status.CONFLICT)
        return self.comparison is not None and self.comparison.status in settled


def has_margins(run: Run) -> bool:
    """Whether the run has written its margins."""
    try:
        return _file(run).is_file()
    except StorageAway:
        return False


def worst_predicted(run: Run, *, limit: int, split: str = "") -> list[Surprise]:
    """The pairs with the smallest margins, worst first. split: train, test, or empty for both.

    Reads the run's margins and its snapshot once, line by line.
    """
    if not has_margins(run):
        return []
    worst = heapq.nsmallest(limit, _margins(run, split), key=lambda line: (line["margin"], line["id"]))
    pairs = pairs_of_snapshot(run.snapshot, {line["id"] for line in worst})
    lines = [line for line in worst if line["id"] in pairs]
    texts = [(pair.prompt, pair.chosen, pair.rejected) for pair in (pairs[line["id"]] for line in lines)]
    return [
        Surprise(**line, pair=pairs[line["id"]], comparison=comparison)
        for line, comparison in zip(lines, comparisons_of(run.campaign, texts), strict=True)
    ]


def _margins(run: Run, split: str) -> Iterator[dict[str, Any]]:
    with _file(run).open(encoding="utf-8") as lines:
        for line in lines:
            values = json.loads(line)
            if not split or values["split"] == split:
                yield values


def _file(run: Run) -> Path:
    path = Path(run.directory) / MARGINS
    return artifacts.fetch(path) if run.status == JobStatus.FINISHED else path
