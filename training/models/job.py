"""What every kind of job has in common: its states, its progress, the worker that has it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.sentences import SentenceField
from labeling.models import User


class JobStatus(models.TextChoices):
    """The states of a generation job or a run, in the order they can happen."""

    QUEUED = "queued", _("Queued")  # waits for a worker
    RUNNING = "running", _("Running")  # a worker has it; its heartbeat says whether the worker still lives
    CANCELLING = "cancelling", _("Cancelling")  # somebody asked it to stop; it stops at the next safe point
    FINISHED = "finished", _("Finished")
    FAILED = "failed", _("Failed")  # gave up; `error` says why and what to do
    CANCELLED = "cancelled", _("Cancelled")


ACTIVE_STATUSES = (JobStatus.QUEUED, JobStatus.RUNNING, JobStatus.CANCELLING)
"""Something may still happen to the job."""

CLAIMED_STATUSES = (JobStatus.RUNNING, JobStatus.CANCELLING)
"""A worker owns the job."""


class Job(models.Model):
    """What generation jobs and runs have in common: a state machine, progress, a heartbeat, an error in a sentence."""

    status = models.CharField(max_length=16, choices=JobStatus.choices, default=JobStatus.QUEUED)
    done = models.PositiveIntegerField(default=0, help_text="Completions written, or optimizer steps taken.")
    total = models.PositiveIntegerField(default=0, help_text="Of how many; 0: not known yet.")
    attempts = models.PositiveIntegerField(
        default=0,
        help_text="How often a worker has taken it up. Whoever took it up writes only while this is still its number.",
    )
    losses = models.PositiveSmallIntegerField(
        default=0, help_text="Workers lost since it last moved on; too many, and it is given up."
    )
    worker = models.CharField(
        max_length=200, blank=True, help_text="host:process:start time of the worker that has it."
    )
    heartbeat_at = models.DateTimeField(null=True, blank=True, help_text="Last sign of life of the worker that has it.")
    enqueued_at = models.DateTimeField(null=True, blank=True, help_text="When its id was last sent to the broker.")
    error = SentenceField(help_text="What went wrong, or what an active job waits for.")
    holds_machine = models.BooleanField(
        default=False, help_text="Uses the machine that generation and training share; see training.jobs.handover."
    )
    created_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_active(self) -> bool:
        """Whether something may still happen to it."""
        return self.status in ACTIVE_STATUSES
