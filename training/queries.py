"""Reads that cross tables: what serves, what is fresh, what a lead's page shows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from labeling.models import Campaign
from labeling.queries import standing_verdicts
from training.errors import NothingServes
from training.models import (
    ACTIVE_STATUSES,
    Deployment,
    GenerationItem,
    GenerationJob,
    JobStatus,
    ModelVersion,
    RetrainingPolicy,
    Run,
    RunMetric,
    Snapshot,
)

PREFERENCES = ("a", "b")  # the winners that yield a preference pair


def current_deployment(channel: str = Deployment.DEFAULT_CHANNEL) -> Deployment | None:
    """The newest change of what serves in a channel."""
    return Deployment.objects.filter(channel=channel, is_current=True).select_related("version__parent").first()


def serving_version(channel: str = Deployment.DEFAULT_CHANNEL) -> ModelVersion:
    """The version that writes the next candidates. Raises NothingServes."""
    deployment = current_deployment(channel)
    if deployment is None:
        raise NothingServes(_("No model version serves yet: promote one (`manage.py promote VERSION`)."))
    return deployment.version


def version_before(channel: str = Deployment.DEFAULT_CHANNEL) -> ModelVersion | None:
    """The version a roll-back would return to; None if there is none."""
    deployment = current_deployment(channel)
    earlier = deployment.previous if deployment else None
    return earlier.version if earlier else None


def last_snapshot(campaign: Campaign) -> Snapshot | None:
    """The snapshot of the last run, however it ended: a run that failed is no reason to start the same one again."""
    run = Run.objects.filter(campaign=campaign).order_by("-pk").select_related("snapshot").first()
    return run.snapshot if run else None


def fresh_verdicts(campaign: Campaign) -> int:
    """How many verdicts that yield a preference pair are newer than the last run's snapshot."""
    verdicts = standing_verdicts(campaign).filter(winner__in=PREFERENCES)
    snapshot = last_snapshot(campaign)
    if snapshot is not None and snapshot.last_verdict_at is not None:
        verdicts = verdicts.filter(settled_at__gt=snapshot.last_verdict_at)
    return verdicts.count()


def training_now() -> Run | None:
    """The run that has the machine of the servers for itself; None where they share none, or nobody trains."""
    if not settings.GENERATOR_HANDOVER:
        return None
    return Run.objects.filter(holds_machine=True, status__in=(JobStatus.RUNNING, JobStatus.CANCELLING)).first()


def awaits_gate(run: Run) -> bool:
    """Whether the promotion gate is still to be asked about a run."""
    return runs_awaiting_gate().filter(pk=run.pk).exists()


def runs_awaiting_gate() -> QuerySet[Run]:
    """Runs that the schedule started and finished, where the policy promotes by itself and nothing is decided yet."""
    return Run.objects.filter(
        status=JobStatus.FINISHED,
        trigger=Run.Trigger.SCHEDULE,
        gate__isnull=True,
        campaign__retraining_policy__auto_promote=True,
    )


def policies_without_time() -> QuerySet[RetrainingPolicy]:
    """Policies that start as soon as there are enough fresh verdicts, at no set time."""
    return RetrainingPolicy.objects.filter(enabled=True, periodic_task__isnull=True).select_related("campaign")


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


@dataclass(frozen=True)
class TrainingOverview:
    """What the lead's page shows of a campaign's training."""

    serving: ModelVersion | None
    before: ModelVersion | None
    fresh_verdicts: int
    preference_pairs: int
    generation: GenerationJob | None
    run: Run | None
    versions: list[ModelVersion]
    policy: RetrainingPolicy | None
    generated_at: datetime | None

    def as_dict(self) -> dict[str, Any]:
        """The counts and names, for JSON."""
        return {
            "serving": self.serving.name if self.serving else None,
            "fresh_verdicts": self.fresh_verdicts,
            "preference_pairs": self.preference_pairs,
            "generation": self.generation.pk if self.generation else None,
            "run": self.run.pk if self.run else None,
            "versions": [version.name for version in self.versions],
        }


def campaign_training_overview(campaign: Campaign, *, versions: int = 10) -> TrainingOverview:
    """Fresh verdicts, the active (else the newest) generation job and run, the latest versions, the policy."""
    deployment = current_deployment()
    job = newest(GenerationJob.objects.filter(campaign=campaign))
    run = newest(Run.objects.filter(campaign=campaign).select_related("parent", "snapshot"))
    latest = ModelVersion.objects.filter(run__campaign=campaign).select_related("parent", "run").order_by("-pk")
    return TrainingOverview(
        serving=deployment.version if deployment else None,
        before=version_before(),
        fresh_verdicts=fresh_verdicts(campaign),
        preference_pairs=standing_verdicts(campaign).filter(winner__in=PREFERENCES).count(),
        generation=job,
        run=run,
        versions=list(latest[:versions]),
        policy=RetrainingPolicy.objects.filter(campaign=campaign).select_related("periodic_task__crontab").first(),
        generated_at=job.finished_at if job else None,
    )


def newest(jobs: "QuerySet[Any]") -> Any:
    """The active job, of which there is at most one in a campaign, else the newest; None if there was none."""
    return jobs.filter(status__in=ACTIVE_STATUSES).first() or jobs.order_by("-pk").first()
