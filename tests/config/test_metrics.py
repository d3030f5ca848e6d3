"""Figures for Prometheus, and the dashboard and alerts that use them."""

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings as live_settings
from django.test import Client
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from prometheus_client.parser import text_string_to_metric_families

from tests.browser.furnished import furnish
from tests.clients import Visiting
from tests.people import Stage, stage
from training.actions.backups import record_backup
from training.models import Worker

pytestmark = pytest.mark.django_db

TOKEN = "a long random token"
GRAFANA = Path(live_settings.BASE_DIR) / "docker" / "grafana"
SUFFIXES = ("", "_total", "_bucket", "_count", "_sum")


@pytest.fixture
def scene(settings: Any) -> Stage:
    settings.METRICS_TOKEN = TOKEN
    PeriodicTask.objects.update(last_run_at=timezone.now() - timedelta(seconds=40))
    Worker.objects.create(name="worker-train@here", queues=["train"], places=1, seen_at=timezone.now())
    record_backup(files=1, size=1, is_encrypted=True, acting_user=None, now=timezone.now() - timedelta(days=1))
    return stage(comparisons=2)


def scrape(token: str = TOKEN) -> Any:
    return Client(SERVER_NAME="203.0.113.9").get("/metrics", headers={"Authorization": f"Bearer {token}"})


def samples() -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels."""
    text = scrape().content.decode()
    families = list(text_string_to_metric_families(text))
    return {(one.name, *sorted(one.labels.values())): one.value for each in families for one in each.samples}


def test_nobody_reads_them_without_the_token(settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert scrape("").status_code == 404
    settings.METRICS_TOKEN = TOKEN
    assert scrape("another one").status_code == 404
    assert Client().get("/metrics").status_code == 404
    settings.SECURE_SSL_REDIRECT = True
    assert scrape().status_code == 200  # by the address of the machine, in plain HTTP


def test_requests_are_counted_by_the_name_of_their_address(scene: Stage, visiting: Visiting) -> None:
    before = samples()
    browser = visiting(scene.maya)
    browser.get("/campaigns/sums/guidelines/")
    browser.get("/campaigns/nowhere/guidelines/")
    browser.get("/nowhere/at/all")
    after = samples()

    def more(*key: str) -> float:
        return after.get(key, 0) - before.get(key, 0)

    assert more("chosen_requests_total", "200", "GET", "guidelines") == 1
    assert more("chosen_requests_total", "404", "GET", "guidelines") == 1
    assert more("chosen_requests_total", "404", "GET", "unknown") == 1
    assert more("chosen_request_seconds_count", "GET", "guidelines") == 2
    assert not any("nowhere" in value for key in after for value in key)


def test_the_rows_tell_the_rest(scene: Stage) -> None:
    furnished = furnish(scene)
    late = timezone.now() - timedelta(minutes=10)
    type(furnished.running).objects.filter(pk=furnished.running.pk).update(
        heartbeat_at=late, latest={"tokens_per_second": 1250.5}
    )
    scene.now = timezone.now()
    scene.judge(scene.given(scene.alice))
    scene.given(scene.bob)
    told = samples()
    assert told["chosen_judgments_last_minute",] == 1
    assert told["chosen_leases",] == 1
    assert told["chosen_jobs", "run", "running"] == 1
    assert told["chosen_jobs_silent",] == 2  # the run's worker, and the generation that never had one
    assert told["chosen_training_tokens_per_second",] == 1250.5
    assert told["chosen_generation_completions_per_second",] == 2.5
    assert told["chosen_queue_workers", "train"] == 1
    assert told["chosen_queue_workers", "lens"] == 0
    assert 40 <= told["chosen_schedule_seconds",] < 60
    assert told["chosen_backup_seconds",] >= 86400
    assert 0 < told["chosen_disk_free_bytes",] < told["chosen_disk_bytes",]


def test_every_metric_that_dashboard_alerts_and_documents_name_exists(scene: Stage, visiting: Visiting) -> None:
    furnish(scene)
    visiting(scene.maya).get("/")
    told = {key[0] for key in samples()}
    dashboard = json.loads((GRAFANA / "chosen.json").read_text())
    rules = yaml.safe_load((GRAFANA / "alerts.yaml").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    queries += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    queries.append((Path(live_settings.BASE_DIR) / "docs" / "operations" / "monitoring.md").read_text())
    named = {name for query in queries for name in re.findall(r"chosen_[a-z_]+", query)}
    assert len(named) > 15
    missing = {name for name in named if not any(f"{name}{suffix}" in told for suffix in SUFFIXES)}
    assert not missing
    families = {name for name in told if name.startswith("chosen_") and not name.endswith((*SUFFIXES[1:], "_created"))}
    assert families <= named, "documents name every figure"
