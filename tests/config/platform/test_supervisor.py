"""supervisord as the platform configures it: programs start in order, are restarted, and stop together."""

import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from config.embedded import VarDirectory
from config.embedded.processes import processes_of
from config.platform.supervisor import SOCKET_PATH_LIMIT, Supervisor, SupervisorFailed
from tests.config.platform.conftest import FAILING

pytestmark = pytest.mark.serial


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_program_runs_once_it_is_started_with_its_own_environment(supervisor: Supervisor) -> None:
    assert not supervisor.states()["sleeper"].is_running
    supervisor.start_program("sleeper")
    wait_until(lambda: supervisor.states()["sleeper"].is_running)
    assert psutil.Process(supervisor.states()["sleeper"].pid).environ()["PLACE"] == "50% here"


def test_a_killed_program_comes_back_as_another_process(supervisor: Supervisor) -> None:
    supervisor.start_program("sleeper")
    wait_until(lambda: supervisor.states()["sleeper"].is_running)
    first = supervisor.states()["sleeper"].pid
    psutil.Process(first).kill()
    wait_until(lambda: supervisor.states()["sleeper"].pid not in (0, first))


def test_a_program_that_cannot_run_is_failing_and_is_retried(supervisor: Supervisor) -> None:
    for program in FAILING:
        supervisor.start_program(program.name)
    wait_until(lambda: all(supervisor.states()[program.name].is_failing for program in FAILING))


def test_stopping_ends_every_program_and_the_manager(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start_program("sleeper")
    wait_until(lambda: supervisor.states()["sleeper"].is_running)
    supervisor.stop(limit_seconds=30)
    assert not supervisor.is_alive()
    assert processes_of(tmp_path / "var") == []
    with pytest.raises(SupervisorFailed, match="does not answer"):
        supervisor.states()


def test_a_directory_too_deep_for_a_socket_has_its_socket_elsewhere(tmp_path: Path) -> None:
    var = VarDirectory(tmp_path / ("d" * SOCKET_PATH_LIMIT) / "var")
    var.create()
    manager = Supervisor(var, [], {})
    manager.start()
    try:
        assert manager.states() == {}
    finally:
        manager.stop(limit_seconds=30)
