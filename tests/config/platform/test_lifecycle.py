"""`make run` as its user meets it: it starts, survives kills, stops completely, and explains what is wrong.

The application is trimmed to the web server where that is enough; the services and the process manager are real.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from config.embedded import VarDirectory
from config.embedded.processes import PROGRAM_VARIABLE, processes_of
from config.embedded.var import PROJECT_DIR

pytestmark = pytest.mark.serial

LIMIT_SECONDS = 120
READY = "Press Ctrl-C to stop everything."
PROGRAMS = {"postgres", "valkey", "web", "worker", "worker-generate", "worker-train", "worker-lens", "beat"}


class Run:
    """One `python -m config.platform` in its own process group, as in a terminal."""

    def __init__(self, var: VarDirectory, port: int, *options: str, **environment: str) -> None:
        self.var = var
        self.port = port
        self.output = var.path.parent / f"output-{time.monotonic_ns()}.txt"
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DATABASE_URL", "BROKER_URL", "SECRET_KEY", "HTTPS", "DJANGO_SETTINGS_MODULE")
        }
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "config.platform", "--no-demo", *options],
                cwd=PROJECT_DIR,
                env={**inherited, "CHOSEN_VAR": str(var.path), "PORT": str(port), **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                process_group=0,
            )

    @property
    def text(self) -> str:
        return self.output.read_text()

    def wait_until(self, what: str, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LIMIT_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain until {what}; it printed:\n{self.text}"
            assert self.process.poll() is None, f"it ended before {what}; it printed:\n{self.text}"
            time.sleep(0.1)

    def wait_for_output(self, words: str, *, times: int = 1) -> None:
        self.wait_until(f"it printed {words!r}", lambda: self.text.count(words) >= times)

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=60) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def programs(self) -> set[str | None]:
        """The names of the programs that run. One that starts has none before it has become what it is."""
        found = set()
        for process in self.processes():
            with suppress(psutil.Error):
                found.add(process.environ().get(PROGRAM_VARIABLE))
        return found

    def is_healthy(self, program: str) -> bool:
        """Whether a container's health check passes."""
        published = json.loads((self.var.runtime / "addresses.json").read_text())
        environment = {**os.environ, **published, "PORT": str(self.port), "DJANGO_SETTINGS_MODULE": "config.settings"}
        command = [sys.executable, "docker/healthcheck.py", program]
        result = subprocess.run(command, cwd=PROJECT_DIR, env=environment, check=False, capture_output=True)
        return result.returncode == 0

    def press_ctrl_c(self) -> None:
        """Sends SIGINT to the whole foreground group, like a terminal."""
        os.killpg(self.process.pid, signal.SIGINT)

    def processes(self, program: str | None = None) -> list[psutil.Process]:
        return processes_of(self.var.path, program=program)

    def kill_program(self, program: str) -> None:
        """Kills the program's first process, which supervisord started, with SIGKILL."""
        ours = self.processes(program)
        first = next(process for process in ours if process.ppid() not in {other.pid for other in ours})
        first.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> VarDirectory:
    return VarDirectory(tmp_path_factory.mktemp("run") / "var")


@contextmanager
def running(var: VarDirectory, *options: str, **environment: str) -> Iterator[Run]:
    """A run whose processes all end with the block."""
    run = Run(var, free_port(), *options, **environment)
    try:
        yield run
    finally:
        if run.process.poll() is None:
            run.process.kill()
        run.process.wait()
        for process in processes_of(var.path):
            process.kill()


def test_it_starts_answers_and_stops_whole_on_ctrl_c(var: VarDirectory) -> None:
    with running(var) as run:
        run.wait_for_output(READY)
        assert f"http://127.0.0.1:{run.port}/" in run.text
        assert run.answers()
        run.wait_until("every program ran", lambda: run.programs() >= PROGRAMS)
        for program in ("web", "worker", "worker-generate", "worker-train", "worker-lens"):
            run.wait_until(f"{program} was healthy", partial(run.is_healthy, program))
        assert not run.is_healthy("nobody")
        run.press_ctrl_c()
        assert run.process.wait(LIMIT_SECONDS) == 0
        assert "Stopped." in run.text
        assert run.processes() == []
        assert not run.answers()


def test_beside_it_a_second_run_is_refused_and_commands_and_other_runs_use_its_database(
    var: VarDirectory, tmp_path: Path
) -> None:
    with running(var, "--only", "") as run:
        run.wait_for_output(READY)
        second = Run(var, free_port(), "--only", "")
        assert second.process.wait(LIMIT_SECONDS) == 1
        assert f"is already running from {var.path} (process {run.process.pid})" in second.text
        assert "Traceback" not in second.text

        environment = {**os.environ, "CHOSEN_VAR": str(var.path), "DJANGO_SETTINGS_MODULE": "config.settings"}
        for name in ("DATABASE_URL", "BROKER_URL", "SECRET_KEY", "HTTPS"):
            environment.pop(name, None)
        command = [sys.executable, "manage.py", "migrate", "--check"]
        result = subprocess.run(command, cwd=PROJECT_DIR, env=environment, check=False, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr
        assert len([process for process in run.processes() if "-D" in process.cmdline()]) == 1

        database_url = json.loads((var.runtime / "addresses.json").read_text())["DATABASE_URL"]
        with running(VarDirectory(tmp_path / "var"), "--only", "", DATABASE_URL=database_url) as other:
            other.wait_for_output(READY)
            programs = {process.environ().get(PROGRAM_VARIABLE) for process in other.processes()}
            assert "valkey" in programs
            assert "postgres" not in programs
            other.press_ctrl_c()
            assert other.process.wait(LIMIT_SECONDS) == 0

        run.process.send_signal(signal.SIGTERM)  # SIGTERM stops it completely too
        assert run.process.wait(LIMIT_SECONDS) == 0
        assert run.processes() == []


def test_a_taken_port_is_refused_in_a_sentence(var: VarDirectory) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        run = Run(var, stranger.getsockname()[1])
        assert run.process.wait(LIMIT_SECONDS) == 1
        assert f"Another program uses port {run.port} of 127.0.0.1" in run.text
        assert "Traceback" not in run.text
        assert run.processes() == []


@pytest.mark.parametrize("moment", ["Starting postgres", "Migrating the database"])
def test_ctrl_c_during_the_start_leaves_nothing_behind(tmp_path: Path, moment: str) -> None:
    with running(VarDirectory(tmp_path / "var"), "--only", "web") as run:
        run.wait_for_output(moment)
        run.press_ctrl_c()
        assert run.process.wait(LIMIT_SECONDS) == 0
        assert "Traceback" not in run.text
        assert run.processes() == []


@pytest.mark.long
def test_when_the_process_manager_is_killed_everything_starts_again(var: VarDirectory) -> None:
    with running(var, "--only", "") as run:
        run.wait_for_output(READY)
        before = {process.pid for process in run.processes()}
        next(process for process in run.processes() if "config.platform.manager" in process.cmdline()).kill()
        run.wait_for_output(READY, times=2)
        assert before.isdisjoint(process.pid for process in run.processes())
        run.press_ctrl_c()
        assert run.process.wait(LIMIT_SECONDS) == 0
        assert run.processes() == []


@pytest.mark.long
def test_what_a_killed_run_left_is_cleared_away_by_the_next_in_which_every_killed_program_comes_back(
    var: VarDirectory,
) -> None:
    run = Run(var, free_port(), "--only", "web")
    run.wait_for_output(READY)
    run.process.kill()
    run.process.wait()
    orphans = {process.pid for process in run.processes()}
    assert orphans
    assert run.answers()
    with running(var, "--only", "web", PORT=str(run.port)) as after:
        after.wait_for_output(READY)
        assert orphans.isdisjoint(process.pid for process in after.processes())
        for program in ("web", "valkey", "postgres"):
            after.kill_program(program)
            after.wait_for_output(f"{program} died and was restarted.")
        after.wait_until("it answered again", run.answers)
        after.press_ctrl_c()
        assert after.process.wait(LIMIT_SECONDS) == 0
        assert after.processes() == []


def test_a_failing_step_is_shown_with_its_last_words(tmp_path: Path) -> None:
    with running(VarDirectory(tmp_path / "var"), "--only", "", GENERATOR_URL="not-an-address") as run:
        assert run.process.wait(LIMIT_SECONDS) == 1
        assert "manage.py migrate --no-input --verbosity 1 failed" in run.text
        assert "chosen.E003" in run.text
        assert run.processes() == []


@pytest.mark.parametrize("port", ["0", "65536", "http"])
def test_a_port_that_is_no_port_is_refused(tmp_path: Path, port: str) -> None:
    with running(VarDirectory(tmp_path / "var"), PORT=port) as run:
        assert run.process.wait(LIMIT_SECONDS) == 2
        assert "PORT must be a number between 1 and 65535" in run.text
