"""How often a campaign's labels are wrong, as measured: from pairs that two people judged, or from gold.

Figures of people only: simulated annotators and imported votes are left out where there are others.
"""

from dataclasses import asdict, dataclass
from math import comb
from typing import Any

from django.db.models import Count, F, Q

from labeling.models import Assignment, Campaign, Choice, Judgment
from labeling.queries.agreement import vote_patterns
from labeling.stats import Estimate, label_noise, percent_agreement, proportion
from training.queries.round_rows import BY_PEOPLE

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

    A label is the majority of the votes on its pair, so with more votes it is wrong less often than a vote is.
    """
    patterns = vote_patterns(campaign)
    votes = {sum(pattern): 0 for pattern in patterns}
    for pattern, count in patterns.items():
        votes[sum(pattern)] += count
    judged = sum(votes.values())
    by_agreement = label_noise(percent_agreement(patterns, ties=False))
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
