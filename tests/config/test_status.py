"""The page for admins that says what is stuck and what to do about it."""

import shutil
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from common import disk
from config import status
from labeling.actions.event_chain import seal_events
from labeling.actions.webhooks import create_webhook
from labeling.models import Assignment, EventLink, Webhook, WebhookDelivery
from tests.browser.busy import occupy
from tests.browser.furnished import furnish
from tests.clients import Visiting
from tests.people import NOON, Stage, pair, stage
from training.actions.backups import record_backup
from training.models import Backup, Worker
from training.queries.state import failing_deliveries

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_disk_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "_seen", {})


@pytest.fixture
def running() -> Stage:
    """An installation in which everything runs."""
    now = timezone.now()
    minute, _ = IntervalSchedule.objects.get_or_create(every=1, period=IntervalSchedule.MINUTES)
    # Tests that empty the tables leave none of the schedule's own.
    PeriodicTask.objects.get_or_create(name="sweep", defaults={"task": "training.tasks.sweep", "interval": minute})
    PeriodicTask.objects.update(last_run_at=now)
    for name in ("default", "generate", "train", "lens"):
        Worker.objects.create(name=f"worker-{name}@here", queues=[name], places=1, seen_at=now)
    record_backup(files=3, size=2000, is_encrypted=False, acting_user=None, now=now)
    scene = stage()
    seal_events(now=now)
    return scene


def troubles() -> dict[str, str]:
    """The trouble of each part that has one. Each comes with a remedy."""
    parts = [part for part in status.parts_of_installation(timezone.now()) if part.trouble]
    assert all(part.remedy for part in parts)
    return {part.label: part.trouble for part in parts}


def test_where_everything_runs_nothing_needs_anybody(running: Stage, visiting: Visiting) -> None:
    assert troubles() == {}
    page = visiting(running.root).get("/status/").content.decode()
    assert "Everything works." in page
    assert "worker-train@here" in page
    assert 'href="/status/"' in page
    assert 'href="/status/"' not in visiting(running.maya).get("/").content.decode()


def test_a_silent_schedule_dead_workers_and_old_backups_are_named(running: Stage, visiting: Visiting) -> None:
    before = timezone.now() - timedelta(days=9)
    PeriodicTask.objects.update(last_run_at=before)
    Worker.objects.update(seen_at=before)
    Backup.objects.update(at=before)
    found = troubles()
    assert found.keys() == {"Schedule", "Workers", "Short tasks", "Backups"}
    assert found["Short tasks"] == "No worker takes them."
    assert found["Backups"] == "The last one is 1\N{NO-BREAK SPACE}week, 2\N{NO-BREAK SPACE}days old."
    page = visiting(running.root).get("/status/").content.decode()
    assert "4 parts of this installation need you." in page
    assert "Run manage.py backup FILE" in page
    assert "Nothing waits. No worker takes them." in page


def test_a_queue_without_a_worker_is_stuck_only_if_something_waits(running: Stage) -> None:
    Worker.objects.filter(name__startswith="worker-train").delete()
    assert troubles() == {}
    furnished = furnish(running)
    type(furnished.running).objects.filter(pk=furnished.running.pk).update(status="queued")
    assert troubles()["Training runs"] == "No worker takes them."


def test_messages_of_a_webhook_that_is_switched_off_make_nothing_stuck(running: Stage) -> None:
    address = create_webhook(
        campaign=running.campaign,
        url="https://1.1.1.1/hook",
        event_types=["comparisons.added"],
        acting_user=running.maya,
        now=NOON,
    )
    running.add([pair(1)])
    WebhookDelivery.objects.update(due_at=NOON, attempts=3)
    assert troubles() == {"Short tasks": "A worker is there and does not keep up."}
    assert failing_deliveries(now=timezone.now()) == (0, 1)
    Webhook.objects.filter(pk=address.pk).update(is_active=False)
    assert troubles() == {}
    assert failing_deliveries(now=timezone.now()) == (0, 0)


def test_nobody_ever_made_a_backup() -> None:
    assert troubles()["Backups"] == "No backup was ever made."


def test_leases_that_ran_out_and_messages_that_were_given_up_are_named(running: Stage) -> None:
    furnished = furnish(running)
    running.add(12)
    occupy(running)
    WebhookDelivery.objects.filter(status="given_up").update(tried_at=timezone.now())
    running.add(1)
    Assignment.objects.filter(status="leased").update(status="released")
    held = running.given(running.bob)
    Assignment.objects.filter(pk=held.pk).update(expires_at=timezone.now() - timedelta(hours=1))
    late = timezone.now() - timedelta(minutes=4)
    type(furnished.running).objects.filter(pk=furnished.running.pk).update(heartbeat_at=late)
    type(furnished.writing).objects.filter(pk=furnished.writing.pk).update(heartbeat_at=timezone.now())
    found = troubles()
    assert found["Leases"] == "1 job has a silent worker. 1 assignment should have been released."
    assert found["Webhooks"] == "1 message was given up in the last day."
    assert found["Short tasks"] == "A worker is there and does not keep up."  # its messages were due long ago


def test_a_full_disk_a_broker_that_is_away_and_waiting_migrations_are_named(
    running: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=12_000_000, total=10**12))
    asked = list[str]()
    monkeypatch.setattr(status, "waiting_messages", asked.append)  # it returns None: the broker is away
    monkeypatch.setattr(status, "waiting_migrations", lambda: 2)
    assert troubles() == {
        "Disk": "It is nearly full: files are refused, and soon judgments will be too.",
        "Broker": "It does not answer. People can judge; jobs wait, and none is lost.",
        "Migrations": "2 migrations wait.",
    }
    assert len(asked) == 1  # each further one would wait for a timeout


def test_the_storage_is_a_part_where_there_is_one(running: Stage, settings: Any, tmp_path: Path) -> None:
    now = timezone.now()
    assert "Storage" not in [part.label for part in status.parts_of_installation(now)]
    settings.STORAGE_URL = f"file://{tmp_path}"
    facts = {part.label: part.fact for part in status.parts_of_installation(now) if not part.trouble}
    assert facts["Storage"] == f"It answers: file://{tmp_path}."
    settings.STORAGE_URL = "no-such-protocol://x"
    assert troubles()["Storage"].startswith("It cannot be used: files that are only there are missing here.")
    facts = {part.label: part.fact for part in status.parts_of_installation(now)}
    assert "no-such-protocol" in facts["Storage"]


def test_a_part_that_cannot_be_looked_at_hides_no_other(running: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(now: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(status, "LOOKS", (("Disk", broken), *status.LOOKS[:1]))
    assert troubles() == {"Disk": "This part cannot be checked."}


def test_an_event_log_that_is_not_sealed_is_named(running: Stage, visiting: Visiting) -> None:
    link = EventLink.objects.order_by("-number")[0]
    page = visiting(running.root).get("/status/").content.decode()
    assert f"with the seal {link.number}:{link.hash}." in page
    running.add(1)
    assert "Event log" not in troubles()  # sealed a moment ago
    late = timezone.now() + timedelta(hours=2)
    assert [part.trouble[:32] for part in status._event_log(late)] == ["Events of more than an hour ago "]


def test_without_a_seal_the_status_says_so() -> None:
    assert [part.fact for part in status._event_log(timezone.now())] == ["It has no events yet."]
    stage()
    (part,) = status._event_log(timezone.now() + timedelta(days=999))
    assert part.fact == "It was never sealed."
    assert part.trouble
