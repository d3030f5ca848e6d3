"""The cost of a round: its people, its machines, and money by the rates."""

from datetime import timedelta
from decimal import Decimal

import pytest

from labeling.models import Campaign, User
from tests.training.actions.test_rounds import SPEC, version_of
from tests.training.conftest import NOW, QUESTIONS, add_written_pairs, judge_all
from tests.training.gates_by_people import next_vote, vote, voting_gate
from training.actions.generation import start_generation
from training.actions.round_plans import save_round_plan
from training.actions.runs import start_run
from training.models import EvaluationJob, GenerationJob, ModelVersion, Round, RoundPlan, Run, RunMetric
from training.queries.round_costs import Cost, cost_of_round, plan_of
from training.queries.rounds import view_of

pytestmark = pytest.mark.django_db

ALL = len(QUESTIONS)
MINUTE = timedelta(minutes=1)


def cost(one: Round | None, plan: RoundPlan | None = None) -> Cost:
    assert one is not None
    return cost_of_round(one, view_of(one).labels, plan or plan_of(one.campaign), now=NOW + timedelta(days=1))


def worked(job: GenerationJob | Run | EvaluationJob, minutes: int) -> None:
    times = {"enqueued_at": NOW, "started_at": NOW, "finished_at": NOW + minutes * MINUTE}
    type(job).objects.filter(pk=job.pk).update(status="finished", **times)


def test_a_round_costs_the_time_of_its_own_labels_and_jobs(
    campaign: Campaign, base: ModelVersion, alice: User, maya: User
) -> None:
    job = start_generation(campaign=campaign, acting_user=None, now=NOW, spec=SPEC)
    worked(job, 5)
    GenerationJob.objects.filter(pk=job.pk).update(tokens_written=1234)
    add_written_pairs(campaign)
    judge_all(campaign, alice, seconds=30)
    run = start_run(campaign=campaign, acting_user=None, now=NOW + MINUTE)
    version = version_of(run, "tiny-v1")
    worked(run, 7)
    RunMetric.objects.create(run=run, event="progress", step=1, values={"pairs": 8})
    RunMetric.objects.create(run=run, event="progress", step=2, values={"pairs": 6})
    RunMetric.objects.create(run=run, event="evaluated", step=2, values={"pairs": 100})
    worked(EvaluationJob.objects.create(version=version, campaign=campaign, created_at=NOW), 3)
    add_written_pairs(campaign, per_prompt=2)
    judge_all(campaign, alice, seconds=60, now=NOW + 2 * MINUTE)  # the next round's

    found = cost(run.round)
    assert found.human_seconds == 30 * ALL
    assert (found.machine_seconds, found.tokens_generated, found.pairs_learned) == (15 * 60, 1234, 14)
    assert found.money is None

    rates = {"human_hour": Decimal(20), "machine_hour": Decimal(4), "currency": "EUR"}
    plan = save_round_plan(campaign=campaign, values=rates, acting_user=maya, now=NOW)
    assert (cost(run.round, plan).money, cost(run.round, plan).currency) == (Decimal("4.00"), "EUR")  # 9 and 15 minutes
    following = start_generation(campaign=campaign, acting_user=None, now=NOW, spec=SPEC)
    assert cost(following.round).human_seconds == 60 * ALL


def test_a_job_under_way_costs_what_it_took_so_far(campaign: Campaign, base: ModelVersion) -> None:
    job = start_generation(campaign=campaign, acting_user=None, now=NOW, spec=SPEC)
    GenerationJob.objects.filter(pk=job.pk).update(status="running", started_at=NOW)
    assert cost(job.round).machine_seconds == 24 * 3600


def test_the_days_before_a_job_was_resumed_cost_nothing(campaign: Campaign, base: ModelVersion) -> None:
    job = start_generation(campaign=campaign, acting_user=None, now=NOW, spec=SPEC)
    later = NOW + timedelta(hours=20)
    GenerationJob.objects.filter(pk=job.pk).update(started_at=NOW, enqueued_at=later)
    assert cost(job.round).machine_seconds == 0  # it is queued
    GenerationJob.objects.filter(pk=job.pk).update(status="finished", finished_at=later + 2 * MINUTE)
    assert cost(job.round).machine_seconds == 2 * 60


def test_the_votes_of_a_gate_by_people_belong_to_its_candidates_round(
    labeled: Campaign, base: ModelVersion, alice: User
) -> None:
    run = start_run(campaign=labeled, acting_user=None, now=NOW)
    gate = voting_gate(labeled, version_of(run, "tiny-v1"), base)
    before = cost(run.round).untimed
    assignment = next_vote(gate, alice)
    assert assignment is not None
    vote(gate, assignment, "candidate")
    assert cost(run.round).untimed == before + 1
