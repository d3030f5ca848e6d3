"""The inputs of automatic retraining."""

from datetime import datetime, timedelta

import pytest

from labeling.models import Campaign
from tests.training.conftest import NOW, QUESTIONS
from training.actions.retraining import save_retraining_rule
from training.actions.runs import RunSpec, start_run
from training.jobs.gate import decide_about
from training.models import Deployment, JobStatus, ModelVersion, Run
from training.queries.retraining import (
    awaits_gate,
    fresh_verdicts,
    last_snapshot,
    rules_without_time,
    runs_awaiting_gate,
)

pytestmark = pytest.mark.django_db


def test_before_the_first_run_every_verdict_with_a_winner_is_fresh(labeled: Campaign) -> None:
    assert last_snapshot(labeled) is None
    assert fresh_verdicts(labeled) == len(QUESTIONS)
    labeled.verdicts.filter(pk=labeled.verdicts.order_by("pk")[0].pk).update(winner="tie")
    assert fresh_verdicts(labeled) == len(QUESTIONS) - 1


def test_after_a_run_only_later_verdicts_are_fresh(labeled: Campaign) -> None:
    run = start_run(campaign=labeled, acting_user=None, now=NOW)
    assert last_snapshot(labeled) == run.snapshot
    assert fresh_verdicts(labeled) == 0


def test_only_a_finished_run_of_the_schedule_awaits_the_gate(labeled: Campaign) -> None:
    save_retraining_rule(campaign=labeled, acting_user=None, now=NOW, auto_promote=True)
    run = start_run(campaign=labeled, acting_user=None, now=NOW, spec=RunSpec(trigger=Run.Trigger.SCHEDULE))
    assert not awaits_gate(run)
    Run.objects.filter(pk=run.pk).update(status=JobStatus.FINISHED)
    assert awaits_gate(run)
    Run.objects.filter(pk=run.pk).update(trigger=Run.Trigger.PERSON)
    assert not awaits_gate(run)


def finished(campaign: Campaign, at: datetime = NOW) -> Run:
    """A run of the schedule that finished at this time."""
    run = start_run(campaign=campaign, acting_user=None, now=at, spec=RunSpec(trigger=Run.Trigger.SCHEDULE))
    Run.objects.filter(pk=run.pk).update(status=JobStatus.FINISHED, finished_at=at)
    run.refresh_from_db()
    return run


def test_an_old_run_is_decided_about_no_more_once_a_newer_one_has_finished(labeled: Campaign) -> None:
    save_retraining_rule(campaign=labeled, acting_user=None, now=NOW, auto_promote=True)
    old, new = finished(labeled), finished(labeled)
    assert list(runs_awaiting_gate()) == [new]
    assert decide_about(old) is None  # somebody had it evaluated again


def test_switching_automatic_promotion_on_decides_about_no_earlier_run(labeled: Campaign) -> None:
    hour = timedelta(hours=1)
    save_retraining_rule(campaign=labeled, acting_user=None, now=NOW)
    run = finished(labeled, NOW + hour)
    save_retraining_rule(campaign=labeled, acting_user=None, now=NOW + 2 * hour, auto_promote=True)
    assert not awaits_gate(run)
    later = finished(labeled, NOW + 3 * hour)
    save_retraining_rule(
        campaign=labeled, acting_user=None, now=NOW + 4 * hour, auto_promote=True, min_fresh_verdicts=9
    )
    assert list(runs_awaiting_gate()) == [later]  # it was on already
    save_retraining_rule(campaign=labeled, acting_user=None, now=NOW + 5 * hour, auto_promote=False)
    save_retraining_rule(campaign=labeled, acting_user=None, now=NOW + 6 * hour, auto_promote=True)
    assert not runs_awaiting_gate().exists()


def test_a_version_that_has_served_is_not_promoted_again_by_the_schedule(labeled: Campaign, base: ModelVersion) -> None:
    save_retraining_rule(campaign=labeled, acting_user=None, now=NOW, auto_promote=True)
    run = finished(labeled)
    version = ModelVersion.objects.create(
        name="tiny-v1", base_dir=base.base_dir, content_hash=base.content_hash, parent=base, run=run, created_at=NOW
    )
    assert awaits_gate(run)
    Deployment.objects.create(version=version, kind=Deployment.Kind.PROMOTION, is_current=False, at=NOW)
    assert not awaits_gate(run)


def test_a_rule_without_a_time_is_looked_at_while_it_is_enabled(labeled: Campaign) -> None:
    rule = save_retraining_rule(campaign=labeled, acting_user=None, now=NOW)
    assert list(rules_without_time()) == [rule]
    save_retraining_rule(campaign=labeled, acting_user=None, now=NOW, cron="0 4 * * *")
    assert not rules_without_time().exists()
    save_retraining_rule(campaign=labeled, acting_user=None, now=NOW, enabled=False)
    assert not rules_without_time().exists()
