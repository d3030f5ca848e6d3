"""generate writes candidate pairs."""

import json

import pytest

from labeling.models import Campaign
from tests.training.commands import output_of
from tests.training.conftest import QUESTIONS, TINY_SETTINGS
from training.models import GenerationJob, JobStatus, ModelVersion

pytestmark = pytest.mark.django_db


def test_with_here_the_pairs_are_written_at_once(campaign: Campaign, base: ModelVersion) -> None:
    tokens = str(TINY_SETTINGS["max_tokens"])
    written = json.loads(
        output_of(
            "generate", "tiny", "--version", "tiny-base", "--max-tokens", tokens, "--seed", "2", "--here", "--json"
        )
    )
    assert (written["status"], written["done"]) == ("finished", 2 * len(QUESTIONS))
    assert campaign.comparisons.count() + written["dropped"] == len(QUESTIONS)


def test_without_here_or_wait_the_job_is_left_to_a_worker(campaign: Campaign, base: ModelVersion) -> None:
    assert "queued, 0 of 36" in output_of("generate", "tiny")
    assert GenerationJob.objects.get().status == JobStatus.QUEUED
