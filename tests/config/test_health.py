"""Probes: whether the server lives, and whether everything is there that people and jobs need."""

import errno
import shutil
import time
from datetime import datetime, timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from common import disk
from config import health, urls
from tests.broker import silent_broker
from tests.browser.furnished import furnish
from tests.clients import Calling, Visiting
from tests.people import stage
from training.models import Worker

pytestmark = pytest.mark.django_db

# The views have taken their functions before a test replaces one: who is loaded meanwhile would keep the replacement.
assert urls.urlpatterns


def away(*args: Any, **kwargs: Any) -> Any:
    raise OperationalError("the connection is lost")


@pytest.fixture
def ticking() -> None:
    PeriodicTask.objects.update(last_run_at=timezone.now())


@pytest.fixture(autouse=True)
def _looked_at_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "FRESH", -1.0)
    monkeypatch.setattr(disk, "_seen", {})


def ask() -> tuple[int, dict[str, str]]:
    answer = Client(SERVER_NAME="203.0.113.9").get("/readyz")  # a probe names the address, not the host
    return answer.status_code, {name: text for name, text in answer.json()["parts"].items() if text != "ok"}


def test_a_server_lives_without_its_database_too(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(connection, "cursor", away)
    settings.SECURE_SSL_REDIRECT = True
    answer = Client(SERVER_NAME="203.0.113.9").get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert Client().post("/healthz").status_code == 405


def test_it_is_ready_if_everything_is_there(ticking: None) -> None:
    assert ask() == (200, {})


def test_it_tells_the_last_tick_and_the_oldest_job_of_each_queue(ticking: None) -> None:
    on_stage = stage()
    furnished = furnish(on_stage)
    begun = timezone.now() - timedelta(minutes=30)
    type(furnished.running).objects.filter(pk=furnished.running.pk).update(status="queued", created_at=begun)
    Worker.objects.create(name="worker-train@here", queues=["train"], places=1, seen_at=timezone.now())
    told = Client().get("/readyz").json()
    assert datetime.fromisoformat(told["last_tick"]) > begun
    train = told["queues"]["train"]
    assert (train["waiting"], train["workers"]) == (1, 1)
    assert 1800 <= train["oldest_seconds"] < 1900
    assert told["queues"]["lens"] == {"waiting": 0, "oldest_seconds": 0, "workers": 0}


def test_a_schedule_has_ten_minutes_after_a_start_to_send_its_first_task(settings: Any) -> None:
    for last in (None, timezone.now() - timedelta(days=1)):
        PeriodicTask.objects.update(last_run_at=last)
        settings.STARTED_AT = timezone.now() - timedelta(minutes=2)
        assert ask() == (200, {})
        settings.STARTED_AT = timezone.now() - timedelta(minutes=11)
        assert list(ask()[1]) == ["schedule"]


def test_it_is_not_ready_without_the_database(ticking: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "cursor", away)
    status, wrong = ask()
    assert status == 503
    assert wrong["database"] == "the database does not answer"


def test_a_silent_schedule_is_named() -> None:
    PeriodicTask.objects.update(last_run_at=timezone.now() - health.BEAT_SILENT_FOR * 2)
    assert ask() == (200, {"schedule": "the scheduler (beat) has sent nothing for ten minutes"})


def test_a_nearly_full_disk_and_a_missing_broker_are_named_and_people_go_on_judging(
    ticking: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=12_000_000, total=10**12))
    monkeypatch.setattr(disk, "FRESH", -1.0)
    monkeypatch.setattr(health, "waiting_messages", lambda queue: None)
    assert ask() == (200, {"disk": "the disk is nearly full", "broker": "the broker does not answer"})
    scene = stage(comparisons=1)
    scene.judge(scene.given(scene.alice))


def test_it_is_not_ready_while_migrations_wait(ticking: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_all_applied", False)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'training'")
    status, wrong = ask()
    assert status == 503
    assert "run manage.py migrate" in wrong["migrations"]


def test_many_who_ask_cost_one_look(ticking: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "FRESH", 60.0)
    monkeypatch.setattr(health, "_looked_at", float("-inf"))
    assert ask() == (200, {})
    monkeypatch.setattr(connection, "cursor", away)
    assert ask() == (200, {})


def test_a_broker_that_says_nothing_is_named_within_the_time_of_a_probe(ticking: None) -> None:
    begun = time.monotonic()
    with silent_broker():
        assert ask() == (200, {"broker": "the broker does not answer"})
    assert time.monotonic() - begun < health.PATIENCE


def test_probes_do_not_pile_up_behind_one_that_hangs(ticking: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.1)
    with health._one_at_a_time:  # the other one's
        status, wrong = ask()
    assert (status, set(wrong.values())) == (503, {"looking at it takes too long"})
    assert ask() == (200, {})


def test_a_check_that_fails_by_itself_is_named(ticking: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(health.CHECKS, "migrations", lambda: str(1 // 0))
    assert ask() == (503, {"migrations": "it cannot be checked; the log says why"})


def test_while_the_database_is_away_clients_are_told_to_try_again(
    calling: Calling, visiting: Visiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    maya = stage().maya
    program, browser = calling(maya), visiting(maya)
    browser.raise_request_exception = False
    monkeypatch.setattr("labeling.access.visible_campaigns", away)
    answers: list[tuple[Any, bytes]] = [
        (program.get("/api/v1/campaigns/sums/"), b"database-away"),
        (browser.get("/campaigns/sums/guidelines/"), b"One moment"),
    ]
    for answer, wanted in answers:
        assert (answer.status_code, answer["Retry-After"]) == (503, "5"), wanted
        assert wanted in answer.content


def test_what_a_full_disk_did_not_keep_is_said(
    calling: Calling, visiting: Visiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: Any, **kwargs: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    maya = stage().maya
    program, browser = calling(maya), visiting(maya)
    browser.raise_request_exception = False
    monkeypatch.setattr("labeling.access.visible_campaigns", full)
    answer = program.get("/api/v1/campaigns/sums/")
    assert (answer.status_code, answer.json()["type"]) == (507, "/problems/no-room")
    page = browser.get("/campaigns/sums/guidelines/")
    assert page.status_code == 507
    assert b"did not keep it" in page.content


def test_while_the_disk_is_full_every_page_says_so_and_files_are_refused(
    calling: Calling, visiting: Visiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    maya = stage().maya
    assert b"disk-full" not in visiting(maya).get("/").content
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=12_000_000, total=10**12))
    monkeypatch.setattr(disk, "FRESH", -1.0)
    for page in ("/", "/login/", "/campaigns/sums/data/"):
        assert b"disk-full" in visiting(maya).get(page).content
    line = b'{"prompt": "Why?", "chosen": "So.", "rejected": "No."}'
    for answer in (
        calling(maya).post("/api/v1/campaigns/sums/comparisons/import/", line, content_type="application/json"),
        visiting(maya).post("/campaigns/sums/data/", {"file": BytesIO(line)}),
    ):
        assert answer.status_code == 507
    assert calling(maya).post("/api/v1/campaigns/", {"name": "Small"}, format="json").status_code == 201


def test_other_errors_stay_errors() -> None:
    from config.security import server_error

    try:
        raise ValueError
    except ValueError:
        assert server_error(RequestFactory().get("/")).status_code == 500


def test_a_storage_that_is_away_is_named_without_its_address_and_people_go_on_judging(
    ticking: None, settings: Any
) -> None:
    settings.STORAGE_URL = "no-such-protocol://secret-bucket"
    assert ask() == (200, {"storage": "the storage of files does not answer; the log says why"})
