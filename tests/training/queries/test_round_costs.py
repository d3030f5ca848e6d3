"""The cost of a round: its people, its machines, and money by the rates."""

from datetime import timedelta
from decimal import Decimal

import pytest

from labeling.models import Campaign, User
from tests.training.actions.test_rounds import SPEC, version_of
from tests.training.conftest import NOW, QUESTIONS, add_written_pairs, judge_all
from tests.training.gates_by_people import next_vote, vote, voting_gate
from training import claims
from training.actions.generation import start_generation
from training.actions.jobs import resume_job
from training.actions.round_plans import save_round_plan
from training.actions.runs import start_run
from training.models import EvaluationJob, GenerationJob, JobStatus, ModelVersion, Round, RoundPlan, Run, RunMetric
from training.queries.round_costs import Cost, cost_of_round, plan_of, spent
from training.queries.rounds import view_of

pytestmark = pytest.mark.django_db

ALL = len(QUESTIONS)
MINUTE = timedelta(minutes=1)


def cost(one: Round | None, plan: RoundPlan | None = None) -> Cost:
    assert one is not None
    return cost_of_round(one, view_of(one).rows, plan or plan_of(one.campaign), now=NOW + timedelta(days=1))


def test_a_claim_that_a_worker_of_an_earlier_version_left_ends_with_its_job(campaign: Campaign) -> None:
    job = GenerationJob.objects.create(campaign=campaign, created_at=NOW)
    times = {"started_at": NOW, "claimed_at": NOW, "finished_at": NOW + 5 * MINUTE}
    GenerationJob.objects.filter(pk=job.pk).update(status="finished", **times)
    plan = RoundPlan.objects.create(campaign=campaign)
    assert spent(plan, None, now=NOW + 600 * MINUTE).machine_seconds == 300


def worked(job: GenerationJob | Run | EvaluationJob, minutes: int) -> None:
    times = {"started_at": NOW, "finished_at": NOW + minutes * MINUTE, "worked_seconds": 60 * minutes}
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
    RunMetric.objects.create(run=run, event="progress", step=1, values={"pairs": 8, "tokens": 900})
    RunMetric.objects.create(run=run, event="progress", step=2, values={"pairs": 6, "tokens": 700})
    RunMetric.objects.create(run=run, event="evaluated", step=2, values={"pairs": 100})
    worked(EvaluationJob.objects.create(version=version, campaign=campaign, created_at=NOW), 3)
    add_written_pairs(campaign, per_prompt=2)
    judge_all(campaign, alice, seconds=60, now=NOW + 2 * MINUTE)  # the next round's

    found = cost(run.round)
    assert found.human_seconds == 30 * ALL
    assert (found.machine_seconds, found.tokens_generated, found.pairs_learned) == (15 * 60, 1234, 14)
    assert found.tokens_learned == 1600
    assert found.money is None

    rates = {"human_hour": Decimal(20), "machine_hour": Decimal(4), "currency": "EUR"}
    plan = save_round_plan(campaign=campaign, values=rates, acting_user=maya, now=NOW)
    assert (cost(run.round, plan).money, cost(run.round, plan).currency) == (Decimal("4.00"), "EUR")  # 9 and 15 minutes
    following = start_generation(campaign=campaign, acting_user=None, now=NOW, spec=SPEC)
    assert cost(following.round).human_seconds == 60 * ALL


def test_a_job_under_way_costs_what_it_took_so_far(campaign: Campaign, base: ModelVersion) -> None:
    job = start_generation(campaign=campaign, acting_user=None, now=NOW, spec=SPEC)
    GenerationJob.objects.filter(pk=job.pk).update(status="running", started_at=NOW, claimed_at=NOW)
    assert cost(job.round).machine_seconds == 24 * 3600


def test_every_claim_of_a_job_costs_and_the_days_in_between_do_not(campaign: Campaign, base: ModelVersion) -> None:
    job = start_generation(campaign=campaign, acting_user=None, now=NOW, spec=SPEC)
    first = claims.claim(GenerationJob, job.pk, now=NOW)
    assert first is not None
    first.finish(JobStatus.FAILED, now=NOW + 2 * MINUTE)
    job.refresh_from_db()
    later = NOW + timedelta(hours=20)
    resume_job(job=job, acting_user=None, now=later)
    assert cost(job.round).machine_seconds == 2 * 60  # it is queued
    second = claims.claim(GenerationJob, job.pk, now=later + MINUTE)
    assert second is not None
    second.beat(later + 4 * MINUTE)
    claims.sweep(now=later + 30 * MINUTE)  # its worker is silent: it worked until its last heartbeat
    job.refresh_from_db()
    assert (job.status, job.worker_deaths) == ("queued", 1)
    assert cost(job.round).machine_seconds == (2 + 3) * 60
    third = claims.claim(GenerationJob, job.pk, now=later + 31 * MINUTE)
    assert third is not None
    third.finish(JobStatus.FINISHED, now=later + 32 * MINUTE)
    assert cost(job.round).machine_seconds == (2 + 3 + 1) * 60


def test_a_month_has_the_work_of_its_own_days(campaign: Campaign, base: ModelVersion) -> None:
    job = start_generation(campaign=campaign, acting_user=None, now=NOW, spec=SPEC)
    worked(job, 10)
    plan = plan_of(campaign)
    for since, minutes in ((None, 10), (NOW - MINUTE, 10), (NOW + 4 * MINUTE, 6), (NOW + 11 * MINUTE, 0)):
        assert spent(plan, since, now=NOW + timedelta(days=1)).machine_seconds == 60 * minutes, since
    GenerationJob.objects.filter(pk=job.pk).update(status="running", finished_at=None, claimed_at=NOW + 20 * MINUTE)
    assert spent(plan, NOW + 22 * MINUTE, now=NOW + 25 * MINUTE).machine_seconds == 60 * 3


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
