"""Workers that die, schedules that start again, and clocks that jump: no round comes twice, and none is lost."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest
from django.db import transaction

from labeling.models import Campaign, Event, User
from tests.training.actions.conftest import rule_of
from tests.training.actions.test_rounds import ended, version_of
from tests.training.conftest import NOW, QUESTIONS, add_written_pairs, judge_all
from tests.training.gated import GOOD, measured
from training import claims
from training.actions.gate import decide_by_rule
from training.actions.jobs import resume_job
from training.actions.round_plans import save_round_plan
from training.actions.schedule import consider_retraining
from training.actions.versions import promote
from training.models import (
    Deployment,
    EvaluationJob,
    GateDecision,
    GenerationJob,
    JobStatus,
    ModelVersion,
    RetrainingRule,
    Round,
    Run,
)
from training.queries.retraining import runs_awaiting_gate
from training.queries.rounds import view_of

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
ALL = len(QUESTIONS)
J = TypeVar("J", GenerationJob, Run, EvaluationJob)


@pytest.fixture
def rule(labeled: Campaign) -> RetrainingRule:
    """A rule whose schedule generates, trains and promotes; its campaign has all the verdicts of a run."""
    save_round_plan(campaign=labeled, values={"generates": True}, acting_user=None, now=NOW)
    return rule_of(labeled, min_fresh_verdicts=ALL, auto_promote=True)


def looked(rule: RetrainingRule, hours: float = 0) -> Run | None:
    return consider_retraining(rule=RetrainingRule.objects.get(pk=rule.pk), now=NOW + hours * HOUR)


def killed_and_done(job: J, hours: float, meanwhile: Callable[[], object]) -> None:
    """A worker claims a job and dies; the sweep frees it; the schedule looks; another worker ends it."""
    dead = claims.claim(type(job), job.pk, now=NOW + hours * HOUR)
    assert dead is not None
    meanwhile()
    assert claims.sweep(now=NOW + (hours + 1) * HOUR).freed == 1
    meanwhile()
    with pytest.raises(claims.ClaimLost):
        dead.finish(JobStatus.FINISHED, now=NOW + (hours + 1) * HOUR)
    living = claims.claim(type(job), job.pk, now=NOW + (hours + 1) * HOUR)
    assert living is not None
    living.finish(JobStatus.FINISHED, now=NOW + (hours + 2) * HOUR)
    job.refresh_from_db()
    assert (job.status, job.worker_deaths) == (JobStatus.FINISHED, 1)


def test_a_worker_killed_in_each_phase_loses_no_round_and_makes_none_twice(
    rule: RetrainingRule, base: ModelVersion, alice: User
) -> None:
    run = looked(rule)
    assert run is not None
    killed_and_done(run, 1, lambda: looked(rule, 1))
    version = version_of(run, "tiny-v1")
    evaluation = EvaluationJob.objects.create(version=version, campaign=rule.campaign, created_at=NOW)
    killed_and_done(evaluation, 4, lambda: looked(rule, 4))
    measured(version, GOOD | {"pairs": 60})
    assert list(runs_awaiting_gate()) == [run]  # its worker died before it asked the gate: the sweep sends it again
    for _ in range(2):
        decide_by_rule(run=run, version=version, now=NOW + 7 * HOUR)
    assert GateDecision.objects.filter(run=run).count() == 1
    assert not runs_awaiting_gate().exists()
    assert Deployment.objects.get(is_current=True).version == version
    assert list(Round.objects.values_list("number", "outcome")) == [(1, "promoted")]

    looked(rule, 8)
    job = GenerationJob.objects.get()
    killed_and_done(job, 8, lambda: looked(rule, 8))
    looked(rule, 11)
    assert Round.objects.count() == 2
    add_written_pairs(rule.campaign, per_prompt=2)
    half = judge_all(rule.campaign, alice, limit=ALL // 2, now=NOW + 12 * HOUR)  # whoever judges may be cut off, too
    assert looked(rule, 12) is None
    judge_all(rule.campaign, alice, limit=ALL - half, now=NOW + 13 * HOUR)
    second = looked(rule, 14)
    assert second is not None
    assert second.round == job.round
    for verb, times in (("round.opened", 2), ("round.finished", 1)):
        assert Event.objects.filter(verb=verb).count() == times, verb
    assert [view_of(one).current.name for one in Round.objects.order_by("number")] == ["promote", "train"]


def test_a_promotion_that_is_cut_off_leaves_its_round_open_and_is_made_again(rule: RetrainingRule) -> None:
    run = looked(rule)
    assert run is not None
    version = version_of(run, "tiny-v1")

    def cut_off() -> None:
        with transaction.atomic():
            promote(version=version, acting_user=None, now=NOW + HOUR, servers_first=False)
            raise KeyboardInterrupt  # the worker dies before the commit

    with pytest.raises(KeyboardInterrupt):
        cut_off()
    assert Round.objects.get().closed_at is None
    promote(version=version, acting_user=None, now=NOW + HOUR, servers_first=False)
    assert Round.objects.get().outcome == "promoted"
    assert Event.objects.filter(verb="round.finished").count() == 1


def test_a_run_that_is_given_up_is_tried_again_in_its_round(rule: RetrainingRule) -> None:
    run = looked(rule)
    assert run is not None
    for death in range(claims.MAX_WORKER_DEATHS + 1):
        assert claims.claim(Run, run.pk, now=NOW + death * HOUR) is not None
        claims.sweep(now=NOW + (death + 0.5) * HOUR)
    run.refresh_from_db()
    assert run.status == JobStatus.FAILED
    resume_job(job=run, acting_user=None, now=NOW + 9 * HOUR)
    ended(run)
    assert [one.round_id for one in Run.objects.all()] == [Round.objects.get().pk]


@pytest.mark.parametrize("jumps", [(0, -24, 24), (0, 24 * 365, -24 * 365), (0, 0, 0)])
def test_a_clock_that_jumps_starts_no_round_twice_and_loses_none(
    rule: RetrainingRule, alice: User, jumps: tuple[float, ...]
) -> None:
    started = [run for run in (looked(rule, hours) for hours in jumps) if run is not None]
    assert len(started) == 1
    assert Run.objects.count() == Round.objects.count() == 1
    version = version_of(started[0], "tiny-v1")
    promote(version=version, acting_user=None, now=NOW + jumps[1] * HOUR, servers_first=False)
    for hours in jumps:
        looked(rule, hours)
    assert (GenerationJob.objects.count(), Round.objects.count()) == (1, 2)
    assert list(Round.objects.order_by("number").values_list("outcome", flat=True)) == ["promoted", ""]


def test_a_clock_that_jumps_forward_takes_a_living_worker_for_dead_and_nothing_is_done_twice(
    rule: RetrainingRule,
) -> None:
    run = looked(rule)
    assert run is not None
    living = claims.claim(Run, run.pk, now=NOW)
    assert living is not None
    assert claims.sweep(now=NOW + 365 * 24 * HOUR).freed == 1
    again = claims.claim(Run, run.pk, now=NOW)  # the clock is right again
    assert again is not None
    with pytest.raises(claims.ClaimLost):
        living.beat(NOW)
    again.finish(JobStatus.FINISHED, now=NOW - HOUR)  # and was put back
    run.refresh_from_db()
    assert (run.status, run.worked_seconds) == ("finished", 0)
    assert Event.objects.filter(verb="run.finished").count() == 1


def test_a_time_of_the_schedule_that_comes_twice_starts_one_run(rule: RetrainingRule) -> None:
    """The clock is put back over the time, or beat starts again and sends it once more."""
    timed = rule_of(rule.campaign, min_fresh_verdicts=ALL, cron="0 4 * * *")
    assert looked(timed, 19) is not None
    assert looked(timed, 19) is None
    assert looked(timed, 18) is None
    assert Run.objects.count() == Round.objects.count() == 1
