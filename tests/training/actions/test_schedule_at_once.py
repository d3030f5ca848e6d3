"""Two beats at the same moment: one run, one round, one generation, and each event once."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from labeling.models import Campaign, Event
from tests.training.actions.conftest import rule_of
from tests.training.actions.test_rounds import version_of
from tests.training.conftest import NOW, QUESTIONS
from training.actions.gate import _standing_locked
from training.actions.round_plans import look_at_budget, save_round_plan
from training.actions.rounds import collecting_round
from training.actions.runs import start_run
from training.actions.schedule import consider_retraining
from training.actions.versions import promote
from training.models import GenerationJob, RetrainingRule, Round, RoundPlan, Run

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 4


def at_once(act: Callable[[], object]) -> None:
    together, errors = threading.Barrier(THREADS), list[Exception]()

    def one() -> None:
        together.wait()
        try:
            act()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_schedules_that_look_together_run_a_round_once(labeled: Campaign) -> None:
    save_round_plan(campaign=labeled, values={"generates": True}, acting_user=None, now=NOW)
    rule = rule_of(labeled, min_fresh_verdicts=len(QUESTIONS))
    at_once(lambda: consider_retraining(rule=RetrainingRule.objects.get(pk=rule.pk), now=NOW))
    assert (Run.objects.count(), Round.objects.count()) == (1, 1)

    version = version_of(Run.objects.get(), "tiny-v1")
    at_once(lambda: promote(version=version, acting_user=None, now=NOW, servers_first=False))
    assert Event.objects.filter(verb="round.finished").count() == 1
    at_once(lambda: consider_retraining(rule=RetrainingRule.objects.get(pk=rule.pk), now=NOW))
    assert (GenerationJob.objects.count(), Round.objects.count()) == (1, 2)
    assert Event.objects.filter(verb="round.opened").count() == 2


def test_a_run_begins_while_a_gate_is_asked(labeled: Campaign) -> None:
    """Both name the campaign: a gate that locked it against that would wait for the run, and the run for it."""
    run = start_run(campaign=labeled, acting_user=None, now=NOW)
    version = version_of(run, "tiny-v1")
    with transaction.atomic():
        _standing_locked(version)

        def opened() -> None:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '5s'")
                collecting_round(campaign=labeled, acting_user=None, now=NOW)

        at_once(opened)
    assert labeled.rounds.count() == 2


def test_a_budget_is_told_once(labeled: Campaign) -> None:
    save_round_plan(campaign=labeled, values={"budget_minutes": 0}, acting_user=None, now=NOW)
    at_once(lambda: look_at_budget(plan=RoundPlan.objects.get(), now=NOW))
    assert Event.objects.filter(verb="round.budget_reached").count() == 1
