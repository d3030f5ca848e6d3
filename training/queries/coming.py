"""The model's jobs in sentences, for the pages of labeling (`labeling.queries.coming`)."""

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from labeling.models import Campaign, User
from labeling.queries.coming import ModelWork
from training.models import ACTIVE_STATUSES, GenerationJob, JobStatus, ModelJob, Run, SuiteRun
from training.queries.remaining import about, time_left
from training.queries.waiting import Waiting


def model_work(campaigns: Sequence[Campaign], lead: User, now: datetime) -> dict[int, list[ModelWork]]:
    """The active generations and runs of campaigns that this person leads, by the campaign's key."""
    waiting = Waiting(lead, now=now)
    work: dict[int, list[ModelWork]] = {}
    for job in waiting.jobs_of(campaigns):
        name, address = _name_and_address(job)
        work.setdefault(job.campaign_id, []).append(ModelWork(f"{name}: {_state(job, waiting)}", address))
    return work


def _name_and_address(job: ModelJob) -> tuple[str, str]:
    if isinstance(job, Run):
        return _("Run %(number)s") % {"number": job.pk}, reverse("run", args=[job.pk])
    if isinstance(job, SuiteRun):
        return _("Suite run %(number)s") % {"number": job.pk}, reverse("suite_run", args=[job.pk])
    return _("Generation"), reverse("campaign", args=[job.campaign.slug])


def _state(job: ModelJob, waiting: Waiting) -> str:
    wait = waiting.of(job)
    if wait is not None:
        return wait.sentence
    seconds = waiting.remaining(job)
    if job.status == JobStatus.RUNNING and seconds is not None:
        return f"{time_left(seconds)}."
    return str(job.get_status_display())


def coming_pairs(campaign: Campaign, now: datetime) -> str:
    """When a campaign's generation job will have written its pairs, without a word about other campaigns."""
    job = GenerationJob.objects.filter(campaign=campaign, status__in=ACTIVE_STATUSES).first()
    if job is None or job.status == JobStatus.CANCELLING:
        return ""
    waiting = Waiting(None, now=now)
    wait, seconds = waiting.of(job), waiting.remaining(job)
    if wait is None or wait.reason == "start":
        if seconds is None:
            return _("New pairs are being written.")
        return _("New pairs are being written: %(time)s.") % {"time": about(seconds)}
    if wait.reason in ("server", "worker"):
        return _("New pairs are planned, but the model does not answer now. The leads of the campaign see why.")
    if wait.seconds is not None and (wait.place or 1) == 1:
        return _("New pairs will be written when the model is free: %(time)s.") % {"time": about(wait.seconds)}
    return _("New pairs will be written when the model is free.")
