"""A full disk ends nothing for good: the platform says so, keeps nothing by half, and goes on once there is room."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from config.embedded import VarDirectory
from config.embedded.processes import INSTANCE_VARIABLE
from config.embedded.var import PROJECT_DIR
from config.platform.programs import Program
from config.platform.supervisor import Supervisor
from tests.config.platform.test_lifecycle import READY, Run, running
from tests.small_disk import fill, small_disk

pytestmark = pytest.mark.serial

FULL_FOR = 40.0
NOISY = Program("noisy", ("/bin/sh", "-c", "while sleep 0.01; do echo a line that has to be kept somewhere; done"))


def test_the_process_manager_survives_a_full_disk_and_logs_again_afterwards(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=8) as disk:
        var = VarDirectory(disk / "var")
        var.create()
        manager = Supervisor(var, [NOISY], {**os.environ, INSTANCE_VARIABLE: str(var.path)})
        manager.start()
        try:
            manager.start_program("noisy")
            log = var.logs / "noisy.log"
            wait_until(lambda: log.exists() and log.stat().st_size > 0)
            filler = fill(disk)
            full_at = log.stat().st_size
            time.sleep(4)
            assert manager.is_alive()
            assert manager.states()["noisy"].is_running
            filler.unlink()
            wait_until(lambda: log.stat().st_size > full_at + 10_000)
            assert manager.is_alive()
        finally:
            manager.stop(limit_seconds=30)


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Waits for something that must happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


def token_of_a_lead(run: Run) -> str:
    published = json.loads((run.var.runtime / "addresses.json").read_text())
    environment = {
        **os.environ,
        **published,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "CHOSEN_VAR": str(run.var.path),
    }
    command = [sys.executable, "manage.py", "create_user", "maya", "--role", "lead", "--token", "--json"]
    made = subprocess.run(command, cwd=PROJECT_DIR, env=environment, check=True, capture_output=True, text=True)
    return str(json.loads(made.stdout)["token"])


def call(run: Run, path: str, token: str, body: bytes | None = None) -> tuple[int, str]:
    """The status and the body of a call; 0: nobody answers."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{run.port}{path}", data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return 0, ""


def connected(run: Run) -> psycopg.Connection[tuple[object, ...]]:
    """A connection to the database. On a full disk no new one may be had: each writes a small file."""
    address = json.loads((run.var.runtime / "addresses.json").read_text())["DATABASE_URL"]
    return psycopg.connect(address, autocommit=True, connect_timeout=5)


def use_up(connecting: psycopg.Connection[tuple[object, ...]]) -> None:
    """Has PostgreSQL write until it has no room for its log, which ends it."""
    with contextlib.suppress(psycopg.Error), connecting as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS filler (text text)")
        for _ in range(40):
            connection.execute("INSERT INTO filler VALUES ('more')")
            connection.execute("SELECT pg_switch_wal()")


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_the_platform_survives_a_full_disk_and_goes_on_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.config.platform.test_lifecycle.LIMIT_SECONDS", 400.0)
    with small_disk(tmp_path / "disk", megabytes=600) as disk, running(VarDirectory(disk / "var")) as run:
        run.wait_for_output(READY)
        token = token_of_a_lead(run)
        lines = b'{"prompt": "Why?", "chosen": "So.", "rejected": "No."}\n'

        def sent() -> tuple[int, int]:
            """The statuses of a file and of a small form."""
            file = call(run, "/api/v1/campaigns/before/comparisons/import/", token, lines)[0]
            return file, call(run, "/api/v1/campaigns/", token, b'{"name": "Another"}')[0]

        assert call(run, "/api/v1/campaigns/", token, b'{"name": "Before"}')[0] == 201
        connection = connected(run)
        filler = fill(disk)
        seen = during(FULL_FOR / 2, sent)
        assert (507, 201) in seen  # the database still has room in its files
        assert "disk-full" in call(run, "/login/", token)[1]
        use_up(connection)
        seen |= during(FULL_FOR, sent)
        assert any(form in (503, 507) for _, form in seen)
        next(process for process in run.processes() if "config.platform.manager" in process.cmdline()).kill()
        seen |= during(FULL_FOR, sent)
        assert run.process.poll() is None, run.text
        assert not any(500 in statuses for statuses in seen), seen
        print(f"While the disk was full: {sorted(seen)}")
        filler.unlink()
        begun = time.monotonic()
        run.wait_until("it keeps files and forms again", lambda: sent() == (200, 201))
        print(f"It went on {time.monotonic() - begun:.0f} s after there was room.")


def during(seconds: float, act: Callable[[], tuple[int, int]]) -> set[tuple[int, int]]:
    """The results of an act that is done once a second."""
    until, seen = time.monotonic() + seconds, set()
    while time.monotonic() < until:
        seen.add(act())
        time.sleep(1)
    return seen
