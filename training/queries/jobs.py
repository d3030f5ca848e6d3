"""How far jobs are, and what came of them."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from training.models import ACTIVE_STATUSES, GenerationItem, GenerationJob, JobStatus, Run, RunMetric


def newest(jobs: "QuerySet[Any]") -> Any:
    """The active job, of which there is at most one in a campaign, else the newest; None if there was none."""
    return jobs.filter(status__in=ACTIVE_STATUSES).first() or jobs.order_by("-pk").first()


def remaining_seconds(job: GenerationJob) -> float | None:
    """How long a generation job will still take at its present rate; None while that is not known."""
    if job.status != JobStatus.RUNNING or not job.rate:
        return None
    return max(0, job.total - job.done) / job.rate


def diversity(job: GenerationJob) -> dict[str, float] | None:
    """Means over the pairs a job has brought: how similar the two texts are (0 to 1), their share of distinct word
    pairs, the share of texts that ended by themselves; None while there is none."""
    pairs = job.diversity.get("pairs", 0)
    if not pairs:
        return None
    return {"pairs": pairs, **{name: job.diversity[name] / pairs for name in ("similarity", "distinct", "ended")}}


@dataclass(frozen=True)
class LeftOut:
    """Pairs of a generation job that share a fate. status: failed, dropped, or waiting (it is tried again)."""

    status: str
    reason: str
    pairs: int


def left_out(job: GenerationJob, *, most: int = 10) -> list[LeftOut]:
    """Why pairs of a job are missing, in the sentences that came with it, the most frequent first."""
    statuses = GenerationItem.Status
    with_reason = GenerationItem.objects.filter(
        job=job, status__in=(statuses.FAILED, statuses.DROPPED, statuses.WAITING)
    ).exclude(reason="")
    counted = with_reason.values_list("status", "reason").annotate(pairs=Count("pk")).order_by("-pairs", "reason")
    return [LeftOut(*row) for row in counted[:most]]


def run_metrics(run: Run, *, after: int = -1, limit: int = 5000) -> QuerySet[RunMetric]:
    """A run's curve from a step on, oldest first."""
    return RunMetric.objects.filter(run=run, step__gt=after).order_by("step", "pk")[:limit]
