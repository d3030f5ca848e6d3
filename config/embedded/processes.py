"""Finding and ending the processes of one installation.

Every process started for a `var/` has its path in the environment variable CHOSEN_INSTANCE, and so have its children.
Processes orphaned by a kill -9 are found by this variable, not by a process id that may belong to another program.
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
    """The live processes of this user (for root: of any user) that belong to the installation at `instance`.

    program: only the processes that this supervised program started.
    """
    members = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            environment = process.environ()
            belongs = environment.get(INSTANCE_VARIABLE) == str(instance)
            belongs &= program is None or environment.get(PROGRAM_VARIABLE) == program
            belongs &= process.pid != os.getpid()
            if belongs and process.status() != psutil.STATUS_ZOMBIE:
                members.append(process)
    return members


def end_processes(processes: Iterable[psutil.Process], *, grace_seconds: float) -> None:
    """Ends processes: SIGTERM first (SIGINT for PostgreSQL), SIGKILL after the grace period."""
    alive = list(processes)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            # After SIGTERM PostgreSQL waits for its clients ("smart" shutdown); SIGINT disconnects them ("fast").
            process.send_signal(signal.SIGINT if process.name() == "postgres" else signal.SIGTERM)
    _, alive = psutil.wait_procs(alive, timeout=grace_seconds)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=grace_seconds)
