"""The processes of an installation are found by their environment and ended, by force if they resist."""

import os
import subprocess
import sys
import time
from pathlib import Path

from config.embedded.processes import INSTANCE_VARIABLE, PROGRAM_VARIABLE, end_processes, processes_of

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"


def started(instance: Path, program: str, code: str = "print(flush=True); import time; time.sleep(600)") -> int:
    environment = {**os.environ, INSTANCE_VARIABLE: str(instance), PROGRAM_VARIABLE: program}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process.pid


def test_processes_are_found_by_their_installation_and_their_program(tmp_path: Path) -> None:
    web, beat, other = started(tmp_path, "web"), started(tmp_path, "beat"), started(tmp_path / "other", "web")
    assert {process.pid for process in processes_of(tmp_path)} == {web, beat}
    assert [process.pid for process in processes_of(tmp_path, program="beat")] == [beat]
    for instance in (tmp_path, tmp_path / "other"):
        end_processes(processes_of(instance), grace_seconds=10)
        assert processes_of(instance) == []
    assert other not in {web, beat}


def test_a_process_that_ignores_the_signal_is_killed_after_the_grace_period(tmp_path: Path) -> None:
    started(tmp_path, "web", STUBBORN)
    began = time.monotonic()
    end_processes(processes_of(tmp_path), grace_seconds=0.5)
    assert processes_of(tmp_path) == []
    assert time.monotonic() - began >= 0.5


def test_a_process_that_has_ended_meanwhile_is_no_error(tmp_path: Path) -> None:
    started(tmp_path, "web")
    processes = processes_of(tmp_path)
    end_processes(processes, grace_seconds=10)
    end_processes(processes, grace_seconds=10)
