"""Surprises: the pairs that a finished run predicts worst.

A margin far below zero means that the model still prefers the other completion after learning from this very pair. The
label may be wrong, the pair ambiguous, or the lesson hard. The engine writes all margins to the run's folder.
"""

import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import exp, log
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
TRIFLE = 1e-7
"""Of doubt: no label is certain, as in the loss em."""


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
    def right(self) -> float:
        """P(the label is right), by its confidence and the run's version: see `posterior`."""
        return posterior(self.margin, self.confidence)

    @property
    def prompt(self) -> str:
        """The last message of the prompt."""
        return self.pair.prompt[-1]["content"]

    @property
    def can_be_relabeled(self) -> bool:
        """Whether its comparison has a verdict, or a conflict, to reconsider."""
        settled = (Comparison.Status.SETTLED, Comparison.Status.CONFLICT)
        return self.comparison is not None and self.comparison.status in settled


@dataclass(frozen=True, slots=True)
class Doubted:
    """The labels that a run learned from, and those of them that it takes for wrong rather than right."""

    labels: int
    doubted: int


def doubted_by(run: Run) -> Doubted | None:
    """The labels to train on that a run with the loss em ended up doubting; None: it doubts none, or has no margins."""
    if run.config.get("loss") != "em" or not has_margins(run):
        return None
    right = [posterior(line["margin"], line["confidence"]) for line in _margins(run, "train")]
    return Doubted(len(right), sum(one < 0.5 for one in right))


def posterior(margin: float, confidence: float) -> float:
    """The probability that a label is right: the E-step of the loss em (training.engine.losses.posterior_right)."""
    sure = min(max(confidence, TRIFLE), 1 - TRIFLE)
    logit = log(sure / (1 - sure)) + margin
    return 1 / (1 + exp(-logit)) if logit > -500 else 0.0


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
