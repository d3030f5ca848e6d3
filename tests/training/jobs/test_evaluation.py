"""Versions measured by the real engine on held-out pairs."""

import pytest

from labeling.models import Campaign
from tests.training.conftest import NOW, add_written_pairs
from training.actions.runs import RunSpec, start_run
from training.jobs.evaluation import evaluate_version
from training.jobs.run import run_training_job
from training.models import ModelVersion

pytestmark = pytest.mark.django_db

LEARNS = {
    "epochs": 8,
    "pairs_per_step": 4,
    "learning_rate": 0.01,
    "dtype": "float32",
    "lora_rank": 4,
    "threads": 1,
    "checkpoint_every": 0,
}


def test_against_its_parent_a_version_has_its_runs_figures_and_against_itself_ties(
    campaign: Campaign, base: ModelVersion
) -> None:
    add_written_pairs(campaign, preference="first", per_prompt=3)
    run = start_run(campaign=campaign, acting_user=None, now=NOW, spec=RunSpec(config={**LEARNS, "epochs": 1}))
    assert run_training_job(run.pk) is not None
    version = ModelVersion.objects.get(run=run)
    figures = evaluate_version(version).results
    assert figures["reward_accuracy"] == version.metrics["reward_accuracy"]
    itself = evaluate_version(version, reference=version).results
    assert (itself["ties"], itself["margin"]) == (itself["pairs"], 0.0)
    assert itself["reward_accuracy"] == 0.5
