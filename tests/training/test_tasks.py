"""The tasks: their queues, what beat sends, and what the sweep looks after."""

import re
from datetime import time, timedelta
from importlib import import_module

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.utils import timezone

import labeling.tasks
from config.embedded.var import PROJECT_DIR
from labeling.actions.campaigns import create_campaign
from labeling.models import Campaign, User
from tests.browser.furnished import furnish
from tests.people import stage
from tests.training.actions.conftest import rule_of
from tests.training.conftest import NOW, QUESTIONS
from tests.training.gates_by_people import next_vote, vote, voted, voting_gate
from training import claims
from training.models import CampaignDraft, PeopleGate, RoundPlan, Run

pytestmark = pytest.mark.django_db


def test_tasks_have_the_queues_that_the_workers_listen_to() -> None:
    from training import tasks

    routes = {name: route["queue"] for name, route in settings.CELERY_TASK_ROUTES.items()}
    assert routes == {
        tasks.run_generation.name: "generate",
        tasks.run_suite.name: "generate",
        tasks.run_training.name: "train",
        tasks.join_run.name: "train",
        tasks.run_gate.name: "generate",
        tasks.run_evaluation.name: "train",
        tasks.run_price.name: "train",
        tasks.run_selection.name: "train",
        tasks.run_blame.name: "lens",
        tasks.run_groups.name: "lens",
        tasks.run_lens.name: "lens",
        tasks.run_lab.name: "lens",
        labeling.tasks.count_statistics.name: "lens",
    }
    assert set(claims.TASKS.values()) <= set(routes.items())
    on_default = (tasks.sweep, tasks.consider_retraining, tasks.consider_retraining_rules, tasks.unload_unused)
    for task in (*on_default, tasks.look_at_blind_test):
        assert task.name in current_app.tasks
        assert current_app.amqp.router.route({}, task.name)["queue"].name == "default"


@pytest.mark.parametrize("app", ["labeling", "training"])
def test_every_task_that_is_sent_by_its_name_is_one(app: str) -> None:
    sources = (path.read_text(encoding="utf-8") for path in (PROJECT_DIR / app).rglob("*.py"))
    sent = {name for source in sources for name in re.findall(r'"((?:labeling|training)\.tasks\.\w+)"', source)}
    assert sent
    assert sent <= set(current_app.tasks)


def test_beat_has_rows_for_what_training_does_by_itself() -> None:
    from django_celery_beat.models import PeriodicTask

    # As the migration does: tests with real transactions, which ran before, emptied the tables that it had filled.
    with connection.schema_editor() as editor:
        import_module("training.migrations.0001_initial").add_schedule(apps, editor)
    rows = {row.task: row.interval.every for row in PeriodicTask.objects.filter(name__startswith="Training:")}
    assert rows == {
        "training.tasks.sweep": 30,
        "training.tasks.consider_retraining_rules": 60,
        "training.tasks.unload_unused": 600,
    }


def test_the_sweep_forgets_old_drafts_of_campaigns(maya: User) -> None:
    from training import tasks

    now = timezone.now()
    for number, days in enumerate((-1, 1)):
        CampaignDraft.objects.create(
            owner=maya,
            key=f"00000000-0000-4000-8000-00000000000{number}",
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
    tasks.sweep()
    assert CampaignDraft.objects.get().expires_at > now


def test_a_vote_and_the_sweep_move_gates_by_people_on() -> None:
    from training import tasks

    scene = stage(comparisons=8)
    furnished = furnish(scene)
    gate = voting_gate(scene.campaign, furnished.two, furnished.one, error=0.4)
    voted(gate, scene.alice, ["candidate"])
    tasks.look_at_blind_test(gate.blind_test_id)
    assert PeopleGate.objects.get(pk=gate.pk).status == "voting"
    for _ in range(2):
        assignment = next_vote(gate, scene.alice)
        assert assignment is not None
        vote(gate, assignment, "candidate")
    tasks.sweep()  # the messages of these votes were lost
    assert PeopleGate.objects.get(pk=gate.pk).status == "better"
    tasks.look_at_blind_test(gate.blind_test_id)  # late: nothing is left to do
    assert PeopleGate.objects.get(pk=gate.pk).status == "better"


def test_a_gate_that_cannot_be_looked_at_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    from training import tasks

    scene = stage(comparisons=8)
    furnished = furnish(scene)
    broken = voting_gate(scene.campaign, furnished.two, furnished.one, error=0.4)
    PeopleGate.objects.filter(pk=broken.pk).update(error=0.7)  # no rule can have it
    gate = voting_gate(scene.campaign, furnished.one, furnished.two, error=0.4)
    for _ in range(3):
        assignment = next_vote(gate, scene.alice)
        assert assignment is not None
        vote(gate, assignment, "candidate")
    tasks.sweep()
    assert f"gate by people {broken.pk}" in caplog.text
    assert PeopleGate.objects.get(pk=gate.pk).status == "better"


def test_a_campaign_that_cannot_be_considered_holds_up_no_other(
    labeled: Campaign, maya: User, caplog: pytest.LogCaptureFixture
) -> None:
    from training import tasks

    other = create_campaign(name="Other", acting_user=maya, now=NOW)
    broken, good = (rule_of(campaign, min_fresh_verdicts=len(QUESTIONS)) for campaign in (other, labeled))
    RoundPlan.objects.create(campaign=other, quiet_from=time(1), quiet_until=time(2), time_zone="Nowhere/Else")
    assert broken.pk < good.pk
    tasks.consider_retraining_rules()
    assert f"{broken} could not be considered" in caplog.text
    broken.refresh_from_db()
    assert str(broken.outcome).startswith("Unexpected: ZoneInfoNotFoundError")
    assert Run.objects.get().campaign == labeled
