"""Training and everything after it by commands."""

import json

import pytest
from django.core.management import CommandError

from labeling.models import Campaign
from tests.training.commands import output_of
from tests.training.conftest import QUESTIONS, TINY_SETTINGS, add_written_pairs
from training.models import Evaluation, GenerationJob, JobStatus, ModelVersion, Run

pytestmark = pytest.mark.django_db

QUICK = ["--set", "epochs=1", "--set", "dtype=float32", "--set", "lora_rank=2", "--set", "threads=1"]


def test_generate_train_evaluate_promote_and_rollback_one_after_the_other(
    campaign: Campaign, base: ModelVersion
) -> None:
    tokens = str(TINY_SETTINGS["max_tokens"])
    written = json.loads(
        output_of(
            "generate", "tiny", "--version", "tiny-base", "--max-tokens", tokens, "--seed", "2", "--here", "--json"
        )
    )
    assert (written["status"], written["done"]) == ("finished", 2 * len(QUESTIONS))
    assert campaign.comparisons.count() + written["dropped"] == len(QUESTIONS)

    add_written_pairs(campaign, preference="first")
    trained = json.loads(output_of("train", "tiny", *QUICK, "--here", "--json"))
    assert (trained["status"], trained["parent"], trained["version"]) == ("finished", "tiny-base", "tiny-v1")
    assert trained["metrics"]["pairs"] > 0

    evaluated = json.loads(output_of("evaluate", "tiny-v1", "--json"))
    assert evaluated["against"] == "tiny-base"
    assert evaluated["reward_accuracy"] == trained["metrics"]["reward_accuracy"]
    assert Evaluation.objects.get().kind == "held_out"

    assert output_of("promote", "tiny-v1") == "tiny-v1 serves."
    assert output_of("promote", "tiny-v1") == "tiny-v1 serves already: nothing changed."
    assert json.loads(output_of("rollback", "--json")) == {"serving": "tiny-base"}
    with pytest.raises(CommandError, match="none before it"):
        output_of("rollback")


def test_without_here_or_wait_the_job_is_left_to_a_worker(campaign: Campaign, base: ModelVersion) -> None:
    add_written_pairs(campaign, preference="first")

    assert "queued, 0 of 36" in output_of("generate", "tiny")
    assert json.loads(output_of("train", "tiny", "--json"))["version"] is None
    assert GenerationJob.objects.get().status == Run.objects.get().status == JobStatus.QUEUED
