"""A round whose worker is killed in every phase: nothing happens twice, and nothing is lost."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from labeling.models import Campaign, Event, Judgment, User
from tests.chaos.conftest import StartBeat, Worker, wait_until
from tests.training.conftest import QUESTIONS, judge_all
from training.actions.retraining import save_retraining_rule
from training.actions.round_plans import save_round_plan
from training.models import (
    EvaluationJob,
    GateDecision,
    GenerationItem,
    GenerationJob,
    JobStatus,
    ModelVersion,
    Round,
    Run,
)
from training.tasks import GATE_FORGOTTEN_AFTER

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.serial,
    pytest.mark.slow,
    pytest.mark.long,
    pytest.mark.timeout(1800),
]
LOOKS = ("training.tasks.consider_retraining_rules", "training.tasks.sweep")


def test_a_round_whose_worker_dies_in_every_phase_ends_once(
    campaign: Campaign, base: ModelVersion, alice: User, start_worker: Callable[[], Worker], start_beat: StartBeat
) -> None:
    def is_at(job: type[GenerationJob] | type[Run] | type[EvaluationJob]) -> bool:
        assert not job.objects.filter(status=JobStatus.FAILED).exists()
        return job.objects.filter(status=JobStatus.RUNNING).exists()

    now = timezone.now()
    save_round_plan(campaign=campaign, values={"generates": True}, acting_user=None, now=now)
    save_retraining_rule(
        campaign=campaign, acting_user=None, now=now, min_fresh_verdicts=len(QUESTIONS) // 2, auto_promote=True
    )
    worker = start_worker()
    start_beat(*LOOKS)

    wait_until(lambda: is_at(GenerationJob), "the pairs are being written")
    worker.kill()
    worker = start_worker()
    wait_until(lambda: GenerationJob.objects.filter(status=JobStatus.FINISHED).exists(), "all pairs are written")
    judged = judge_all(campaign, alice, now=timezone.now())

    wait_until(lambda: is_at(Run), "the version is being trained")
    worker.kill()
    worker = start_worker()
    wait_until(lambda: is_at(EvaluationJob), "the version is being evaluated")
    worker.kill()
    worker = start_worker()
    wait_until(lambda: EvaluationJob.objects.filter(status=JobStatus.FINISHED).exists(), "it is evaluated")
    worker.kill()  # about to ask the gate, or just after
    start_worker()
    Run.objects.filter(round__number=1).update(finished_at=timezone.now() - GATE_FORGOTTEN_AFTER - timedelta(seconds=1))
    wait_until(lambda: GateDecision.objects.exists(), "the gate decides")
    time.sleep(3)  # some more looks of the schedule

    first = Round.objects.get(number=1)
    (job,), (run,) = first.generation_jobs.all(), first.runs.all()
    assert (job.attempts, run.attempts) == (2, 2)
    version = ModelVersion.objects.get(run=run)
    assert EvaluationJob.objects.get(version=version).attempts == 2
    decision = GateDecision.objects.get(version=version)
    assert (decision.is_automatic, decision.outcome) == (True, GateDecision.Outcome.HELD)  # on so few held-out pairs
    assert Event.objects.filter(verb="round.opened", after__round=1).count() == 1
    assert Event.objects.filter(verb="gate.held_back", campaign=campaign).count() == 1
    assert Judgment.objects.filter(campaign=campaign).count() == judged == campaign.comparisons.count()
    written = GenerationItem.objects.filter(job=job, status="done").values_list("comparison", flat=True)
    assert len(set(written)) == len(written) == job.total // 2 - job.dropped
