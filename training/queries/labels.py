"""The votes behind pairs of a snapshot: for which criterion they prefer which text, and on which side it was."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import QuerySet

from labeling.exchange import PreferencePair
from labeling.models import Assignment, Comparison, Judgment
from labeling.queries.verdicts import PAIR_WINNERS
from training.models import Snapshot
from training.queries.snapshots import comparisons_of

AT_ONCE = 500
"""Comparisons whose votes are read in one statement."""


@dataclass(slots=True)
class Label:
    """The votes on a pair, in terms of its chosen and rejected text.

    criteria: by name: above zero where more votes prefer the chosen text, below zero the rejected one, 0: as many.
    chosen_on_left: whether the chosen text was on the left; None: that differed between votes, or nobody saw it here.
    """

    criteria: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    chosen_on_left: bool | None = None


def labels_of(snapshot: Snapshot, pairs: list[PreferencePair]) -> dict[str, Label]:
    """The labels of the pairs, by id; pairs whose comparison is no longer in the campaign have none."""
    numbers = comparisons_of(snapshot, pairs)
    of = {number: pair for number, pair in zip(numbers, pairs, strict=True) if number is not None}
    labels: dict[str, Label] = {}
    for start in range(0, len(of), AT_ONCE):
        part = list(of)[start : start + AT_ONCE]
        chosen = _chosen_sides(part, of)
        votes: dict[int, list[Judgment]] = defaultdict(list)
        for vote in _votes(part):
            votes[vote.comparison_id].append(vote)
        for number in part:
            labels[of[number].id] = _label(votes[number], chosen[number])
    return labels


def _chosen_sides(numbers: Iterable[int], of: Mapping[int, PreferencePair]) -> dict[int, str]:
    """The canonical side, a or b, of each comparison's chosen text."""
    texts = Comparison.objects.filter(pk__in=list(numbers)).values_list("pk", "completion_a__text")
    return {number: "a" if text == of[number].chosen else "b" for number, text in texts}


def _votes(numbers: Iterable[int]) -> QuerySet[Judgment]:
    """The votes that count, without those that were imported: nobody saw these pairs on a side here."""
    return (
        Judgment.objects.filter(
            comparison__in=list(numbers),
            kind=Assignment.Kind.NORMAL,
            superseded_at__isnull=True,
            batch__isnull=True,
        )
        .exclude(choice="skip")
        .only("comparison_id", "choice", "left", "criteria")
    )


def _label(votes: list[Judgment], chosen: str) -> Label:
    label, sides = Label(), {vote.left == chosen for vote in votes if vote.choice in PAIR_WINNERS}
    for vote in votes:
        for name, answer in vote.criteria.items():
            label.criteria[name] += {chosen: 1, "tie": 0}.get(answer, -1)
    label.chosen_on_left = sides.pop() if len(sides) == 1 else None
    return label
