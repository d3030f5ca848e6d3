"""Who works on what: sending ids to the broker, claiming rows, heartbeats, and finding what was lost.

A job's row is the truth. A message only says "look at this row", so one too many does no harm and one too few is sent
again by the sweep. A worker owns a job from its claim on, under the number of that claim (`attempts`): everything it
writes is conditional on that number, so a worker that was taken for dead and was not can write nothing any more.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from common import processes
from common.broker import send, waiting_messages
from labeling.events.record import record
from training.models import GenerationJob, JobStatus, LabSession, LensJob, Run

logger = logging.getLogger(__name__)

AnyJob = GenerationJob | Run | LensJob | LabSession
J = TypeVar("J", GenerationJob, Run, LensJob, LabSession)

# A worker shows itself every few seconds; one that has not for this long is taken for dead wherever it is.
HEARTBEAT_SECONDS = 5.0
STALE_AFTER = timedelta(seconds=90)
# A message may take this long from the broker to the claim before a row counts as forgotten.
FORGOTTEN_AFTER = timedelta(seconds=20)
# Workers lost in a row, without a step between them, before a job is given up: it may be what kills them.
MAX_LOSSES = 5

TASKS: dict[type[AnyJob], tuple[str, str]] = {
    GenerationJob: ("training.tasks.run_generation", "generate"),
    Run: ("training.tasks.run_training", "train"),
    LensJob: ("training.tasks.run_lens", "lens"),
    LabSession: ("training.tasks.run_lab", "lens"),
}
NOUNS: dict[type[AnyJob], str] = {
    GenerationJob: "generation",
    Run: "run",
    LensJob: "lens",
    LabSession: "lab_session",
}


class ClaimLost(Exception):
    """The job was given to another worker: stop, and write nothing more."""


class Stopped(Exception):
    """Somebody asked the job to stop, and it has."""


def enqueue(job: AnyJob) -> None:
    """Sends the job's id to its queue once the transaction is committed."""
    task, queue = TASKS[type(job)]
    transaction.on_commit(lambda: send(task, job.pk, queue=queue))


@dataclass
class Claim(Generic[J]):
    """A job in the hands of this worker."""

    job: J

    def _mine(self) -> Any:
        return type(self.job).objects.filter(
            pk=self.job.pk, attempts=self.job.attempts, status__in=(JobStatus.RUNNING, JobStatus.CANCELLING)
        )

    def write(self, **values: Any) -> None:
        """Writes columns of the job, if it is still ours. Raises ClaimLost."""
        if self._mine().update(**values) != 1:
            raise ClaimLost
        for name, value in values.items():
            setattr(self.job, name, value)

    def beat(self, now: datetime) -> bool:
        """Shows that this worker lives; returns whether somebody has asked the job to stop. Raises ClaimLost."""
        self.write(heartbeat_at=now)
        status = type(self.job).objects.filter(pk=self.job.pk).values_list("status", flat=True).get()
        return bool(status == JobStatus.CANCELLING)

    def lock(self) -> None:
        """Locks the row until the transaction ends, if the job is still ours. Raises ClaimLost."""
        if not self._mine().select_for_update().values_list("pk", flat=True):
            raise ClaimLost

    def finish(self, status: JobStatus, *, now: datetime, error: str = "", **values: Any) -> None:
        """The end of it: the status, the event of it, and nothing can be written any more. Raises ClaimLost."""
        with transaction.atomic():
            self.write(status=status, error=error, finished_at=now, worker="", heartbeat_at=None, **values)
            record_end(self.job, status, now=now, error=error)


@contextmanager
def ending(
    claim: Claim[J], clock: Callable[[], datetime], *, gives_up_on: tuple[type[Exception], ...], **values: Any
) -> Iterator[None]:
    """Around a worker's whole work on a job: what went wrong becomes the job's end, with `values` written beside it.

    gives_up_on: what is the job's own fault, its message a sentence for people. A database that cannot be reached is
    passed on: then the row cannot be written either, and the sweep will find it.
    """
    try:
        yield
    except ClaimLost:
        logger.warning("%s %s was given to another worker", noun(claim.job), claim.job.pk)
    except Stopped:
        claim.finish(JobStatus.CANCELLED, now=clock(), **values)
    except gives_up_on as error:
        claim.finish(JobStatus.FAILED, now=clock(), error=str(error), **values)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        logger.exception("%s %s failed", noun(claim.job), claim.job.pk)
        claim.finish(JobStatus.FAILED, now=clock(), error=f"Unexpected: {type(error).__name__}: {error}", **values)


def noun(job: AnyJob) -> str:
    """What the event log calls it."""
    return NOUNS[type(job)]


def record_end(job: AnyJob, status: JobStatus, *, now: datetime, error: str = "") -> None:
    """The event of a job's end. No actor: a worker did it."""
    after = {"done": job.done, "total": job.total, "error": error}
    record(f"{noun(job)}.{status.value}", job, acting_user=None, now=now, campaign=job.campaign, after=after)


def claim(model: type[J], identifier: int, *, now: datetime) -> Claim[J] | None:
    """Takes a queued job for this worker, or one whose worker is dead; None if there is nothing to take.

    Two workers with the same message: the compare-and-set on `attempts` lets exactly one through.
    """
    job = model.objects.filter(pk=identifier).first()
    if job is not None and job.status != JobStatus.QUEUED:
        job = _put_back(job, now=now)
    if job is None or job.status != JobStatus.QUEUED:
        return None
    taken = model.objects.filter(pk=job.pk, status=JobStatus.QUEUED, attempts=job.attempts).update(
        status=JobStatus.RUNNING,
        attempts=F("attempts") + 1,
        worker=processes.this_process(),
        heartbeat_at=now,
        started_at=Coalesce("started_at", now),
        error="",
        holds_machine=False,
    )
    if not taken:
        return None
    owned = model.objects.select_related("campaign").get(pk=job.pk)
    # Between the two statements nobody else can have it, unless the sweep took us for dead: then the number differs.
    return Claim(owned) if owned.attempts == job.attempts + 1 else None


def is_lost(job: AnyJob, *, now: datetime) -> bool:
    """Whether the worker that has this job is dead: gone from this machine, or silent for too long."""
    silent = job.heartbeat_at is None or now - job.heartbeat_at > STALE_AFTER
    return silent or processes.is_alive(job.worker) is False


def _put_back(job: J, *, now: datetime) -> J | None:
    """Frees a job from a dead worker: queued again, cancelled if that was asked for, failed if it kills its workers."""
    if not job.is_active or job.status == JobStatus.QUEUED or not is_lost(job, now=now):
        return None
    if job.status == JobStatus.CANCELLING:
        status, error = JobStatus.CANCELLED, ""
    elif job.losses + 1 > MAX_LOSSES:
        status = JobStatus.FAILED
        error = f"{job.losses + 1} workers died with it and it did not move on; see their logs, then start it again."
    else:
        status, error = JobStatus.QUEUED, ""
    with transaction.atomic():
        # The heartbeat is part of the comparison: a worker that wakes up now keeps its job.
        freed = type(job).objects.filter(
            pk=job.pk, status=job.status, attempts=job.attempts, heartbeat_at=job.heartbeat_at
        )
        ended = {} if status == JobStatus.QUEUED else {"finished_at": now}
        if not freed.update(status=status, error=error, losses=F("losses") + 1, worker="", enqueued_at=now, **ended):
            return None
        job.refresh_from_db()
        if status != JobStatus.QUEUED:
            record_end(job, status, now=now, error=error)
    return job


@dataclass
class Swept:
    """What one sweep did."""

    freed: int = 0  # taken from dead workers
    sent: int = 0  # sent to the broker again


def sweep(*, now: datetime) -> Swept:
    """Frees what dead workers had, and sends the ids of queued jobs again where the broker has forgotten them."""
    swept = Swept()
    for model, (task, queue) in TASKS.items():
        _free_lost(model, task, queue, swept, now=now)
        swept.sent += _send_forgotten(model, task, queue, now=now)
    return swept


def _free_lost(model: Any, task: str, queue: str, swept: Swept, *, now: datetime) -> None:
    for job in model.objects.filter(status__in=(JobStatus.RUNNING, JobStatus.CANCELLING)):
        freed = _put_back(job, now=now)
        if freed is not None:
            swept.freed += 1
            if freed.status == JobStatus.QUEUED:
                swept.sent += send(task, freed.pk, queue=queue)


def _send_forgotten(model: type[AnyJob], task: str, queue: str, *, now: datetime) -> int:
    # Only where the queue is empty: as long as messages wait in it, ours may be among them, and a long queue would
    # fill with copies.
    forgotten = model.objects.filter(status=JobStatus.QUEUED, enqueued_at__lt=now - FORGOTTEN_AFTER)
    identifiers = list(forgotten.order_by("pk").values_list("pk", flat=True))
    if not identifiers or waiting_messages(queue) != 0:
        return 0
    model.objects.filter(pk__in=identifiers, status=JobStatus.QUEUED).update(enqueued_at=now)
    return send(task, *identifiers, queue=queue)
