"""Asking for candidate pairs: the job and its items are planned as rows; a worker fills them in."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from labeling.access import require_lead
from labeling.events.record import record
from labeling.models import Campaign, Prompt, User
from training.access import require_version
from training.actions.jobs import cancel_job, resume_job
from training.actions.planning import SEED_BITS, Plan, make_plan, plan_items
from training.claims import enqueue
from training.errors import JobActive
from training.models import ACTIVE_STATUSES, CandidateStrategy, Deployment, GenerationJob, ModelVersion
from training.versions import retention


def start_generation(
    *,
    campaign: Campaign,
    acting_user: User | None,
    now: datetime,
    versions: Sequence[ModelVersion] | None = None,
    strategy: str = CandidateStrategy.TWO_SEEDS,
    settings: Mapping[str, Any] | None = None,
    second_settings: Mapping[str, Any] | None = None,
    candidates: int | None = None,
    reward_version: ModelVersion | None = None,
    reward_model: str = "",
    pairs_per_prompt: int = 1,
    seed: int | None = None,
    prompts: Iterable[Prompt] | None = None,
    channel: str = Deployment.DEFAULT_CHANNEL,
    hand_to_worker: bool = True,
) -> GenerationJob:
    """Plans a pair for each prompt and number, and queues the job that writes them.

    versions: two for "two_versions", else one; None: the version that serves in `channel` (and, for two, its parent).
    settings: fields of SamplingSettings. second_settings: {"temperature": ...} for "two_temperatures",
    {"system_prompt": ...} for "two_prompts". candidates, reward_version or reward_model (a folder's name in
    var/reward_models): for "best_worst"; the version that writes judges by its own implicit reward unless told
    otherwise. seed: the same seed, prompts and version give the same completions; None: a fresh one, kept in the job.
    prompts: None for all of the campaign. hand_to_worker: False where the caller does the job itself, at once.
    Raises NoPrompts, WrongSettings, NothingServes, JobActive, VersionDamaged, NotAllowed, NotFound.
    """
    require_lead(acting_user, campaign)
    plan = make_plan(
        strategy=strategy,
        versions=versions,
        channel=channel,
        settings=settings or {},
        second_settings=second_settings or {},
        candidates=candidates,
        reward_version=reward_version,
        reward_model=reward_model,
        pairs_per_prompt=pairs_per_prompt,
    )
    for version in plan.versions:
        require_version(acting_user, version)
    seed = secrets.randbits(SEED_BITS) if seed is None else seed
    try:
        with transaction.atomic():
            retention.hold(*plan.versions)
            job = _create(campaign, plan, seed, channel, acting_user, now)
            plan_items(job, plan, prompts)
            after = {"versions": [plan.first.name, plan.second.name], "strategy": strategy, "total": job.total}
            record("generation.started", job, acting_user=acting_user, now=now, campaign=campaign, after=after)
            if hand_to_worker:
                enqueue(job)
    except IntegrityError as error:
        if GenerationJob.objects.filter(campaign=campaign, status__in=ACTIVE_STATUSES).exists():
            raise JobActive(_("Candidate pairs are being written already: wait for the end or cancel it.")) from error
        raise
    return job


def _create(
    campaign: Campaign, plan: Plan, seed: int, channel: str, acting_user: User | None, now: datetime
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
        seed=seed,
        channel=channel,
        created_by=acting_user,
        created_at=now,
        enqueued_at=now,
    )
    job.versions.set({plan.first, plan.second})
    return job


def cancel_generation(*, job: GenerationJob, acting_user: User | None, now: datetime) -> GenerationJob:
    """Stops writing; what is written stays. See `cancel_job`."""
    return cancel_job(job=job, acting_user=acting_user, now=now)


def resume_generation(*, job: GenerationJob, acting_user: User | None, now: datetime) -> GenerationJob:
    """Goes on with a job that failed or was cancelled. See `resume_job`."""
    return resume_job(job=job, acting_user=acting_user, now=now)
