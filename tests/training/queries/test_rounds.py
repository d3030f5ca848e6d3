"""Rounds as they stand: phases, why they wait, and which jobs can be tried again."""

from datetime import timedelta

import pytest

from labeling.models import Campaign, User
from tests.training.actions.conftest import rule_of
from tests.training.actions.test_rounds import SPEC, ended, version_of
from tests.training.conftest import NOW, QUESTIONS, add_written_pairs, judge_all
from training.actions.generation import start_generation
from training.actions.rounds import collecting_round
from training.actions.runs import start_run
from training.actions.schedule import consider_retraining
from training.actions.versions import promote, roll_back
from training.models import Deployment, EvaluationJob, GateDecision, JobStatus, ModelVersion, Round, Run
from training.queries.gates import current_gate
from training.queries.rounds import Phase, view_of

pytestmark = pytest.mark.django_db

ALL = len(QUESTIONS)


def phases(one: Round | None) -> dict[str, Phase]:
    assert one is not None
    return {phase.name: phase for phase in view_of(Round.objects.get(pk=one.pk)).phases}


def states(one: Round | None) -> dict[str, str]:
    return {name: phase.state for name, phase in phases(one).items()}


def decided(version: ModelVersion, outcome: str, reason: str) -> GateDecision:
    assert version.run is not None
    gate = current_gate(version.run.campaign)
    gate.at = NOW
    gate.save()
    return GateDecision.objects.create(
        gate=gate,
        run=version.run,
        version=version,
        outcome=outcome,
        is_automatic=True,
        figures={},
        results=[],
        reason=reason,
        at=NOW,
    )


def test_a_round_goes_from_phase_to_phase(campaign: Campaign, base: ModelVersion, maya: User, alice: User) -> None:
    job = start_generation(campaign=campaign, acting_user=maya, now=NOW, spec=SPEC)
    one = job.round
    found = phases(one)
    assert (found["generate"].state, found["generate"].by) == ("waiting", maya)
    assert found["label"].reason == "Waiting for a lead to start a run: 0 fresh verdicts so far."
    ended(job)
    add_written_pairs(campaign)
    judge_all(campaign, alice)
    assert states(one) == {
        "generate": "done",
        "label": "running",
        "train": "waiting",
        "evaluate": "waiting",
        "gate": "waiting",
        "promote": "waiting",
        "next": "waiting",
    }

    run = start_run(campaign=campaign, acting_user=maya, now=NOW + timedelta(hours=1))
    found = phases(one)
    assert found["label"].reason == f"Judgments: {ALL}. Annotators: 1."
    assert (found["label"].ended_at, found["train"].state) == (run.created_at, "waiting")
    version = version_of(run, "tiny-v1")
    assert (states(one)["train"], states(one)["evaluate"]) == ("done", "waiting")
    EvaluationJob.objects.create(
        version=version, campaign=campaign, status="finished", reason="Better.", created_at=NOW, finished_at=NOW
    )
    assert (phases(one)["evaluate"].state, phases(one)["evaluate"].reason) == ("done", "Better.")
    decision = decided(version, "held_back", "Held back: too few pairs.")
    assert (phases(one)["gate"].state, phases(one)["gate"].reason) == ("failed", "Held back: too few pairs.")
    assert view_of(Round.objects.get()).current.name == "gate"

    promote(version=version, acting_user=maya, now=NOW + timedelta(hours=2), servers_first=False)
    found = phases(one)
    assert (found["promote"].state, found["promote"].by) == ("done", maya)
    following = start_generation(campaign=campaign, acting_user=None, now=NOW, spec=SPEC)
    assert list(phases(one)["next"].things) == [following.round]
    roll_back(acting_user=maya, now=NOW + timedelta(hours=3))
    assert phases(one)["promote"].reason == "It was rolled back: tiny-base serves again."
    Deployment.objects.filter(is_current=True).update(reason="Ties rose.")
    assert phases(one)["promote"].reason == "Ties rose. tiny-base serves again."
    decision.pk, decision.is_automatic, decision.outcome, decision.waiver = None, False, "waived", "We need it."
    decision.save(force_insert=True)
    assert (phases(one)["gate"].state, phases(one)["gate"].reason) == ("done", "Promoted past the gate: We need it.")


def test_a_failed_job_says_why_and_can_be_tried_again(labeled: Campaign) -> None:
    run = start_run(campaign=labeled, acting_user=None, now=NOW)
    Run.objects.filter(pk=run.pk).update(status=JobStatus.FAILED, error="The engine ended.", finished_at=NOW)
    failed = phases(run.round)["train"]
    assert (failed.state, failed.reason, failed.retry) == ("failed", "The engine ended.", run)
    job = start_generation(campaign=labeled, acting_user=None, now=NOW, spec=SPEC)
    ended(job, JobStatus.CANCELLED)
    assert phases(job.round)["generate"].retry == job
    start_run(campaign=labeled, acting_user=None, now=NOW)
    assert phases(run.round)["train"].retry is None  # its round is closed
    assert states(run.round)["evaluate"] == "skipped"


def test_a_round_without_a_generation_says_so(labeled: Campaign) -> None:
    run = start_run(campaign=labeled, acting_user=None, now=NOW)
    assert states(run.round)["generate"] == "skipped"


def test_the_reason_of_the_schedule_is_that_of_the_round(labeled: Campaign) -> None:
    one = collecting_round(campaign=labeled, acting_user=None, now=NOW)
    rule = rule_of(labeled, min_fresh_verdicts=ALL + 1)
    assert phases(one)["label"].reason == "Waiting for the schedule to look."
    consider_retraining(rule=rule, now=NOW)
    assert phases(one)["label"].reason == f"Waiting: {ALL} fresh verdicts of {ALL + 1}."
    rule_of(labeled, min_fresh_verdicts=ALL, cron="0 4 * * *")
    assert phases(one)["label"].reason == f"Waiting for the time of the schedule: {ALL} fresh verdicts of {ALL}."


def test_the_labels_of_a_round_end_with_its_last_run(labeled: Campaign, alice: User) -> None:
    early = start_run(campaign=labeled, acting_user=None, now=NOW)
    ended(early)
    Run.objects.filter(pk=early.pk).update(round=None)  # from before rounds
    labeled.rounds.all().delete()
    add_written_pairs(labeled, per_prompt=2)
    judge_all(labeled, alice, now=NOW + timedelta(minutes=1))
    failed = start_run(campaign=labeled, acting_user=None, now=NOW + timedelta(minutes=2))
    ended(failed, JobStatus.FAILED)
    add_written_pairs(labeled, per_prompt=3)
    judge_all(labeled, alice, now=NOW + timedelta(minutes=3))
    again = start_run(campaign=labeled, acting_user=None, now=NOW + timedelta(minutes=4))
    assert again.round == failed.round
    assert again.round is not None
    assert view_of(again.round).rows.labels[again.round.pk].span == (early.created_at, again.created_at)
    assert phases(again.round)["label"].reason == f"Judgments: {2 * ALL}. Annotators: 1."


def test_a_failure_that_the_round_has_left_behind_is_not_where_it_is(labeled: Campaign) -> None:
    job = start_generation(campaign=labeled, acting_user=None, now=NOW, spec=SPEC)
    ended(job, JobStatus.FAILED)
    run = start_run(campaign=labeled, acting_user=None, now=NOW)
    assert phases(run.round)["generate"].retry is None  # its pairs would be those of the next round
    assert view_of(Round.objects.get()).current.name == "train"
    version = version_of(run, "tiny-v1")
    assert view_of(Round.objects.get()).current.name == "evaluate"
    decided(version, "held_back", "Held back.")
    promote(version=version, acting_user=None, now=NOW, servers_first=False)
    assert view_of(Round.objects.get()).current.name == "promote"
    assert states(run.round)["gate"] == "failed"
