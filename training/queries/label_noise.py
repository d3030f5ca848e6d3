"""How often a campaign's labels are wrong, as measured: from pairs that two people judged, or from gold.

Figures of people only, without simulated annotators and imported votes.
"""

from collections import Counter
from dataclasses import asdict, dataclass
from math import comb
from typing import Any

from django.db.models import BigIntegerField, Count, F, Q
from django.db.models.functions import Cast

from labeling.models import Assignment, Campaign, Choice, Comparison, Event, Judgment
from labeling.stats import Estimate, Pattern, label_noise, percent_agreement, proportion
from labeling.tally import read_tally
from training.models import LeftOut
from training.queries.round_rows import BY_PEOPLE

Status = Comparison.Status

LEAST = 20
"""Pairs with two votes, or judgments of gold: with fewer nothing is said."""
HIGHEST = 0.45
"""Labels as bad as coin flips teach nothing, whatever their confidence."""


@dataclass(frozen=True, slots=True)
class MeasuredNoise:
    """The share of wrong labels with its 95 % interval. source: agreement or gold. count: the pairs or judgments."""

    value: float
    low: float
    high: float
    source: str
    count: int

    def as_json(self) -> dict[str, Any]:
        """JSON values, as a run keeps them."""
        return asdict(self)


def measured_noise(campaign: Campaign) -> MeasuredNoise | None:
    """The share of wrong labels; None: too little is known.

    A label is the majority of the votes on its pair, so with more votes it is wrong less often than a vote is. Where
    people judged less than half of the settled pairs, nothing is said about the labels of the others.
    """
    votes: Counter[int] = Counter()
    for pattern, count in _patterns(campaign, Status.SETTLED).items():
        votes[sum(pattern)] += count
    judged = sum(votes.values())
    if 2 * judged < read_tally(campaign.pk).settled:
        return None
    # Pairs that get more votes because their first ones differ say nothing about the others.
    by_chance = {} if campaign.max_overlap else _patterns(campaign, Status.SETTLED, Status.CONFLICT)
    by_agreement = label_noise(percent_agreement(by_chance, ties=False))
    source, of_vote = "agreement", by_agreement
    if by_agreement.value is None or by_agreement.comparisons < LEAST:
        source, of_vote = "gold", _by_gold(campaign)
    if (
        of_vote.value is None
        or of_vote.low is None
        or of_vote.high is None
        or of_vote.comparisons < LEAST
        or not judged
    ):
        return None

    def of_label(noise: float) -> float:
        wrong = sum(count * wrong_when_settled(noise, number) for number, count in votes.items())
        return round(min(HIGHEST, wrong / judged), 4)

    ends = of_label(of_vote.value), of_label(of_vote.low), of_label(of_vote.high)
    return MeasuredNoise(*ends, source, of_vote.comparisons)


def _patterns(campaign: Campaign, *statuses: Status) -> dict[Pattern, int]:
    """How many pairs of these statuses have each pattern of people's votes over (a, tie or both bad, b).

    Left out are the votes of people whom training leaves out, and pairs that were sent to people again: they were
    chosen because somebody doubted them.
    """
    left_out = LeftOut.objects.filter(campaign=campaign).values("person")
    asked = Event.objects.filter(campaign=campaign, verb="comparison.asked_again")
    again = asked.annotate(number=Cast("subject_id", BigIntegerField()))
    votes = (
        Judgment.objects.filter(
            BY_PEOPLE,
            campaign=campaign,
            kind=Assignment.Kind.NORMAL,
            superseded_at=None,
            comparison__status__in=statuses,
        )
        .exclude(choice=Choice.SKIP)
        .exclude(annotator__in=left_out)
        .exclude(comparison__in=again.values("number"))
        .order_by()
        .values("comparison")
        .annotate(
            a=Count("pk", filter=Q(choice=Choice.A)),
            tie=Count("pk", filter=Q(choice__in=(Choice.TIE, Choice.BOTH_BAD))),
            b=Count("pk", filter=Q(choice=Choice.B)),
        )
    )
    return dict(Counter(votes.values_list("a", "tie", "b").iterator()))


def wrong_when_settled(noise: float, votes: int) -> float:
    """How often the majority of so many votes is wrong, each wrong at this rate, where there is a majority."""
    chances = [comb(votes, wrong) * noise**wrong * (1 - noise) ** (votes - wrong) for wrong in range(votes + 1)]
    wrong, right = sum(chances[votes // 2 + 1 :]), sum(chances[: (votes + 1) // 2])
    return wrong / (wrong + right)


def _by_gold(campaign: Campaign) -> Estimate:
    """How often people's judgments of gold with a preference are wrong."""
    found = Judgment.objects.filter(
        BY_PEOPLE,
        campaign=campaign,
        kind=Assignment.Kind.GOLD,
        superseded_at=None,
        choice__in=(Choice.A, Choice.B),
        comparison__gold__winner__in=(Choice.A, Choice.B),
    ).aggregate(all=Count("pk"), wrong=Count("pk", filter=~Q(choice=F("comparison__gold__winner"))))
    return proportion(found["wrong"], found["all"])
