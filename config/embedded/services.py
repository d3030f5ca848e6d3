"""Starting and stopping the embedded services as child processes, shared by every command that uses one `var/`."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from config.embedded.locks import FileLock
from config.embedded.postgres import Postgres
from config.embedded.processes import INSTANCE_VARIABLE, end_processes, processes_of
from config.embedded.valkey import Valkey
from config.embedded.var import VarDirectory, port_is_free

Service = Postgres | Valkey

READY_SECONDS = 60.0
STOP_SECONDS = 30.0
POLL_SECONDS = 0.05
START_ATTEMPTS = 5


class ServiceFailed(RuntimeError):
    """An embedded service did not start; names its log."""


class VarInUse(RuntimeError):
    """Another process owns the services of this `var/`."""


@dataclass
class EmbeddedServices:
    """The services that the environment does not name an address for.

    `environment` is looked at for DATABASE_URL and BROKER_URL (an empty value counts as absent).
    `ephemeral` is for tests: no power-cut safety, the broker's messages only in memory.
    """

    var: VarDirectory
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    ephemeral: bool = False

    def __post_init__(self) -> None:
        candidates: list[Service] = [Postgres(self.var, self.ephemeral), Valkey(self.var, self.ephemeral)]
        self.services = [service for service in candidates if not self.environment.get(service.variable)]

    def addresses(self) -> dict[str, str]:
        """What to add to the environment of a program that uses them: the addresses, a secret key, plain HTTP."""
        found = {}
        for service in self.services:
            port = self.var.remembered_port(service.name)
            if port is not None:
                found[service.variable] = service.url(port)
        if not self.environment.get("SECRET_KEY"):
            found["SECRET_KEY"] = self.var.secret("secret_key")
        if not self.environment.get("HTTPS"):
            found["HTTPS"] = "false"  # the embedded run answers on this machine, without a certificate
        return found

    def acquire(self) -> FileLock:
        """The right to start and stop the services of this `var/`. Raises VarInUse."""
        self.var.create()
        lock = FileLock(self.var.runtime / "services.lock")
        if lock.try_exclusive():
            return lock
        holder = lock.holder()
        lock.close()
        raise VarInUse(f"The services under {self.var.path} belong to another running command (process {holder}).")

    @contextmanager
    def shared(self, say: Callable[[str], None] = lambda line: None) -> Iterator[dict[str, str]]:
        """The services up for as long as the block runs; yields `addresses()`.

        The first command to come starts them, others join, and the first stays at its end until the last is done.
        Raises ServiceFailed, and what `Postgres.prepare` raises.
        """
        self.var.create()
        with FileLock(self.var.runtime / "users.lock") as users:
            while True:
                try:
                    owner = self.acquire()
                except VarInUse:
                    users.share()  # waits while the owner is stopping them
                    if self._join():
                        yield self.addresses()
                        return
                    users.release()
                    continue
                with owner:
                    yield from self._own(users, say)
                return

    def _own(self, users: FileLock, say: Callable[[str], None]) -> Iterator[dict[str, str]]:
        children = RunningServices(self)
        try:
            children.start()
            yield self.addresses()
        finally:
            _ignoring_interrupts(lambda: _wait_for_others(users, say))
            children.stop()

    def _join(self) -> bool:
        """Waits until the owner's services answer; False if the owner went away before they did."""
        probe = FileLock(self.var.runtime / "services.lock")
        with probe:
            deadline = time.monotonic() + READY_SECONDS
            while time.monotonic() < deadline:
                if self._all_ready():
                    return True
                if probe.try_exclusive():
                    return False
                time.sleep(POLL_SECONDS)
        raise ServiceFailed(f"The services under {self.var.path} did not answer; see {self.var.logs}.")

    def _all_ready(self) -> bool:
        ports = [(service, self.var.remembered_port(service.name)) for service in self.services]
        return all(port is not None and service.is_ready(port) for service, port in ports)

    def end_leftovers(self) -> int:
        """Ends what an earlier owner left when it was killed; returns how many processes. Only for the owner."""
        leftovers = processes_of(self.var.path)
        end_processes(leftovers, grace_seconds=STOP_SECONDS / 3)
        return len(leftovers)


def _wait_for_others(users: FileLock, say: Callable[[str], None]) -> None:
    if not users.try_exclusive():
        say("Waiting for the other commands that use these services ...")
        users.exclusive()


def _ignoring_interrupts(wait: Callable[[], None]) -> None:
    """A second Ctrl-C while waiting for others ends the wait, never the orderly stop that follows."""
    try:
        wait()
    except KeyboardInterrupt:
        return


class RunningServices:
    """The services as children of this process."""

    def __init__(self, embedded: EmbeddedServices) -> None:
        self._embedded = embedded
        self._children: list[tuple[Service, subprocess.Popen[bytes]]] = []

    def start(self) -> None:
        """Starts them all, then waits until each answers. Raises ServiceFailed."""
        self._embedded.end_leftovers()
        try:
            for service in self._embedded.services:
                service.prepare()
                self._start_one(service)
        except BaseException:
            self.stop()
            raise

    def _start_one(self, service: Service) -> None:
        var = self._embedded.var
        for _ in range(START_ATTEMPTS):
            port = var.free_port(service.name)
            child = self._spawn(service, service.command(port))
            deadline = time.monotonic() + READY_SECONDS
            while child.poll() is None and time.monotonic() < deadline:
                if service.is_ready(port):
                    return
                time.sleep(POLL_SECONDS)
            # Somebody may have taken the port between our look and the server's: then another port is the answer.
            if child.poll() is None or port_is_free(port):
                break
            self._children.pop()
        raise ServiceFailed(f"{service.name} did not start; its log says why: {self._log(service)}")

    def _spawn(self, service: Service, command: list[str]) -> subprocess.Popen[bytes]:
        account = service.account
        with open(self._log(service), "ab") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=service_environment(self._embedded.var.path),
                start_new_session=True,  # Ctrl-C in the terminal is for the command, which may still need us
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        self._children.append((service, child))
        return child

    def _log(self, service: Service) -> Path:
        return self._embedded.var.logs / f"{service.name}.log"

    def stop(self) -> None:
        """Stops them in the reverse order, by force after a grace."""
        while self._children:
            service, child = self._children.pop()
            child.send_signal(service.stop_signal)
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def service_environment(instance: Path) -> dict[str, str]:
    """A service's whole environment: nothing of the caller's matters to it but the mark by which it is found again."""
    return {"PATH": os.defpath, "LC_ALL": "C", INSTANCE_VARIABLE: str(instance)}
