"""A run over several hosts: the worker that has it names a place to meet, and the workers of the other hosts join.

They need no row of their own. The run's row says where its processes meet and how many hosts have joined; a message
only says "look at this run". All hosts share the folder of the files and see each other's ports.
"""

import logging
import secrets
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db.models import F

from common import processes
from common.broker import send
from training import claims
from training.jobs.engine import engine_command
from training.models import CLAIMED_STATUSES, Run

logger = logging.getLogger(__name__)

TASK = "training.tasks.join_run"
TICK_SECONDS = 1.0


@dataclass(frozen=True)
class Place:
    """Where the processes of a run meet, and a host's number among all."""

    rendezvous: str
    rank: int

    def options(self) -> list[str]:
        """The engine's options for it."""
        hosts, rank = str(settings.TRAINING_HOSTS), str(self.rank)
        return ["--hosts", hosts, "--host-rank", rank, "--rendezvous", self.rendezvous]


def run_command(run: Run) -> list[str]:
    """The engine's command line for a run, the same on every host. The parent version is the reference too."""
    config = Path(f"{run.directory}.json")
    command = engine_command("train", run.parent)
    command += ["--data", run.snapshot.directory, "--out", run.directory, "--config", str(config)]
    if settings.TRAINING_GPUS and "processes" not in run.config:
        command += ["--set", f"processes={settings.TRAINING_GPUS}"]
    return [*command, "--reference-cache", str(settings.VAR_DIR / "reference")]


def call_the_others(claim: "claims.Claim[Run]") -> list[str]:
    """Names a place for the next engine of a run and calls the other hosts there; returns this host's options."""
    if settings.TRAINING_HOSTS == 1:
        return []
    address = settings.TRAINING_ADDRESS or socket.gethostname()
    # Named anew each time: nobody who is late meets the processes of another start.
    place = Place(f"{address}:{_free_port()}/{claim.job.pk}-{secrets.token_hex(4)}", 0)
    claim.write(rendezvous=place.rendezvous, hosts_joined=1)
    send(TASK, *[claim.job.pk] * (settings.TRAINING_HOSTS - 1), queue=Run.QUEUE)
    return place.options()


def join_run(run_id: int) -> int | None:
    """Trains a part of a run that another host's worker has, until its engine ends; returns the exit code.

    None: the run waits for no host.
    """
    run = Run.objects.select_related("snapshot", "parent").filter(pk=run_id).first()
    place = _next_place(run) if run is not None else None
    if run is None or place is None:
        return None
    logger.info("run %s: this host joins as number %s", run.pk, place.rank)
    log = Path(f"{run.directory}.host-{place.rank}.log")
    with processes.LineChild([*run_command(run), *place.options()], log=log) as child:
        looked = time.monotonic()
        while not child.ended_output:
            for message in child.messages(TICK_SECONDS):  # the first host reports; this is trouble of this one
                logger.warning("run %s: this host says: %s", run.pk, message.get("error", message))
            if time.monotonic() - looked >= claims.HEARTBEAT_SECONDS:
                looked = time.monotonic()
                if not _meets_at(run.pk, place.rendezvous):
                    child.process.terminate()
        return child.wait()


def _next_place(run: Run) -> Place | None:
    """The next free number at the place where a run meets; None where it meets nowhere or is complete."""
    for rank in range(run.hosts_joined, settings.TRAINING_HOSTS):
        free = Run.objects.filter(pk=run.pk, rendezvous=run.rendezvous, hosts_joined=rank, status__in=CLAIMED_STATUSES)
        if run.rendezvous and free.update(hosts_joined=F("hosts_joined") + 1):
            return Place(run.rendezvous, rank)
    return None


def _meets_at(run_id: int, rendezvous: str) -> bool:
    return Run.objects.filter(pk=run_id, rendezvous=rendezvous, status__in=CLAIMED_STATUSES).exists()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("", 0))
        port: int = listener.getsockname()[1]
        return port
