"""How far the work of an installation is from being stuck: its queues, workers, leases, messages and backups.

Rows alone decide, as everywhere: a queue is as old as its oldest row that a worker could have taken by now.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, get_args

from django.db.models import Min, Q, QuerySet

from labeling.models import Assignment, BulkAct, KeptCounts, VerdictRecount, WebhookDelivery
from training.models import (
    CLAIMED_STATUSES,
    AnyJob,
    Backup,
    JobStatus,
    Worker,
)

JOBS: tuple[type[AnyJob], ...] = get_args(AnyJob)
QUEUES = ("default", "generate", "train", "lens")
"""The queues of the workers."""

SILENT_AFTER = timedelta(minutes=3)
"""A sweep takes a job from a worker that has been silent for half as long."""

LEASE_GRACE = timedelta(minutes=5)
"""A lease that ran out is released by the next sweep, within a minute."""

FAILED_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QueueState:
    """waiting: rows that wait for a worker. since: when the oldest could have been taken. workers: those that listen.

    held: how many of them wait for memory or for the machine, and not for a worker.
    """

    name: str
    waiting: int
    since: datetime | None
    workers: int
    held: int = 0

    def seconds(self, now: datetime) -> float:
        """The age of the oldest row; 0: none waits."""
        return max(0.0, (now - self.since).total_seconds()) if self.since else 0.0


def queue_states(*, now: datetime) -> list[QueueState]:
    """The state of every queue."""
    workers = live_workers(now=now)
    found = []
    for name in QUEUES:
        listening = sum(name in worker.queues for worker in workers)
        jobs = [model._default_manager.filter(status=JobStatus.QUEUED) for model in JOBS if name == model.QUEUE]
        kinds = [*((rows, "created_at") for rows in jobs), *_of_other_kinds(name, now)]
        waiting = sum(rows.count() for rows, _ in kinds)
        held = sum(rows.filter(held_back_at__isnull=False).count() for rows in jobs)
        times = [rows.aggregate(first=Min(since))["first"] for rows, since in kinds]
        found.append(QueueState(name, waiting, min(filter(None, times), default=None), listening, held))
    return found


def _of_other_kinds(queue: str, now: datetime) -> list[tuple[QuerySet[Any], str]]:
    """The rows besides jobs that wait in a queue, with the column that says since when: webhook messages that are due,
    bulk changes, recounts, and statistics of large campaigns."""
    if queue == "lens":
        return [(KeptCounts.objects.filter(KeptCounts.WANTED, started_at=None), "asked_at")]
    if queue == "default":
        return [
            (_waiting_deliveries().filter(due_at__lte=now), "due_at"),
            (BulkAct.objects.filter(status=BulkAct.Status.WAITING), "created_at"),
            (VerdictRecount.objects.filter(status=VerdictRecount.Status.WAITING), "created_at"),
        ]
    return []


def _waiting_deliveries() -> QuerySet[WebhookDelivery]:
    """The messages that a worker will send. Those of a webhook that is switched off wait until it is on again."""
    return WebhookDelivery.objects.filter(status=WebhookDelivery.Status.WAITING, webhook__is_active=True)


def live_workers(*, now: datetime) -> list[Worker]:
    """The workers that reported within the last minute, by name."""
    return list(Worker.objects.filter(seen_at__gte=now - Worker.SILENT_AFTER).order_by("name"))


def silent_jobs(*, now: datetime) -> list[AnyJob]:
    """The jobs whose worker has been silent so long that a sweep should have given them to another one."""
    late = now - SILENT_AFTER
    silent = Q(heartbeat_at__lt=late) | Q(heartbeat_at=None, started_at__lt=late)
    return [job for model in JOBS for job in model._default_manager.filter(silent, status__in=CLAIMED_STATUSES)]


def overdue_leases(*, now: datetime) -> int:
    """The assignments whose time ran out and that nobody has released."""
    leased = Assignment.objects.filter(status=Assignment.Status.LEASED)
    return leased.filter(expires_at__lt=now - LEASE_GRACE).count()


def failing_deliveries(*, now: datetime) -> tuple[int, int]:
    """Webhook messages that were given up in the last day, and those that wait for another attempt after a failure."""
    given_up = WebhookDelivery.objects.filter(status="given_up", tried_at__gte=now - FAILED_WITHIN)
    return given_up.count(), _waiting_deliveries().filter(attempts__gt=0).count()


def newest_backup() -> Backup | None:
    """The last backup that was completed; None: there was none."""
    return Backup.objects.order_by("-at").first()
