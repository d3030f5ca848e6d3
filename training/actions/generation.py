"""Starting, cancelling and resuming generation. Jobs and items are planned as rows; a worker fills them in."""

import secrets
from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy

from labeling.access import require_lead
from labeling.events.record import record
from labeling.models import Campaign, Prompt, User
from training.access import require_version
from training.actions.jobs import cancel_job, resume_job
from training.actions.planning import SEED_BITS, GenerationSpec, Plan, make_plan, plan_items
from training.claims import enqueue
from training.errors import JobActive
from training.models import ACTIVE_STATUSES, GenerationJob
from training.versions import retention

DEFAULT_SPEC = GenerationSpec()
ALREADY_WRITING = gettext_lazy("Candidate pairs are already being written: wait until the job ends, or cancel it.")


def start_generation(
    *,
    campaign: Campaign,
    acting_user: User | None,
    now: datetime,
    spec: GenerationSpec = DEFAULT_SPEC,
    prompts: Iterable[Prompt] | None = None,
    hand_to_worker: bool = True,
) -> GenerationJob:
    """Plans the pairs of each prompt, and queues the job that writes them.

    prompts: None for all of the campaign. hand_to_worker: False where the caller runs the job itself.
    Raises NoPrompts, WrongSettings, NothingServes, JobActive, VersionDamaged, NotAllowed, NotFound.
    """
    require_lead(acting_user, campaign)
    plan = make_plan(spec)
    for version in plan.versions:
        require_version(acting_user, version)
    try:
        with transaction.atomic():
            retention.hold(*plan.versions)
            job = _create(campaign, spec, plan, acting_user, now)
            plan_items(job, plan, prompts)
            after = {
                "versions": list(dict.fromkeys((plan.first.name, plan.second.name))),
                "strategy": plan.strategy,
                "total": job.total,
            }
            record("generation.started", job, acting_user=acting_user, now=now, campaign=campaign, after=after)
            if hand_to_worker:
                enqueue(job)
    except IntegrityError as error:
        if GenerationJob.objects.filter(campaign=campaign, status__in=ACTIVE_STATUSES).exists():
            raise JobActive(str(ALREADY_WRITING)) from error
        raise
    return job


def _create(
    campaign: Campaign, spec: GenerationSpec, plan: Plan, acting_user: User | None, now: datetime
) -> GenerationJob:
    job = GenerationJob.objects.create(
        campaign=campaign,
        strategy=plan.strategy,
        settings=plan.settings.as_dict(),
        second_settings=plan.second_settings,
        candidates=plan.candidates,
        reward_version=plan.reward_version,
        reward_model=plan.reward_model,
        pairs_per_prompt=plan.pairs_per_prompt,
        seed=secrets.randbits(SEED_BITS) if spec.seed is None else spec.seed,
        channel=spec.channel,
        created_by=acting_user,
        created_at=now,
        enqueued_at=now,
    )
    job.versions.set({plan.first, plan.second})
    return job


def cancel_generation(*, job: GenerationJob, acting_user: User | None, now: datetime) -> GenerationJob:
    """Stops writing; written pairs stay. See `cancel_job`."""
    return cancel_job(job=job, acting_user=acting_user, now=now)


def resume_generation(*, job: GenerationJob, acting_user: User | None, now: datetime) -> GenerationJob:
    """Resumes a job that failed or was cancelled. See `resume_job`."""
    return resume_job(job=job, acting_user=acting_user, now=now)
