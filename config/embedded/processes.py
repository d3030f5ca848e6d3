"""Finding and ending the processes of one installation.

Every process started for a `var/` carries its path in the environment variable CHOSEN_INSTANCE and hands it down to
its own children. So whatever a kill -9 orphaned is found by what it is, not by a process id that may mean another
program by now.
"""

import contextlib
import os
import signal
from collections.abc import Iterable
from pathlib import Path

import psutil

INSTANCE_VARIABLE = "CHOSEN_INSTANCE"
PROGRAM_VARIABLE = "SUPERVISOR_PROCESS_NAME"  # set by supervisord


def processes_of(instance: Path, *, program: str | None = None) -> list[psutil.Process]:
    """The live processes of this user (root: of any user) that belong to the installation at `instance`.

    `program` limits them to what that supervised program started.
    """
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            environment = process.environ()
            belongs = environment.get(INSTANCE_VARIABLE) == str(instance)
            belongs &= program is None or environment.get(PROGRAM_VARIABLE) == program
            belongs &= process.pid != os.getpid()
            if belongs and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def end_processes(processes: Iterable[psutil.Process], *, grace_seconds: float) -> None:
    """Ends processes: a polite signal first (PostgreSQL's is SIGINT), SIGKILL after the grace."""
    alive = list(processes)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            # PostgreSQL waits for its clients after SIGTERM ("smart" shutdown); SIGINT sends them away ("fast").
            process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)
    _, alive = psutil.wait_procs(alive, timeout=grace_seconds)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=grace_seconds)
