"""The columns and states that all kinds of jobs share."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.sentences import SentenceField
from labeling.models import User


class JobStatus(models.TextChoices):
    """The states of a job, in the order in which they can occur."""

    QUEUED = "queued", _("Queued")  # waits for a worker
    RUNNING = "running", _("Running")  # a worker owns it; the heartbeat shows whether the worker still lives
    CANCELLING = "cancelling", _("Cancelling")  # a person asked it to stop; it does so at the next safe point
    FINISHED = "finished", _("Finished")
    FAILED = "failed", _("Failed")  # `error` says why and what to do
    CANCELLED = "cancelled", _("Cancelled")


ACTIVE_STATUSES = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.CANCELLING)
"""Something may still happen to the job."""

CLAIMED_STATUSES = (JobStatus.RUNNING, JobStatus.CANCELLING)
"""A worker owns the job."""


class Job(models.Model):
    """A job of a worker: a state machine, progress, a heartbeat, and an error in a sentence."""

    QUEUE: ClassVar[str]
    """The queue through which workers get its id."""

    status = models.CharField(max_length=16, choices=JobStatus.choices, default=JobStatus.QUEUED)
    done = models.PositiveIntegerField(default=0, help_text="Completions written, or optimizer steps taken.")
    total = models.PositiveIntegerField(default=0, help_text="How many there will be; 0: not known yet.")
    attempts = models.PositiveIntegerField(
        default=0,
        help_text="The number of the latest claim. A worker writes only while this is the number of its own claim.",
    )
    worker_deaths = models.PositiveSmallIntegerField(
        default=0, help_text="Workers that died since its last progress; after too many it is given up."
    )
    worker = models.CharField(
        max_length=200, blank=True, help_text="host:process:start time of the worker that owns it."
    )
    heartbeat_at = models.DateTimeField(
        null=True, blank=True, help_text="The last heartbeat of the worker that owns it."
    )
    enqueued_at = models.DateTimeField(null=True, blank=True, help_text="When its id was last sent to the broker.")
    error = SentenceField(help_text="The reason of a failure, or for which an active job waits.")
    machine = models.CharField(
        max_length=80, blank=True, help_text="The machine of its worker, or the one that held it back last."
    )
    held_back_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="Since when it waits for memory (see training.memory); its heartbeat says when it last tried.",
    )
    holds_machine = models.BooleanField(
        default=False,
        help_text="Whether it uses the machine that generation and training share; see training.jobs.handover.",
    )
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True, help_text="When its present claim began; null: no claim.")
    worked_seconds = models.FloatField(
        default=0.0, db_default=0.0, help_text="How long workers worked on it, without its present claim."
    )
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_active(self) -> bool:
        """Whether it is queued, running or cancelling."""
        return self.status in ACTIVE_STATUSES


def worked_since(claimed_at: datetime | None, until: datetime | None) -> float:
    """The seconds of a claim until a time; 0 if there is none, or a clock was put back."""
    if claimed_at is None or until is None:
        return 0.0
    return max(0.0, (until - claimed_at).total_seconds())
