"""Several processes for one run: torchrun's own launcher, with the exit codes of a run of one process.

``torchrun`` ends with 1 whatever ended its processes, and gives them half a minute to end after a signal. Here the code
is that of the process that knew why, and a signal is passed on and waited for, so that a checkpoint gets written.
``torchrun -m training.engine train ...`` by hand trains the same.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import tempfile
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.engine.config import RunConfig
from training.engine.errors import (
    EXIT_CANCELLED,
    EXIT_DIVERGED,
    EXIT_FINISHED,
    EXIT_INPUT,
    EXIT_UNEXPECTED,
    Cancelled,
    InputError,
)

HOST_RANK = "ENGINE_HOST_RANK"  # which host this is, for its processes; torch numbers hosts in an order of its own
ENDS = "ENGINE_ENDS"  # the folder in which the processes of this host note the codes they end with
JOIN_SECONDS = 600  # the other hosts' workers may have to finish something first
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Hosts:
    """The machines that train a run together. ``rank``: this one among them; the first one reports. ``rendezvous``:
    HOST:PORT/NAME, a port of the first host and a name for this meeting."""

    count: int = 1
    rank: int = 0
    rendezvous: str = ""

    def check(self) -> None:
        """Raises InputError where the others could not be met."""
        if self.count < 1 or not 0 <= self.rank < self.count:
            raise InputError(f"host {self.rank} is not one of {self.count} hosts: they are numbered from 0")
        endpoint, _, name = self.rendezvous.partition("/")
        if self.count > 1 and not (name and endpoint.rpartition(":")[2].isdigit()):
            raise InputError("several hosts need a place to meet: --rendezvous HOST:PORT/NAME, the same on each")

    def meeting(self) -> dict[str, Any]:
        """The place as torch's launcher wants it; a host alone meets itself on a free port."""
        if self.count == 1:
            return {"rdzv_endpoint": "localhost:0", "run_id": uuid.uuid4().hex}
        endpoint, _, name = self.rendezvous.partition("/")
        keys = {"join_timeout": JOIN_SECONDS, "is_host": str(self.rank == 0)}
        return {"rdzv_endpoint": endpoint, "run_id": name, "rdzv_configs": keys}


def is_launched() -> bool:
    """Whether a launcher started this process."""
    return "LOCAL_RANK" in os.environ


def reports() -> bool:
    """Whether this process writes events: of several the first one of the first host."""
    host = os.environ.get(HOST_RANK) or os.environ.get("GROUP_RANK", "0")
    return host == os.environ.get("LOCAL_RANK", "0") == "0"


def processes_here(config: RunConfig) -> int:
    """How many processes this machine has for a run: as many as asked for, else one for each GPU, else one."""
    if config.processes or config.device == "cpu":
        return config.processes or 1
    import torch

    return max(1, torch.cuda.device_count())


def launch(arguments: Sequence[str], processes: int, hosts: Hosts) -> int:
    """Run the engine's command in several processes; returns the exit code of a run.

    Raises Cancelled for a signal before they are there, InputError where the other hosts do not come.
    """
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.elastic.rendezvous.api import RendezvousError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    hosts.check()
    os.environ[HOST_RANK] = str(hosts.rank)
    # All would use all cores else. torchrun takes one thread each, which is right for GPUs alone.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // processes)))
    config = LaunchConfig(
        min_nodes=hosts.count,
        max_nodes=hosts.count,
        nproc_per_node=processes,
        rdzv_backend="c10d",
        max_restarts=0,
        signals_to_handle="SIGQUIT",
        **hosts.meeting(),
    )
    with tempfile.TemporaryDirectory(prefix="engine-ends-") as ends:
        os.environ[ENDS] = ends
        passing_on = _PassingOn(Path(ends))
        passing_on.install()
        try:
            elastic_launch(config, sys.executable)("-m", "training.engine", *arguments)
        except ChildFailedError as error:
            ended = {rank: each.exitcode for rank, each in error.failures.items()}
            # One that had done its work may be hit by a signal on its way out.
            told = {rank: code for rank, code in _noted(ends).items() if code is not None}
            return exit_code((ended | told).values(), was_asked=passing_on.was_asked)
        except RendezvousError as error:
            if noted := _noted(ends):  # they had met: the first host ended, and the place to meet with it
                codes = [EXIT_UNEXPECTED if code is None else code for code in noted.values()]
                return exit_code(codes, was_asked=passing_on.was_asked)
            raise InputError(
                f"the {hosts.count} hosts did not meet at {hosts.rendezvous} ({error}): start a worker for runs on each"
            ) from error
    return EXIT_FINISHED


def note_end(code: int | None) -> None:
    """Note the code this process ends with, for its launcher; None: it has begun, and may end without a word."""
    if ends := os.environ.get(ENDS):
        (Path(ends) / os.environ["RANK"]).write_text("" if code is None else str(code))


def _noted(ends: str) -> dict[int, int | None]:
    """By rank among all processes, the codes of those of this host that began; None: it ended without a word."""
    texts = {int(path.name): path.read_text() for path in Path(ends).iterdir()}
    return {rank: int(text) if text else None for rank, text in texts.items()}


def exit_code(codes: Iterable[int], *, was_asked: bool) -> int:
    """The code of a run whose processes ended with some codes (negative: by a signal): that of a process which ended on
    purpose, else of the first one. Of the others some only saw that one go. A run whose work was done when somebody
    asked it to stop has finished."""
    codes = [code for code in codes if code]
    if not codes:
        return EXIT_FINISHED
    for code in (EXIT_INPUT, EXIT_DIVERGED, EXIT_CANCELLED):
        if code in codes:
            return code
    if was_asked:
        return EXIT_CANCELLED
    return codes[0] if codes[0] > 0 else 128 - codes[0]


class _PassingOn:
    """Passes SIGTERM and SIGINT on to all processes: they take the present step to its end, and write a checkpoint."""

    def __init__(self, ends: Path) -> None:
        self.was_asked = False
        self._ends = ends

    def install(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self)

    def __call__(self, *_: Any) -> None:
        import psutil

        self.was_asked = True
        processes = psutil.Process().children()
        for each in processes:
            with suppress(psutil.Error):
                each.terminate()
        if not processes and not any(self._ends.iterdir()):
            raise Cancelled("cancelled before its processes had started")


def end_with_launcher() -> None:
    """Have the kernel (Linux) end this process when its launcher dies: it may wait for ever for one that is gone."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
