"""The progress of jobs, and their results."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from common.sentences import Sentence
from training.models import ACTIVE_STATUSES, GenerationItem, GenerationJob, Run, RunMetric


def newest(jobs: "QuerySet[Any]") -> Any:
    """The active job, of which a campaign has at most one, else the newest; None if there is none."""
    return jobs.filter(status__in=ACTIVE_STATUSES).first() or jobs.order_by("-pk").first()


def diversity(job: GenerationJob) -> dict[str, float] | None:
    """Means over the pairs that a job has added; None while there are none.

    similarity: of the two texts, 0 to 1. distinct: the share of distinct word pairs in them. ended: the share of texts
    that ended by themselves. pairs: how many pairs.
    """
    pairs = int(job.diversity.get("pairs", 0))  # a job sums all its figures as floats
    if not pairs:
        return None
    return {"pairs": pairs, **{name: job.diversity[name] / pairs for name in ("similarity", "distinct", "ended")}}


@dataclass(frozen=True)
class LeftOut:
    """Pairs of a generation job with the same status and reason. status: failed, dropped, or waiting for a retry."""

    status: str
    reason: Sentence
    pairs: int


def left_out(job: GenerationJob, *, most: int = 10) -> list[LeftOut]:
    """The reasons why pairs of a job are missing, the most frequent first."""
    statuses = GenerationItem.Status
    with_reason = GenerationItem.objects.filter(
        job=job, status__in=(statuses.FAILED, statuses.DROPPED, statuses.WAITING)
    ).exclude(reason="")
    counted = with_reason.values_list("status", "reason").annotate(pairs=Count("pk")).order_by("-pairs", "reason")
    return [LeftOut(*row) for row in counted[:most]]


def run_metrics(run: Run, *, after: int = -1, limit: int = 5000) -> QuerySet[RunMetric]:
    """The points of a run's curve after a step, oldest first."""
    return RunMetric.objects.filter(run=run, step__gt=after).order_by("step", "pk")[:limit]
