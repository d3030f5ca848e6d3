"""evaluate starts the evaluation of a version, or runs it here, and prints its finding."""

import json

import pytest
from django.core.management import CommandError

from labeling.models import Campaign
from tests.training.commands import QUICK, output_of
from tests.training.conftest import NOW, add_written_pairs
from training.actions.snapshots import take_snapshot
from training.models import EvaluationJob, ModelVersion

pytestmark = pytest.mark.django_db


def test_a_version_is_evaluated_here_on_the_held_out_pairs_of_its_run(campaign: Campaign, base: ModelVersion) -> None:
    add_written_pairs(campaign, preference="first")
    trained = json.loads(output_of("train", "tiny", *QUICK, "--here", "--json"))
    evaluated = json.loads(output_of("evaluate", "tiny-v1", "--here", "--json", "--prompts", "0"))
    assert (evaluated["status"], evaluated["finding"]) == ("finished", "unknown")
    assert evaluated["sentence"].startswith("Not known: there are only ")
    figures = evaluated["report"]["sections"][0]["figures"]
    assert figures["accuracy"] == trained["metrics"]["reward_accuracy"]
    assert evaluated["report"]["compared"]["name"] == "tiny-base"


def test_without_here_it_waits_for_a_worker(campaign: Campaign, base: ModelVersion) -> None:
    add_written_pairs(campaign, preference="first")
    take_snapshot(campaign=campaign, acting_user=None, now=NOW)
    assert output_of("evaluate", "tiny-base", "--campaign", "tiny").startswith("evaluation ")
    job = EvaluationJob.objects.get()
    assert (job.status, job.campaign, job.version) == ("queued", campaign, base)


def test_a_campaign_without_a_snapshot_has_no_held_out_pairs(campaign: Campaign, base: ModelVersion) -> None:
    with pytest.raises(CommandError, match="tiny has no snapshot yet"):
        output_of("evaluate", "tiny-base", "--campaign", "tiny")
    with pytest.raises(CommandError, match="Name a version"):
        output_of("evaluate")
    with pytest.raises(CommandError, match="comes from no training run"):
        output_of("evaluate", "tiny-base")
