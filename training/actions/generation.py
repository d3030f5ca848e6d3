"""Starting, cancelling and resuming generation. Jobs and items are planned as rows; a worker fills them in."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy

from labeling.access import require_may_change
from labeling.events.record import record
from labeling.models import Campaign, Prompt, User
from training.access import require_no_blind_test, require_version
from training.actions.jobs import cancel_job, resume_job
from training.actions.planning import SEED_BITS, GenerationSpec, Plan, make_plan, plan_items
from training.actions.rounds import collecting_round
from training.claims import enqueue
from training.errors import JobActive
from training.models import ACTIVE_STATUSES, CandidateStrategy, GenerationJob, ModelVersion
from training.queries.held_prompts import not_held
from training.queries.rehearsals import channel_of
from training.queries.round_costs import plan_of
from training.queries.watching import canary_version
from training.versions import retention

DEFAULT_SPEC = GenerationSpec()
ONE_VERSION = (CandidateStrategy.TWO_SEEDS, CandidateStrategy.TWO_TEMPERATURES, CandidateStrategy.TWO_PROMPTS)
"""The strategies in which a single version writes both texts."""
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

    prompts: None for all of the campaign but those that are held for its gates by people. hand_to_worker: False where
    the caller runs the job itself. Raises NoPrompts, WrongSettings, NothingServes, JobActive, VersionDamaged,
    ForItsGateOnly, NotAllowed, NotFound.
    """
    require_may_change(acting_user, campaign)
    require_no_blind_test(campaign)
    prompts = not_held(campaign) if prompts is None else prompts
    job = GenerationJob(campaign=campaign, created_by=acting_user)
    return _start(job, spec, prompts, now=now, hand_to_worker=hand_to_worker)


def write_blind_texts(
    *,
    blind_test: Campaign,
    versions: Sequence[ModelVersion],
    settings: Mapping[str, Any],
    hides_versions: bool,
    acting_user: User | None,
    now: datetime,
    hand_to_worker: bool = True,
) -> GenerationJob:
    """Queues the job that writes a blind test's pairs: one text of each of two versions for every prompt.

    hides_versions: whether the texts are stored without the versions' names. Raises as `start_generation`.
    """
    require_may_change(acting_user, blind_test)
    spec = GenerationSpec(strategy=CandidateStrategy.TWO_VERSIONS, versions=versions, settings=settings)
    job = GenerationJob(campaign=blind_test, created_by=acting_user, hides_versions=hides_versions)
    return _start(job, spec, None, now=now, hand_to_worker=hand_to_worker)


def _start(
    job: GenerationJob, spec: GenerationSpec, prompts: Iterable[Prompt] | None, *, now: datetime, hand_to_worker: bool
) -> GenerationJob:
    campaign, acting_user = job.campaign, job.created_by
    channel = channel_of(campaign)
    plan = _with_canary(make_plan(spec, channel), spec, campaign)
    for version in plan.versions:
        require_version(acting_user, version)
    try:
        with transaction.atomic():
            retention.hold(*plan.versions)
            if not campaign.is_blind_test:
                job.round = collecting_round(campaign=campaign, acting_user=acting_user, now=now)
            job.channel = channel
            _fill_in(job, spec, plan, now)
            plan_items(job, plan, prompts)
            after = {
                "versions": list(dict.fromkeys((plan.first.name, plan.second.name))),
                "strategy": plan.strategy,
                "total": job.total,
                **({"canary": plan.canary.name} if plan.canary else {}),
            }
            record("generation.started", job, acting_user=acting_user, now=now, campaign=campaign, after=after)
            if hand_to_worker:
                enqueue(job)
    except IntegrityError as error:
        if GenerationJob.objects.filter(campaign=campaign, status__in=ACTIVE_STATUSES).exists():
            raise JobActive(str(ALREADY_WRITING)) from error
        raise
    return job


def _with_canary(plan: Plan, spec: GenerationSpec, campaign: Campaign) -> Plan:
    """The plan with the share of the campaign's candidate, where the version that serves was to write alone."""
    if spec.versions is not None or campaign.is_blind_test or plan.strategy not in ONE_VERSION:
        return plan
    share = plan_of(campaign).canary
    candidate = canary_version(campaign) if share else None
    return plan if candidate is None else replace(plan, canary=candidate, canary_share=share)


def _fill_in(job: GenerationJob, spec: GenerationSpec, plan: Plan, now: datetime) -> None:
    """Saves the job with its plan."""
    job.strategy = plan.strategy
    job.settings, job.second_settings = plan.settings.as_dict(), plan.second_settings
    job.candidates = plan.candidates
    job.reward_version, job.reward_model = plan.reward_version, plan.reward_model
    job.pairs_per_prompt = plan.pairs_per_prompt
    job.seed = secrets.randbits(SEED_BITS) if spec.seed is None else spec.seed
    job.created_at = job.enqueued_at = now
    job.save(force_insert=True)
    job.versions.set({plan.first, plan.second} | ({plan.canary} if plan.canary else set()))


def cancel_generation(*, job: GenerationJob, acting_user: User | None, now: datetime) -> GenerationJob:
    """Stops writing; written pairs stay. See `cancel_job`."""
    return cancel_job(job=job, acting_user=acting_user, now=now)


def resume_generation(*, job: GenerationJob, acting_user: User | None, now: datetime) -> GenerationJob:
    """Resumes a job that failed or was cancelled. See `resume_job`."""
    return resume_job(job=job, acting_user=acting_user, now=now)
