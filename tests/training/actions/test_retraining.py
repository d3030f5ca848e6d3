"""Automatic retraining: the rule, and the question whether it is time."""

import json
from datetime import timedelta

import pytest
from django_celery_beat.models import PeriodicTask

from common.errors import NotAllowed
from labeling.models import Campaign, Event, User
from tests.training.actions.conftest import rule_of
from tests.training.conftest import NOW, QUESTIONS, add_written_pairs, judge_all
from training import tasks
from training.actions.retraining import save_retraining_rule
from training.actions.runs import start_run
from training.actions.schedule import consider_retraining
from training.errors import WrongSchedule
from training.models import JobStatus, ModelVersion, RetrainingRule, Run
from training.queries.retraining import fresh_verdicts, rules_without_time

pytestmark = pytest.mark.django_db

ALL = len(QUESTIONS)


def test_a_cron_time_becomes_a_row_that_beat_reads_and_goes_again(campaign: Campaign, maya: User) -> None:
    rule = save_retraining_rule(campaign=campaign, acting_user=maya, now=NOW, cron="15 3 * * 1-5")

    row = PeriodicTask.objects.get(retraining_rule=rule)
    assert (row.task, json.loads(row.args), row.enabled) == (tasks.consider_retraining.name, [rule.pk], True)
    assert row.crontab is not None
    assert (row.crontab.minute, row.crontab.hour, row.crontab.day_of_week) == ("15", "3", "1-5")
    assert rule.cron == "15 3 * * 1-5"

    save_retraining_rule(campaign=campaign, acting_user=maya, now=NOW, cron="0 4 * * *", enabled=False)
    row.refresh_from_db()
    assert (row.crontab.hour, row.enabled) == ("4", False)
    save_retraining_rule(campaign=campaign, acting_user=maya, now=NOW, cron="")
    assert not PeriodicTask.objects.filter(task=tasks.consider_retraining.name).exists()
    assert RetrainingRule.objects.get(campaign=campaign).cron == ""
    assert [event.after["cron"] for event in Event.objects.filter(verb="retraining_rule.saved").order_by("pk")] == [
        "15 3 * * 1-5",
        "0 4 * * *",
        "",
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"cron": "at night"},
        {"cron": "61 * * * *"},
        {"cron": "* * * *"},
        {"cron": "0 0 30 2 *"},
        {"cron": "* * * * * *"},
        {"min_fresh_verdicts": 0},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_and_nothing_is_saved(campaign: Campaign, wrong: dict[str, object]) -> None:
    with pytest.raises(WrongSchedule):
        rule_of(campaign, **wrong)
    assert not RetrainingRule.objects.exists()


def test_annotators_set_no_rule(campaign: Campaign, alice: User) -> None:
    with pytest.raises(NotAllowed):
        save_retraining_rule(campaign=campaign, acting_user=alice, now=NOW)


def test_a_run_starts_from_the_serving_version_once_there_are_enough_fresh_verdicts(
    labeled: Campaign, base: ModelVersion
) -> None:
    rule = rule_of(labeled, min_fresh_verdicts=ALL)

    run = consider_retraining(rule=rule, now=NOW)

    assert run is not None
    assert (run.trigger, run.parent, run.status) == (Run.Trigger.SCHEDULE, base, JobStatus.QUEUED)
    assert rule.outcome == f"Started run {run.pk} on {ALL} fresh verdicts."
    assert fresh_verdicts(labeled) == 0
    assert consider_retraining(rule=rule, now=NOW) is None
    assert rule.outcome == f"Waiting: 0 fresh verdicts of {ALL}."


def test_too_few_fresh_verdicts_wait_and_the_reason_is_kept(labeled: Campaign) -> None:
    rule = rule_of(labeled, min_fresh_verdicts=ALL + 1)

    assert consider_retraining(rule=rule, now=NOW) is None
    rule.refresh_from_db()
    assert (rule.outcome, rule.considered_at) == (f"Waiting: {ALL} fresh verdicts of {ALL + 1}.", NOW)


def test_only_verdicts_after_the_last_runs_snapshot_are_fresh(labeled: Campaign, alice: User) -> None:
    run = start_run(campaign=labeled, acting_user=None, now=NOW)
    Run.objects.filter(pk=run.pk).update(status=JobStatus.FAILED)  # no reason to try the same labels again
    add_written_pairs(labeled, per_prompt=2)
    judged = judge_all(labeled, alice, limit=5, now=NOW + timedelta(hours=1))

    assert fresh_verdicts(labeled) == judged == 5
    assert consider_retraining(rule=rule_of(labeled, min_fresh_verdicts=6), now=NOW) is None
    assert consider_retraining(rule=rule_of(labeled, min_fresh_verdicts=5), now=NOW) is not None


def test_a_run_that_a_person_has_started_is_waited_for(labeled: Campaign, alice: User) -> None:
    start_run(campaign=labeled, acting_user=None, now=NOW)
    add_written_pairs(labeled, per_prompt=2)
    judge_all(labeled, alice, now=NOW + timedelta(hours=1))
    rule = rule_of(labeled, min_fresh_verdicts=1)

    assert consider_retraining(rule=rule, now=NOW) is None
    assert rule.outcome == "Waiting: a run is active."


def test_what_keeps_a_run_from_starting_is_told_in_the_rule(
    campaign: Campaign, base: ModelVersion, alice: User
) -> None:
    add_written_pairs(campaign)
    judge_all(campaign, alice, limit=2)
    rule = rule_of(campaign, min_fresh_verdicts=2)

    assert consider_retraining(rule=rule, now=NOW) is None
    assert rule.outcome.startswith("Could not start: A run needs at least")


def test_a_switched_off_rule_does_nothing(labeled: Campaign) -> None:
    rule = rule_of(labeled, min_fresh_verdicts=1, enabled=False)

    assert consider_retraining(rule=rule, now=NOW) is None
    assert not rules_without_time().exists()


def test_the_tasks_look_at_rules_with_and_without_a_time(labeled: Campaign) -> None:
    rule = rule_of(labeled, min_fresh_verdicts=1, cron="0 3 * * *")

    tasks.consider_retraining_rules()  # this one has a time of its own
    assert not Run.objects.exists()
    tasks.consider_retraining(rule.pk)
    assert Run.objects.get().trigger == Run.Trigger.SCHEDULE
    tasks.consider_retraining(10**9)  # a rule that is gone by now
