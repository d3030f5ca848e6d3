"""The inputs of automatic retraining."""

import pytest

from labeling.models import Campaign
from tests.training.conftest import NOW, QUESTIONS
from training.actions.retraining import save_retraining_rule
from training.actions.runs import RunSpec, start_run
from training.models import JobStatus, Run
from training.queries.retraining import awaits_gate, fresh_verdicts, last_snapshot, rules_without_time

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


def test_a_rule_without_a_time_is_looked_at_while_it_is_enabled(labeled: Campaign) -> None:
    rule = save_retraining_rule(campaign=labeled, acting_user=None, now=NOW)
    assert list(rules_without_time()) == [rule]
    save_retraining_rule(campaign=labeled, acting_user=None, now=NOW, cron="0 4 * * *")
    assert not rules_without_time().exists()
    save_retraining_rule(campaign=labeled, acting_user=None, now=NOW, enabled=False)
    assert not rules_without_time().exists()
