"""Cancelling and resuming jobs of any kind."""

from datetime import datetime
from typing import TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from common.wording import in_sentence
from labeling.access import require_lead, require_may_change
from labeling.events.record import record
from labeling.models import User
from training.claims import enqueue, noun
from training.errors import JobActive, JobOver
from training.models import (
    ACTIVE_STATUSES,
    BlameJob,
    EvaluationJob,
    GenerationJob,
    GroupJob,
    JobStatus,
    PriceJob,
    Run,
    SelectionJob,
    SuiteRun,
)

J = TypeVar("J", GenerationJob, SuiteRun, Run, EvaluationJob, PriceJob, BlameJob, GroupJob, SelectionJob)


def lock_person(person: User | None) -> None:
    """Serializes the requests of a person until the transaction ends, so that counts of their jobs stay true."""
    if person is not None:
        User.objects.select_for_update(no_key=True).only("pk").get(pk=person.pk)


@transaction.atomic
def cancel_job(*, job: J, acting_user: User | None, now: datetime) -> J:
    """Cancels a job: at once if it is queued, else at its next safe point. Cancelling twice changes nothing.

    Raises JobOver, NotAllowed, NotFound.
    """
    assert job.campaign is not None
    require_lead(acting_user, job.campaign)
    locked = type(job).objects.select_for_update().get(pk=job.pk)
    if locked.status == JobStatus.CANCELLING:
        return locked
    if not locked.is_active:
        raise JobOver(
            _("It is already %(status)s: there is nothing to cancel.")
            % {"status": in_sentence(locked.get_status_display())}
        )
    before = locked.status
    if locked.status == JobStatus.QUEUED:
        locked.status, locked.finished_at = JobStatus.CANCELLED, now
    else:
        locked.status = JobStatus.CANCELLING
    locked.save(update_fields=["status", "finished_at"])
    record(
        f"{noun(locked)}.cancel_requested",
        locked,
        acting_user=acting_user,
        now=now,
        campaign=locked.campaign,
        before={"status": before},
        after={"status": locked.status},
    )
    return locked


@transaction.atomic
def resume_job(*, job: J, acting_user: User | None, now: datetime) -> J:
    """Queues a failed or cancelled job again; it continues where it stopped. Raises JobActive, JobOver, NotAllowed."""
    assert job.campaign is not None
    require_may_change(acting_user, job.campaign)
    locked = type(job).objects.select_for_update().get(pk=job.pk)
    if locked.status not in (JobStatus.FAILED, JobStatus.CANCELLED):
        raise JobOver(
            _("It is %(status)s: only a failed or cancelled job can be resumed.")
            % {"status": in_sentence(locked.get_status_display())}
        )
    if isinstance(locked, SuiteRun):
        rivals = {"suite_version": locked.suite_version_id, "version": locked.version_id}
    elif isinstance(locked, EvaluationJob):
        rivals = {"version": locked.version_id}
    else:
        rivals = {"campaign": locked.campaign_id}
    if type(job).objects.filter(**rivals, status__in=ACTIVE_STATUSES).exists():
        raise JobActive(_("Another job of this campaign is active: wait until it ends, or cancel it."))
    before = locked.status
    locked.status, locked.error, locked.worker_deaths = JobStatus.QUEUED, "", 0
    locked.finished_at, locked.enqueued_at, locked.held_back_at = None, now, None
    locked.save(update_fields=["status", "error", "worker_deaths", "finished_at", "enqueued_at", "held_back_at"])
    record(
        f"{noun(locked)}.resumed",
        locked,
        acting_user=acting_user,
        now=now,
        campaign=locked.campaign,
        before={"status": before},
        after={"status": locked.status},
    )
    enqueue(locked)
    return locked
