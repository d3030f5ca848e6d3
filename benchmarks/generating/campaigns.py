"""Campaigns with prompts, registered versions, and complete generation jobs. Needs Django and a database."""

import gc
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil


def make_tables() -> None:
    """Creates the tables in an empty database."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def version_named(name: str, folder: Path) -> Any:
    """A registered base version; its model is not loaded here."""
    from django.utils import timezone

    from training.actions.versions import register_base_version

    return register_base_version(name=name, directory=folder, acting_user=None, now=timezone.now())


def campaign_with(prompts: Sequence[list[dict[str, str]]], name: str) -> Any:
    """A new campaign, in which no pair exists yet."""
    from django.utils import timezone

    from labeling.actions.campaigns import create_campaign
    from labeling.actions.people import create_user
    from labeling.actions.prompts import PromptDraft, add_prompts
    from labeling.models import User

    now = timezone.now()
    lead = User.objects.filter(username="lead").first()
    if lead is None:
        lead = create_user(username="lead", role="lead", acting_user=None, now=now)[0]
    campaign = create_campaign(name=name, acting_user=lead, now=now)
    drafts = [PromptDraft(messages) for messages in prompts]  # type: ignore[arg-type]
    add_prompts(campaign=campaign, prompts=drafts, acting_user=lead, now=now)
    return campaign


def do_job(campaign: Any, version: Any, *, settings: dict[str, Any], seed: int) -> dict[str, Any]:
    """Plans a job and runs it in this process, like a worker; measures the seconds from the claim to the end."""
    from django.utils import timezone

    from training.actions.generation import start_generation
    from training.actions.planning import GenerationSpec
    from training.jobs.generation import run_generation_job

    job = start_generation(
        campaign=campaign,
        acting_user=None,
        now=timezone.now(),
        spec=GenerationSpec(versions=[version], settings=settings, seed=seed),
        hand_to_worker=False,
    )
    started = time.perf_counter()
    done = run_generation_job(job.pk)
    seconds = time.perf_counter() - started
    assert done is not None
    if done.status != "finished" or done.failed:
        raise RuntimeError(f"{done.status}: {done.failed} failed. {done.error}")
    return {
        "seconds": seconds,
        "completions": done.done,
        "tokens": done.tokens_written,
        "dropped": done.dropped,
        "job": done,
    }


def resident_mb() -> float:
    """Resident memory of this process, in MB."""
    gc.collect()
    return float(psutil.Process().memory_info().rss / 1e6)
