"""The gate fed by evaluations with the real engine: every version against their common base, on the same pairs."""

from typing import Any

import pytest

from labeling.models import Campaign, User
from tests.training.conftest import NOW, QUESTIONS, add_written_pairs
from training import claims
from training.actions.gate import save_gate
from training.actions.retraining import save_retraining_rule
from training.actions.runs import RunSpec, start_run
from training.jobs.gate import run_gate
from training.jobs.run import run_training_job
from training.models import GateDecision, ModelVersion, Run
from training.queries.gates import MEASURED
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


@pytest.fixture(autouse=True)
def _without_samples(settings: Any) -> None:
    """Samples and their drift take processes of their own: test_evaluation.py has them."""
    settings.EVALUATION_PROMPTS = 0


def scheduled(campaign: Campaign, **config: Any) -> Run:
    """A finished run of the schedule, on half of the pairs: the others are held out."""
    spec = RunSpec(config={**LEARNS, **config}, trigger=Run.Trigger.SCHEDULE, test_share=0.5)
    run = start_run(campaign=campaign, acting_user=None, now=NOW, spec=spec)
    done = run_training_job(run.pk)
    assert done is not None
    assert done.error == ""
    return run


def test_good_labels_are_promoted_and_60_flipped_ones_are_held_back(
    campaign: Campaign, base: ModelVersion, maya: User
) -> None:
    add_written_pairs(campaign, preference="first", per_prompt=3)
    save_gate(
        campaign=campaign,
        rules=[{"figure": "pairs", "floor": 20}, {"figure": "accuracy_low", "floor": 0.5}],
        acting_user=None,
        now=NOW,
    )
    save_retraining_rule(campaign=campaign, acting_user=None, now=NOW, auto_promote=True, min_fresh_verdicts=1)
    run = scheduled(campaign)

    decision = run_gate(run.pk)

    assert decision is not None
    assert decision.outcome == "passed", decision.reason
    assert decision.figures["parent_accuracy"] == 0.5  # the base against itself: every pair a tie
    assert decision.figures["accuracy"] > 0.9  # the shorter text always won: easily learned
    version = serving_version()
    assert version.run == run
    assert run_gate(run.pk) is None  # decided once

    # Everybody now prefers the other text. A version that hardly learns stays wrong on every pair, as its parent is:
    # its accuracy did not fall.
    poisoned = _campaign_of_flipped_labels(maya)
    save_retraining_rule(campaign=poisoned, acting_user=None, now=NOW, auto_promote=True, min_fresh_verdicts=1)
    bad_run = scheduled(poisoned, epochs=1, learning_rate=1e-6)
    held = run_gate(bad_run.pk)
    assert held is not None
    assert (held.outcome, held.figures["accuracy"], held.figures["parent_accuracy"]) == ("held_back", 0.0, 0.0)
    outcomes = {result["figure"]: result["outcome"] for result in held.results}
    assert outcomes == {
        "pairs": "failed",
        "accuracy_low": "failed",
        "difference_to_parent_high": "met",
        "kl_per_token": "ignored",
        "people": "ignored",
        "scenarios_lost": "ignored",
    }
    assert held.reason.startswith("Held back: It was measured on only ")
    assert serving_version() == version
    assert claims.sweep(now=NOW).freed == 0


def _campaign_of_flipped_labels(maya: User) -> Campaign:
    from labeling.actions.campaigns import change_campaign_status, create_campaign
    from labeling.actions.prompts import PromptDraft, add_prompts

    made = create_campaign(name="Poison", slug="poison", acting_user=maya, now=NOW)
    prompts = [PromptDraft([{"role": "user", "content": f"{question} again ?"}]) for question in (*QUESTIONS, "b", "c")]
    add_prompts(campaign=made, prompts=prompts, acting_user=maya, now=NOW)
    made = change_campaign_status(campaign=made, status="active", acting_user=maya, now=NOW)
    add_written_pairs(made, preference="second", per_prompt=3)
    return made


def test_a_version_that_cannot_be_measured_is_held_back_with_the_reason(campaign: Campaign, base: ModelVersion) -> None:
    add_written_pairs(campaign, preference="first", per_prompt=3)
    save_retraining_rule(campaign=campaign, acting_user=None, now=NOW, auto_promote=True, min_fresh_verdicts=1)
    run = scheduled(campaign, epochs=1)
    version = ModelVersion.objects.get(run=run)
    ModelVersion.objects.filter(pk=version.pk).update(content_hash="0" * 64)

    decision = run_gate(run.pk)

    assert decision is not None
    assert decision.outcome == "held_back"
    assert "could not be measured" in decision.reason
    assert serving_version() == base


def test_a_run_that_a_person_started_is_measured_and_decided_by_nobody(campaign: Campaign, base: ModelVersion) -> None:
    add_written_pairs(campaign, preference="first", per_prompt=3)
    run = start_run(campaign=campaign, acting_user=None, now=NOW, spec=RunSpec(config={**LEARNS, "epochs": 1}))
    assert run_training_job(run.pk) is not None
    assert run_gate(run.pk) is None
    version = ModelVersion.objects.get(run=run)
    figures = version.evaluations.get(kind=MEASURED).results
    assert (figures["base"], figures["parent"], figures["serving"]) == (base.name, base.name, base.name)
    assert not GateDecision.objects.exists()
    assert run_gate(run.pk) is None
    assert version.evaluations.filter(kind=MEASURED).count() == 1  # it was evaluated once
