"""The gate measured by the real engine: both versions against their common base, on the same held-out pairs."""

import pytest

from labeling.models import Campaign
from tests.training.conftest import NOW, add_written_pairs
from training import claims
from training.actions.retraining import save_retraining_rule
from training.actions.runs import RunSpec, start_run
from training.jobs.evaluation import evaluate_version, measure_for_gate, run_gate
from training.jobs.run import run_training_job
from training.models import ModelVersion, Run
from training.queries.serving import serving_version

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


def test_a_scheduled_run_that_learned_is_promoted_and_its_child_is_measured_against_the_same_base(
    campaign: Campaign, base: ModelVersion
) -> None:
    add_written_pairs(campaign, preference="first", per_prompt=3)
    save_retraining_rule(campaign=campaign, acting_user=None, now=NOW, auto_promote=True, min_fresh_verdicts=1)
    run = start_run(
        campaign=campaign, acting_user=None, now=NOW, spec=RunSpec(config=LEARNS, trigger=Run.Trigger.SCHEDULE)
    )
    done = run_training_job(run.pk)
    assert done is not None
    assert done.error == ""

    gate = run_gate(run.pk)

    assert gate is not None
    assert gate["promoted"], gate
    assert gate["parent_accuracy"] == 0.5  # the base against itself: every pair a tie
    assert gate["accuracy"] > 0.9  # the shorter text always won: easily learned
    version = serving_version()
    assert version.run == run
    assert run_gate(run.pk) is None  # decided once

    # Against its own parent the version has the figures of its run; against itself every pair is a tie.
    figures = evaluate_version(version).results
    assert figures["reward_accuracy"] == version.metrics["reward_accuracy"]
    itself = evaluate_version(version, reference=version).results
    assert (itself["ties"], itself["margin"]) == (itself["pairs"], 0.0)
    assert itself["reward_accuracy"] == 0.5

    # A child that is the very same adapter is exactly as good as its parent, measured like this.
    child = ModelVersion(
        name="child", base_dir=version.base_dir, adapter_dir=version.adapter_dir, content_hash=version.content_hash
    )
    measured = measure_for_gate(Run(parent=version, snapshot=run.snapshot), child)
    assert measured.accuracy == measured.parent_accuracy == gate["accuracy"]
    assert measured.did_not_fall(0.0)
    assert claims.sweep(now=NOW).freed == 0
