"""The effort of a campaign's labels: votes for each, time of people, money, and their pace."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Count, Q, Sum

from labeling.models import Assignment, Campaign, Choice, Comparison, Judgment
from labeling.queries.forecast import judged_by_day
from labeling.stats import FloatArray
from training.models import RoundPlan, Snapshot
from training.queries.round_rows import BY_PEOPLE

FEWEST_DAYS = 3
"""With fewer days they do not show how much days differ: the pace is taken as certain."""
UNSETTLED = "unsettled"
"""Among the pairs that a snapshot drops, those that nobody has paid for yet."""


@dataclass(frozen=True, slots=True)
class Effort:
    """votes_per_label: votes for one pair to train on; held-out pairs, ties and conflicts are paid for as well.

    votes_per_pair: on a pair that is settled or in conflict. pairs_waiting: those that have some of their votes and
    wait for more; votes_waiting: these votes. seconds_per_vote: None: no vote here has a time. hourly: the cost of an
    hour of people; None: no rate is set. days: the votes of each past day, newest first; last_part: the share of the
    oldest that counts.
    """

    votes_so_far: int
    votes_per_label: float
    votes_per_pair: float
    pairs_waiting: int
    votes_waiting: int
    seconds_per_vote: float | None
    hourly: float | None
    currency: str
    days: tuple[int, ...]
    last_part: float

    def votes(self, labels: float) -> float:
        """The votes behind so many labels."""
        return labels * self.votes_per_label

    def further_votes(self, labels: float) -> float:
        """The votes that bring so many further labels. Pairs that wait come first: they have some of theirs."""
        pairs = labels * self.votes_per_label / self.votes_per_pair
        begun = min(pairs, self.pairs_waiting)
        return begun * self._rest + (pairs - begun) * self.votes_per_pair

    def further_labels(self, votes: float) -> float:
        """The labels that so many further votes bring, pairs that wait first."""
        begun = min(votes / self._rest, self.pairs_waiting)
        pairs = begun + (votes - begun * self._rest) / self.votes_per_pair
        return pairs * self.votes_per_pair / self.votes_per_label

    @property
    def _rest(self) -> float:
        """The votes that a pair which waits still needs."""
        given = self.votes_waiting / self.pairs_waiting if self.pairs_waiting else 0.0
        return max(1.0, self.votes_per_pair - given)

    def hours(self, votes: float) -> float | None:
        """The time of people for so many votes."""
        return None if self.seconds_per_vote is None else votes * self.seconds_per_vote / 3600

    def money(self, votes: float) -> float | None:
        """The cost of so many votes."""
        hours = self.hours(votes)
        return None if hours is None or self.hourly is None else hours * self.hourly

    @property
    def per_day(self) -> float | None:
        """The present pace in votes a day; None: nobody has judged recently, or only for less than a day."""
        elapsed = len(self.days) - 1 + self.last_part
        return sum(self.days) / elapsed if sum(self.days) and elapsed >= 1 else None

    def paces(self, count: int) -> FloatArray | None:
        """Paces that the past days allow, by resampling them; shape (count,). None: there is no pace."""
        pace = self.per_day
        if pace is None or len(self.days) < FEWEST_DAYS:
            return None if pace is None else np.full(count, pace)
        drawn = np.random.default_rng(0).choice(np.array(self.days, dtype=np.float64), (count, len(self.days)))
        return np.asarray(drawn.sum(axis=1) / (len(self.days) - 1 + self.last_part))

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "votes_so_far": self.votes_so_far,
            "votes_per_label": self.votes_per_label,
            "pairs_waiting": self.pairs_waiting,
            "votes_waiting": self.votes_waiting,
            "seconds_per_vote": self.seconds_per_vote,
            "cost_of_hour": self.hourly,
            "currency": self.currency,
            "votes_per_day": self.per_day,
        }


def effort_of(campaign: Campaign, plan: RoundPlan, snapshot: Snapshot | None, *, now: datetime) -> Effort:
    """The effort behind the campaign's labels so far; time and money are those of people, not of machines."""
    stands = Q(superseded_at=None, kind=Assignment.Kind.NORMAL) & ~Q(choice=Choice.SKIP)
    found = Judgment.objects.filter(campaign=campaign).aggregate(
        votes=Count("pk", filter=stands),
        timed=Count("pk", filter=stands & BY_PEOPLE & Q(seconds__isnull=False)),
        # The time of skips, gold and retests is paid for too.
        seconds=Sum("seconds", filter=BY_PEOPLE),
    )
    pairs = _votes_on_pairs(campaign)
    per_pair = pairs["over_votes"] / pairs["over"] if pairs["over"] else float(campaign.overlap)
    days, last_part = judged_by_day(campaign, now=now, only=BY_PEOPLE)
    return Effort(
        votes_so_far=found["votes"],
        votes_per_label=per_pair * _pairs_per_label(snapshot),
        votes_per_pair=per_pair,
        pairs_waiting=pairs["waiting"],
        votes_waiting=pairs["waiting_votes"] or 0,
        seconds_per_vote=found["seconds"] / found["timed"] if found["timed"] else None,
        hourly=None if plan.human_hour is None else float(plan.human_hour),
        currency=plan.currency,
        days=tuple(days),
        last_part=last_part,
    )


def _votes_on_pairs(campaign: Campaign) -> dict[str, Any]:
    """The pairs with votes that are over, settled or in conflict, and those that wait for more; and their votes."""
    over = Q(status__in=(Comparison.Status.SETTLED, Comparison.Status.CONFLICT))
    waiting = Q(status=Comparison.Status.OPEN)
    return Comparison.objects.filter(campaign=campaign, judged__gt=0).aggregate(
        over=Count("pk", filter=over),
        over_votes=Sum("judged", filter=over),
        waiting=Count("pk", filter=waiting),
        waiting_votes=Sum("judged", filter=waiting),
    )


def _pairs_per_label(snapshot: Snapshot | None) -> float:
    """The pairs that people are done with behind one pair to train on: others are ties, in conflict, or held out."""
    if snapshot is None or not snapshot.train_pairs:
        return 1.0
    dropped = sum(count for why, count in snapshot.manifest.get("dropped", {}).items() if why != UNSETTLED)
    return float((snapshot.train_pairs + snapshot.test_pairs + dropped) / snapshot.train_pairs)
