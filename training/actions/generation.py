"""Asking for candidate pairs: the job and its items are planned as rows; a worker fills them in."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction

from labeling.access import require_lead
from labeling.actions.events import record
from labeling.errors import Invalid
from labeling.models import Campaign, Prompt, User
from training.access import require_version
from training.actions.jobs import cancel_job, resume_job
from training.errors import JobActive, NoPrompts, WrongSettings
from training.generation import SamplingSettings
from training.models import ACTIVE_STATUSES, Deployment, GenerationItem, GenerationJob, ModelVersion
from training.queries import serving_version
from training.queue import enqueue

BATCH = 1000
MAX_PAIRS_PER_PROMPT = 100
SEED_BITS = 31  # what every server takes as a seed


def start_generation(
    *,
    campaign: Campaign,
    acting_user: User | None,
    now: datetime,
    versions: Sequence[ModelVersion] | None = None,
    strategy: str = Campaign.CandidateStrategy.TWO_SEEDS,
    settings: Mapping[str, Any] | None = None,
    pairs_per_prompt: int = 1,
    seed: int | None = None,
    prompts: Iterable[Prompt] | None = None,
    channel: str = Deployment.DEFAULT_CHANNEL,
    hand_to_worker: bool = True,
) -> GenerationJob:
    """Plans a pair for each prompt and number, and queues the job that writes them.

    versions: one for "two_seeds", two for "two_versions"; None: the version that serves in `channel` (and, for two, its
    parent). settings: fields of SamplingSettings. seed: the same seed, prompts and version give the same completions;
    None: a fresh one, kept in the job. prompts: None for all of the campaign. hand_to_worker: False where the caller
    does the job itself, at once.
    Raises NoPrompts, WrongSettings, NothingServes, JobActive, NotAllowed, NotFound.
    """
    require_lead(acting_user, campaign)
    pair = _pair_of_versions(strategy, versions, channel)
    for version in set(pair):
        require_version(acting_user, version)
    sampling = _checked_settings(strategy, settings or {})
    if not 1 <= pairs_per_prompt <= MAX_PAIRS_PER_PROMPT:
        raise WrongSettings(f"pairs_per_prompt is {pairs_per_prompt}; it lies between 1 and {MAX_PAIRS_PER_PROMPT}.")
    seed = secrets.randbits(SEED_BITS) if seed is None else seed
    try:
        with transaction.atomic():
            job = GenerationJob.objects.create(
                campaign=campaign,
                strategy=strategy,
                settings=sampling.as_dict(),
                pairs_per_prompt=pairs_per_prompt,
                seed=seed,
                channel=channel,
                created_by=acting_user,
                created_at=now,
                enqueued_at=now,
            )
            job.versions.set(set(pair))
            _plan(job, pair, _chosen_prompts(campaign, prompts))
            record(
                "generation.started",
                job,
                acting_user=acting_user,
                now=now,
                campaign=campaign,
                after={"versions": [version.name for version in pair], "strategy": strategy, "total": job.total},
            )
            if hand_to_worker:
                enqueue(job)
    except IntegrityError as error:
        if GenerationJob.objects.filter(campaign=campaign, status__in=ACTIVE_STATUSES).exists():
            raise JobActive("Candidate pairs are being written already: wait for the end or cancel it.") from error
        raise
    return job


def _pair_of_versions(
    strategy: str, versions: Sequence[ModelVersion] | None, channel: str
) -> tuple[ModelVersion, ModelVersion]:
    if strategy not in Campaign.CandidateStrategy.values:
        raise WrongSettings(f"The strategy {strategy!r} is not known: {', '.join(Campaign.CandidateStrategy.values)}.")
    two = strategy == Campaign.CandidateStrategy.TWO_VERSIONS
    if versions is None:
        serving = serving_version(channel)
        if two and serving.parent is None:
            raise WrongSettings(f"{serving.name} has no parent to be compared with: name two versions.")
        versions = [serving, serving.parent] if two and serving.parent else [serving]
    if len(versions) != (2 if two else 1):
        raise WrongSettings(f"{strategy} wants {'two versions' if two else 'one version'}, not {len(versions)}.")
    if two and versions[0].pk == versions[1].pk:
        raise WrongSettings("two_versions wants two different ones.")
    return versions[0], versions[-1]


def _checked_settings(strategy: str, settings: Mapping[str, Any]) -> SamplingSettings:
    try:
        sampling = SamplingSettings(**settings)
    except (TypeError, ValueError) as error:
        raise WrongSettings(f"These sampling settings cannot be used: {error}.") from error
    if strategy == Campaign.CandidateStrategy.TWO_SEEDS and sampling.temperature == 0:
        raise WrongSettings("At temperature 0 two seeds write the same text: take a temperature above 0.")
    return sampling


def _chosen_prompts(campaign: Campaign, prompts: Iterable[Prompt] | None) -> list[tuple[int, str]]:
    """The (id, content hash) of each prompt in a stable order, one's own campaign's only."""
    if prompts is None:
        return list(Prompt.objects.filter(campaign=campaign).order_by("pk").values_list("pk", "messages_hash"))
    chosen = {prompt.pk: prompt for prompt in prompts}
    if any(prompt.campaign_id != campaign.pk for prompt in chosen.values()):
        raise Invalid("A prompt of another campaign cannot be used here.")
    return sorted((prompt.pk, prompt.messages_hash) for prompt in chosen.values())


def _plan(job: GenerationJob, pair: tuple[ModelVersion, ModelVersion], prompts: list[tuple[int, str]]) -> None:
    if not prompts:
        raise NoPrompts("The campaign has no prompts yet: add some, then generate.")
    # Number by number, so that every prompt has its first pair before any has its second.
    items = (
        GenerationItem(
            job=job,
            prompt_id=prompt,
            number=number,
            version_first=pair[0],
            version_second=pair[1],
            seed_first=derive_seed(job.seed, content, number, "first"),
            seed_second=derive_seed(job.seed, content, number, "second"),
        )
        for number in range(job.pairs_per_prompt)
        for prompt, content in prompts
    )
    GenerationItem.objects.bulk_create(items, batch_size=BATCH)
    job.total = 2 * len(prompts) * job.pairs_per_prompt
    job.save(update_fields=["total"])


def derive_seed(seed: int, prompt_hash: str, number: int, side: str) -> int:
    """The seed of one completion: of the job's seed, the prompt's content and its place, and of nothing else."""
    digest = sha256(f"{seed}:{prompt_hash}:{number}:{side}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - SEED_BITS)


def cancel_generation(*, job: GenerationJob, acting_user: User | None, now: datetime) -> GenerationJob:
    """Stops writing; what is written stays. See `cancel_job`."""
    return cancel_job(job=job, acting_user=acting_user, now=now)


def resume_generation(*, job: GenerationJob, acting_user: User | None, now: datetime) -> GenerationJob:
    """Goes on with a job that failed or was cancelled. See `resume_job`."""
    return resume_job(job=job, acting_user=acting_user, now=now)
