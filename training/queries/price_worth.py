"""The worth of each further vote on a pair, and of each annotator's vote, by how often votes are wrong.

A label that is wrong with probability q carries (1 - 2q)^2 of the information of a right one: so many fewer pairs teach
as much (Angluin and Laird 1988, "Learning from noisy examples": the sample size grows by 1 / (1 - 2q)^2). With it the
same votes on fewer pairs with more votes each are compared. This is a calculation, not a measurement.
"""

from dataclasses import dataclass
from typing import Any

from labeling.queries.statistics import Counted
from labeling.stats import Estimate, LearningCurve, Range, label_noise, percent_agreement
from training.queries.label_noise import wrong_when_settled
from training.queries.price_effort import Effort

OVERLAPS = (1, 3, 5)
"""Odd numbers: the majority settles every pair."""


@dataclass(frozen=True, slots=True)
class OverlapWorth:
    """As many votes again, with so many on each pair. wrong: the share of labels that are wrong. then: the accuracy."""

    overlap: int
    labels: int
    wrong: float
    then: Range


@dataclass(frozen=True, slots=True)
class VoteWorth:
    """An annotator by pseudonym. right: by Dawid-Skene. worth: of their vote, in votes of the average annotator."""

    annotator: str
    votes: int
    right: Estimate
    worth: float

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "annotator": self.annotator,
            "votes": self.votes,
            "right": self.right.as_dict(),
            "worth": self.worth,
        }


def overlap_worths(curve: LearningCurve, effort: Effort, counted: Counted | None, so_far: int) -> list[OverlapWorth]:
    """The accuracy after as many votes again, for each overlap; empty: too few pairs have two votes.

    so_far: the labels that a run of today would learn from.
    """
    noise = label_noise(percent_agreement(counted.counts.patterns, ties=False)).value if counted else None
    if noise is None or noise >= 0.5:
        return []
    now = information(wrong_when_settled(noise, max(1, round(effort.votes_per_pair))))
    found = []
    for overlap in OVERLAPS:
        wrong = wrong_when_settled(noise, overlap)
        labels = so_far * effort.votes_per_pair / overlap
        # In labels as the campaign's are now, which the curve is about.
        alike = labels * information(wrong) / now
        found.append(OverlapWorth(overlap, round(labels), wrong, curve.accuracy(so_far + alike)))
    return found


def vote_worths(counted: Counted | None) -> list[VoteWorth]:
    """The annotators by the worth of their votes, best first; empty: nothing is known."""
    if counted is None or not counted.errors.accuracies:
        return []
    rows = [
        (name, counted.counts.votes.get(name, 0), right)
        for name, right in zip(counted.counts.vote_sets.people, counted.errors.accuracies, strict=True)
        if right.value is not None
    ]
    total = sum(votes for _name, votes, _right in rows)
    mean = sum(votes * information(1 - (right.value or 0.0)) for _name, votes, right in rows) / total if total else 0.0
    if not mean:
        return []
    found = [VoteWorth(name, votes, right, information(1 - (right.value or 0.0)) / mean) for name, votes, right in rows]
    return sorted(found, key=lambda one: -one.worth)


def information(wrong: float) -> float:
    """The information of a label that is wrong with this probability, in labels that are right; 0 from a half on."""
    return max(0.0, 1 - 2 * wrong) ** 2
