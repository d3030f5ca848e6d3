"""The effort of a campaign's labels: votes for each, time of people, money, and their pace."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Count, Q, Sum

from labeling.models import Assignment, Campaign, Choice, Judgment
from labeling.queries.forecast import judged_by_day
from labeling.stats import FloatArray
from training.models import RoundPlan, Snapshot
from training.queries.round_rows import BY_PEOPLE

FEWEST_DAYS = 3
"""With fewer days they do not show how much days differ: the pace is taken as certain."""


@dataclass(frozen=True, slots=True)
class Effort:
    """votes_per_label: votes for one pair to train on; held-out pairs, ties and skips are paid for as well.

    seconds_per_vote: None: no vote here has a time. hourly: the cost of an hour of people; None: no rate is set. days:
    the votes of each past day, newest first; last_part: the share of the oldest that counts.
    """

    votes_so_far: int
    votes_per_label: float
    votes_per_pair: float
    seconds_per_vote: float | None
    hourly: float | None
    currency: str
    days: tuple[int, ...]
    last_part: float

    def votes(self, labels: float) -> float:
        """The votes that bring so many labels."""
        return labels * self.votes_per_label

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
        comparisons=Count("comparison", distinct=True, filter=stands),
        timed=Count("pk", filter=stands & BY_PEOPLE & Q(seconds__isnull=False)),
        # The time of skips, gold and retests is paid for too.
        seconds=Sum("seconds", filter=BY_PEOPLE),
    )
    per_pair = found["votes"] / found["comparisons"] if found["comparisons"] else float(campaign.overlap)
    days, last_part = judged_by_day(campaign, now=now, only=BY_PEOPLE)
    return Effort(
        votes_so_far=found["votes"],
        votes_per_label=per_pair * _pairs_per_label(snapshot),
        votes_per_pair=per_pair,
        seconds_per_vote=found["seconds"] / found["timed"] if found["timed"] else None,
        hourly=None if plan.human_hour is None else float(plan.human_hour),
        currency=plan.currency,
        days=tuple(days),
        last_part=last_part,
    )


def _pairs_per_label(snapshot: Snapshot | None) -> float:
    """The settled pairs behind one pair to train on: others are ties, dropped, or held out."""
    if snapshot is None or not snapshot.train_pairs:
        return 1.0
    dropped = sum(snapshot.manifest.get("dropped", {}).values())
    return float((snapshot.train_pairs + snapshot.test_pairs + dropped) / snapshot.train_pairs)
