"""The health checks of containers: the web server is asked under a host name that it accepts."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import module_from_spec, spec_from_file_location

import pytest
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from config.embedded.var import PROJECT_DIR


class Picky(BaseHTTPRequestHandler):
    """Answers for one host name only, as Django does by ALLOWED_HOSTS."""

    def do_GET(self) -> None:
        accepted = self.headers["Host"] == "chosen.example" and self.path == "/healthz"
        self.send_response(200 if accepted else 400)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Prints nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Picky) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def is_healthy(port: int, hosts: str) -> bool:
    environment = {**os.environ, "PORT": str(port), "ALLOWED_HOSTS": hosts}
    command = [sys.executable, "docker/healthcheck.py", "web"]
    result = subprocess.run(command, cwd=PROJECT_DIR, env=environment, check=False, capture_output=True)
    return result.returncode == 0


@pytest.mark.parametrize(
    ("hosts", "expected"), [("chosen.example,other", True), (".chosen.example", True), ("", False)]
)
def test_the_server_is_asked_under_its_first_host_name(port: int, hosts: str, expected: bool) -> None:
    assert is_healthy(port, hosts) == expected


def test_a_server_that_does_not_answer_is_not_healthy() -> None:
    assert not is_healthy(1, "chosen.example")


@pytest.mark.django_db
@pytest.mark.parametrize(("minutes", "expected"), [(2, True), (30, False)])
def test_a_schedule_lives_while_it_sends_tasks(minutes: int, expected: bool) -> None:
    now = timezone.now()
    every = IntervalSchedule.objects.create(every=1, period=IntervalSchedule.MINUTES)
    PeriodicTask.objects.all().update(last_run_at=None)
    PeriodicTask.objects.create(name="sweep", interval=every, task="any", last_run_at=now - timedelta(minutes=minutes))
    spec = spec_from_file_location("healthcheck", PROJECT_DIR / "docker" / "healthcheck.py")
    assert spec is not None
    assert spec.loader is not None
    healthcheck = module_from_spec(spec)
    spec.loader.exec_module(healthcheck)
    assert healthcheck.beat_sends() is expected
