"""Claims of workers on jobs: sending ids to the broker, claiming rows, heartbeats, and finding lost jobs.

A job's row is the truth. A message only says "look at this row": an extra one does no harm, and the sweep sends a
missing one again. A worker owns a job from its claim on, under the number of that claim (`attempts`). Everything it
writes is conditional on that number, so a worker that was wrongly taken for dead can no longer write.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_noop as _

from common import processes
from common.broker import send, waiting_messages
from common.database.connections import LOST, handing_on
from common.sentences import Sentence, sentence_of
from common.storage.errors import StorageAway, StorageDamaged
from common.storage.progress import telling
from labeling.events.record import record
from training.models import (
    CLAIMED_STATUSES,
    AnyJob,
    BlameJob,
    EvaluationJob,
    GenerationJob,
    GroupJob,
    JobStatus,
    LabSession,
    LensJob,
    PriceJob,
    Run,
    SelectionJob,
    SuiteRun,
    worked_since,
)

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
"""Gives the current time."""

J = TypeVar(
    "J",
    GenerationJob,
    SuiteRun,
    Run,
    LensJob,
    LabSession,
    EvaluationJob,
    PriceJob,
    BlameJob,
    GroupJob,
    SelectionJob,
)

# Workers send a heartbeat every few seconds; one that is silent for this long is taken for dead on any machine.
HEARTBEAT_SECONDS = 5.0
STALE_AFTER = timedelta(seconds=90)
# A queued row counts as forgotten by the broker after this long.
FORGOTTEN_AFTER = timedelta(seconds=20)
# A job is given up after more worker deaths than this without progress: it may be what kills the workers.
MAX_WORKER_DEATHS = 5

TASKS: dict[type[AnyJob], tuple[str, str]] = {
    GenerationJob: ("training.tasks.run_generation", GenerationJob.QUEUE),
    SuiteRun: ("training.tasks.run_suite", SuiteRun.QUEUE),
    Run: ("training.tasks.run_training", Run.QUEUE),
    LensJob: ("training.tasks.run_lens", LensJob.QUEUE),
    LabSession: ("training.tasks.run_lab", LabSession.QUEUE),
    EvaluationJob: ("training.tasks.run_evaluation", EvaluationJob.QUEUE),
    PriceJob: ("training.tasks.run_price", PriceJob.QUEUE),
    BlameJob: ("training.tasks.run_blame", BlameJob.QUEUE),
    SelectionJob: ("training.tasks.run_selection", SelectionJob.QUEUE),
    GroupJob: ("training.tasks.run_groups", GroupJob.QUEUE),
}
NOUNS: dict[type[AnyJob], str] = {
    GenerationJob: "generation",
    SuiteRun: "suite_run",
    Run: "run",
    LensJob: "lens",
    LabSession: "lab_session",
    EvaluationJob: "evaluation",
    PriceJob: "price",
    BlameJob: "blame",
    SelectionJob: "selection",
    GroupJob: "group_job",
}


class ClaimLost(Exception):
    """Another worker owns the job now: stop, and write nothing more."""


class Stopped(Exception):
    """The job stopped, because a person asked for it."""


def enqueue(job: AnyJob) -> None:
    """Sends the job's id to its queue once the transaction is committed."""
    task, queue = TASKS[type(job)]
    transaction.on_commit(lambda: send(task, job.pk, queue=queue))


@dataclass
class Claim(Generic[J]):
    """This worker's ownership of a job, under the number of its claim."""

    job: J

    def _owned(self) -> Any:
        return type(self.job).objects.filter(pk=self.job.pk, attempts=self.job.attempts, status__in=CLAIMED_STATUSES)

    def write(self, **values: Any) -> None:
        """Writes columns of the job, if this worker still owns it. Raises ClaimLost."""
        if self._owned().update(**values) != 1:
            raise ClaimLost
        for name, value in values.items():
            setattr(self.job, name, value)

    def beat(self, now: datetime) -> bool:
        """Writes a heartbeat; returns whether the job is being cancelled. Raises ClaimLost."""
        self.write(heartbeat_at=now)
        status = type(self.job).objects.filter(pk=self.job.pk).values_list("status", flat=True).get()
        return bool(status == JobStatus.CANCELLING)

    def lock(self) -> None:
        """Locks the row until the transaction ends, if this worker still owns the job. Raises ClaimLost."""
        if not self._owned().select_for_update().values_list("pk", flat=True):
            raise ClaimLost

    def leave(self, *, now: datetime, **values: Any) -> None:
        """Gives up the claim, writes columns, and adds up how long this worker had the job. Raises ClaimLost."""
        worked = self.job.worked_seconds + worked_since(self.job.claimed_at, now)
        self.write(worker="", heartbeat_at=None, claimed_at=None, worked_seconds=worked, **values)

    def finish(self, status: JobStatus, *, now: datetime, error: str = "", **values: Any) -> None:
        """Ends the job: writes its status, its event, and gives up the claim. Raises ClaimLost."""
        with transaction.atomic():
            self.leave(status=status, error=error, finished_at=now, now=now, **values)
            record_end(self.job, status, now=now, error=error)


@contextmanager
def ending(claim: Claim[J], clock: Clock, *, gives_up_on: tuple[type[Exception], ...], **values: Any) -> Iterator[None]:
    """Wraps a worker's whole work on a job: an exception ends the job, with `values` written beside its status.

    gives_up_on: exceptions that are the job's own fault; their message is a sentence for people, as is that of the
    storage's errors. After a lost connection to the database the job goes back to the queue, on a new one, and the
    error is raised. If the database stays away, the sweep will find the job.
    """
    caught = (*gives_up_on, StorageAway, StorageDamaged)
    beats = _Beats(claim, clock)
    with handing_on(lambda: _give_back(claim, clock)), _ended(claim, clock, caught, values), telling(beats):
        yield


class _Beats:
    """Heartbeats while large files travel: they may take longer than a worker may stay silent."""

    def __init__(self, claim: Claim[Any], clock: Clock) -> None:
        self.claim, self.clock, self.last = claim, clock, time.monotonic()

    def __call__(self) -> None:
        now = time.monotonic()
        # Within a transaction nobody would see it.
        if now - self.last < HEARTBEAT_SECONDS or connection.in_atomic_block:
            return
        self.last = now
        with suppress(ClaimLost, DatabaseError):  # the job's next own write tells
            self.claim.write(heartbeat_at=self.clock())


@contextmanager
def _ended(
    claim: Claim[J], clock: Clock, gives_up_on: tuple[type[Exception], ...], values: dict[str, Any]
) -> Iterator[None]:
    try:
        yield
    except ClaimLost:
        logger.warning("%s %s was given to another worker", noun(claim.job), claim.job.pk)
    except Stopped:
        claim.finish(JobStatus.CANCELLED, now=clock(), **values)
    except gives_up_on as error:
        claim.finish(JobStatus.FAILED, now=clock(), error=sentence_of(error), **values)
    except LOST:
        raise
    except Exception as error:
        logger.exception("%s %s failed", noun(claim.job), claim.job.pk)
        details = {"kind": type(error).__name__, "error": str(error)}
        claim.finish(
            JobStatus.FAILED, now=clock(), error=Sentence(_("Unexpected: %(kind)s: %(error)s"), details), **values
        )


def _give_back(claim: Claim[J], clock: Clock) -> None:
    """Puts this worker's own job back into the queue, if it still owns it."""
    now = clock()
    job = claim._owned().first()
    freed = _taken(job, now=now) if job is not None else None
    if freed is not None and freed.status == JobStatus.QUEUED:
        task, queue = TASKS[type(freed)]
        send(task, freed.pk, queue=queue)


def noun(job: AnyJob) -> str:
    """The job's kind in the verbs of the event log."""
    return NOUNS[type(job)]


def record_end(job: AnyJob, status: JobStatus, *, now: datetime, error: str = "") -> None:
    """Records the end of a job. The event has no actor: a worker caused it."""
    after = {"done": job.done, "total": job.total, "error": error}
    record(f"{noun(job)}.{status.value}", job, acting_user=None, now=now, campaign=job.campaign, after=after)


def claim(
    model: type[J], identifier: int, *, now: datetime, may_start: Callable[[J], bool] = lambda job: True
) -> Claim[J] | None:
    """Claims a job that is queued or whose worker is dead; None if it cannot be claimed.

    If two workers have the same message, the compare-and-set on `attempts` lets exactly one through. may_start: is
    called with the queued job; if it returns False, the job stays queued.
    """
    job = model.objects.filter(pk=identifier).first()
    if job is not None and job.status != JobStatus.QUEUED:
        job = _put_back(job, now=now)
    if job is None or job.status != JobStatus.QUEUED or not may_start(job):
        return None
    taken = model.objects.filter(pk=job.pk, status=JobStatus.QUEUED, attempts=job.attempts).update(
        status=JobStatus.RUNNING,
        attempts=F("attempts") + 1,
        worker=processes.this_process(),
        machine=processes.this_machine(),
        heartbeat_at=now,
        claimed_at=now,
        held_back_at=None,
        started_at=Coalesce("started_at", now),
        error="",
        holds_machine=False,
    )
    if not taken:
        return None
    owned = model.objects.select_related("campaign").get(pk=job.pk)
    # Nobody else can claim it between the two statements, unless the sweep took this worker for dead: then the number
    # differs.
    return Claim(owned) if owned.attempts == job.attempts + 1 else None


def is_lost(job: AnyJob, *, now: datetime) -> bool:
    """Whether the worker that owns this job is dead: gone from this machine, or silent for too long."""
    silent = job.heartbeat_at is None or now - job.heartbeat_at > STALE_AFTER
    return silent or processes.is_alive(job.worker) is False


def _put_back(job: J, *, now: datetime) -> J | None:
    """Takes a job from a dead worker; returns it, or None if its worker lives."""
    if not job.is_active or job.status == JobStatus.QUEUED or not is_lost(job, now=now):
        return None
    return _taken(job, now=now)


def _taken(job: J, *, now: datetime) -> J | None:
    """Takes a job from its worker: queues it again, cancels it as requested, or fails it after MAX_WORKER_DEATHS.

    Returns the job, or None if its worker has written meanwhile.
    """
    status, error = JobStatus.QUEUED, Sentence()
    if job.status == JobStatus.CANCELLING:
        status = JobStatus.CANCELLED
    elif job.worker_deaths + 1 > MAX_WORKER_DEATHS:
        status = JobStatus.FAILED
        error = Sentence(
            _("%(count)s workers died with it and it did not move on; see their logs, then start it again."),
            {"count": job.worker_deaths + 1},
        )
    with transaction.atomic():
        # The heartbeat is part of the comparison: a worker that wakes up now keeps its job.
        freed = type(job).objects.filter(
            pk=job.pk, status=job.status, attempts=job.attempts, heartbeat_at=job.heartbeat_at
        )
        values: dict[str, Any] = {} if status == JobStatus.QUEUED else {"finished_at": now}
        # The dead worker worked until its last heartbeat at least.
        values["worked_seconds"] = job.worked_seconds + worked_since(job.claimed_at, job.heartbeat_at)
        values |= {"worker_deaths": F("worker_deaths") + 1, "claimed_at": None, "worker": "", "enqueued_at": now}
        if not freed.update(status=status, error=error, **values):
            return None
        job.refresh_from_db()
        if status != JobStatus.QUEUED:
            record_end(job, status, now=now, error=error)
    return job


@dataclass
class Swept:
    """The result of one sweep: jobs taken from dead workers, and messages sent again."""

    freed: int = 0
    sent: int = 0


def sweep(*, now: datetime) -> Swept:
    """Takes jobs from dead workers, and sends the ids of queued jobs that the broker has forgotten again."""
    swept = Swept()
    for model, (task, queue) in TASKS.items():
        _free_lost(model, task, queue, swept, now=now)
        swept.sent += _send_forgotten(model, task, queue, now=now)
    return swept


def _free_lost(model: Any, task: str, queue: str, swept: Swept, *, now: datetime) -> None:
    for job in model.objects.filter(status__in=CLAIMED_STATUSES):
        freed = _put_back(job, now=now)
        if freed is not None:
            swept.freed += 1
            if freed.status == JobStatus.QUEUED:
                swept.sent += send(task, freed.pk, queue=queue)


def send_held_back(*, now: datetime) -> int:
    """Sends the jobs that wait for memory again, at the end of a job that used some; returns how many were sent."""
    sent = 0
    for model, (task, queue) in TASKS.items():
        held = model.objects.filter(status=JobStatus.QUEUED, held_back_at__isnull=False).order_by("held_back_at")
        identifiers = list(held.values_list("pk", flat=True))
        model.objects.filter(pk__in=identifiers, status=JobStatus.QUEUED).update(enqueued_at=now)
        sent += send(task, *identifiers, queue=queue)
    return sent


def _send_forgotten(model: type[AnyJob], task: str, queue: str, *, now: datetime) -> int:
    # Only if the queue is empty: while messages wait in it, these jobs' may be among them, and a long queue would fill
    # with copies.
    forgotten = model.objects.filter(status=JobStatus.QUEUED, enqueued_at__lt=now - FORGOTTEN_AFTER)
    identifiers = list(forgotten.order_by("pk").values_list("pk", flat=True))
    if not identifiers or waiting_messages(queue) != 0:
        return 0
    model.objects.filter(pk__in=identifiers, status=JobStatus.QUEUED).update(enqueued_at=now)
    return send(task, *identifiers, queue=queue)
