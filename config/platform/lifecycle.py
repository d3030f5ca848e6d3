"""The life of a platform: start, watch until the user stops it, stop."""

import contextlib
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import FrameType

from config.embedded import EmbeddedServices, VarDirectory
from config.embedded.locks import FileLock
from config.embedded.processes import INSTANCE_VARIABLE, end_processes, processes_of
from config.embedded.var import port_is_free
from config.platform.programs import application_programs, service_programs, workers
from config.platform.steps import StepFailed, Steps, StopRequested
from config.platform.supervisor import ProcessState, Supervisor, SupervisorFailed
from config.platform.vllm import VllmServer

SERVICE_SECONDS = 60.0
ADDRESS_SECONDS = 90.0
VLLM_SECONDS = 600.0
STOP_SECONDS = 60.0
LEFTOVER_SECONDS = 5.0
POLL_SECONDS = 0.1
WATCH_SECONDS = 1.0
AGAIN_SECONDS = 15.0

Say = Callable[[str], None]


class AlreadyRunning(RuntimeError):
    """Another platform uses this `var/`."""


class PortTaken(RuntimeError):
    """Another program is listening on the web port."""


class StartFailed(RuntimeError):
    """A program did not become ready; names its log."""


class StopSwitch:
    """Turned on by Ctrl-C, SIGTERM and a closed terminal. Waiting loops check it: no signal interrupts a step."""

    def __init__(self) -> None:
        self.is_on = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._turn_on)

    def _turn_on(self, number: int, frame: FrameType | None) -> None:
        self.is_on = True

    def check(self) -> None:
        """Raises StopRequested if the switch is on."""
        if self.is_on:
            raise StopRequested


@dataclass
class Platform:
    """A platform. only: names of the programs to start (None: all). with_demo: adds the demo campaign."""

    var: VarDirectory
    host: str
    port: int
    say: Say
    with_demo: bool = True
    only: frozenset[str] | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    has_run: bool = field(default=False, init=False)

    @property
    def address(self) -> str:
        """The address for a browser on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{self.port}/"

    def run(self) -> None:
        """Starts everything, watches it until the user stops it, and stops it.

        Raises AlreadyRunning, PortTaken, VarInUse, StartFailed, StepFailed, SupervisorFailed and the errors of
        preparing the services. No process is left running in any case.
        """
        switch = StopSwitch()
        vllm = VllmServer.from_environment(self.var, self.environment) if self._runs("vllm") else None
        if vllm is not None:
            self.environment = {**self.environment, **vllm.variables(self.environment)}
        services = EmbeddedServices(self.var, self.environment)
        with self._only_run(), services.acquire():
            end_processes(processes_of(self.var.path), grace_seconds=LEFTOVER_SECONDS)  # leftovers may hold the port
            self._check_port()
            try:
                while not switch.is_on:
                    with contextlib.suppress(StopRequested):
                        self._once_or_again(services, vllm, switch)
            finally:
                end_processes(processes_of(self.var.path), grace_seconds=LEFTOVER_SECONDS)
        self._tell("Stopped.")

    def _once_or_again(self, services: EmbeddedServices, vllm: VllmServer | None, switch: StopSwitch) -> None:
        """A platform that has run does not give up, whatever keeps it from starting again: a disk may get room."""
        try:
            self._once(services, vllm, switch)
        except (OSError, StartFailed, StepFailed, SupervisorFailed) as error:
            if not self.has_run:
                raise
            self._tell(f"{error}\nTrying again in {AGAIN_SECONDS:.0f} seconds ...")
            until = time.monotonic() + AGAIN_SECONDS
            while time.monotonic() < until:
                switch.check()
                time.sleep(POLL_SECONDS)

    def _tell(self, sentence: str) -> None:
        """The terminal may be a file on a full disk, or closed."""
        with contextlib.suppress(OSError):
            self.say(sentence)

    def _only_run(self) -> FileLock:
        self.var.create()
        lock = FileLock(self.var.runtime / "run.lock")
        if lock.try_exclusive():
            return lock
        raise AlreadyRunning(
            f"Chosen is already running from {self.var.path} (process {lock.holder()}). Stop it there with Ctrl-C, "
            "or use another directory and port: make run CHOSEN_VAR=/another/var PORT=8001"
        )

    def _check_port(self) -> None:
        if self._runs("web") and not port_is_free(self.port, self.host):
            raise PortTaken(
                f"Another program uses port {self.port} of {self.host}. Choose another port: make run PORT=8001"
            )

    def _runs(self, name: str) -> bool:
        return self.only is None or name in self.only

    def _once(self, services: EmbeddedServices, vllm: VllmServer | None, switch: StopSwitch) -> None:
        """One run of supervisord. Returns if supervisord is killed; then the next run begins."""
        services.prepare()
        switch.check()
        environment = self._program_environment(services)
        programs = [program for program in application_programs(self.host, self.port) if self._runs(program.name)]
        programs += [vllm.program(environment)] if vllm else []
        supervisor = Supervisor(self.var, [*service_programs(services), *programs], environment)
        try:
            supervisor.start()
            self._start_services(services, supervisor, switch)
            if vllm is not None:
                self._tell("Starting the vLLM server in the background (takes a minute on a CPU) ...")
                supervisor.start_program("vllm")
            steps = Steps(self.var, environment, lambda: switch.is_on)
            self._start_application(steps, supervisor, vllm, switch)
            services.publish()
            self.has_run = True
            self._greet()
            self._watch(supervisor, switch)
            self._tell("The process manager was killed. Restarting everything ...")
        except StopRequested:
            self._tell("Stopping ...")
            raise
        finally:
            with contextlib.suppress(OSError):
                services.withdraw()
            supervisor.stop(limit_seconds=STOP_SECONDS)

    def _program_environment(self, services: EmbeddedServices) -> dict[str, str]:
        environment = {**self.environment, **services.addresses(), INSTANCE_VARIABLE: str(self.var.path)}
        environment["CHOSEN_VAR"] = str(self.var.path)
        if not environment.get("ALLOWED_HOSTS"):
            names = {"localhost", "127.0.0.1", "[::1]", self.host, socket.gethostname()}
            environment["ALLOWED_HOSTS"] = ",".join(sorted(names))
        environment.setdefault("SITE_URL", self.address)
        return environment

    def _start_services(self, services: EmbeddedServices, supervisor: Supervisor, switch: StopSwitch) -> None:
        if services.services:
            self._tell(f"Starting {' and '.join(service.name for service in services.services)} ...")
        for service in services.services:
            supervisor.start_program(service.name)
            deadline = time.monotonic() + SERVICE_SECONDS
            while not services.is_ready(service):
                switch.check()
                if not supervisor.is_alive():
                    raise SupervisorFailed(f"supervisord ended; see {supervisor.log}")
                if time.monotonic() > deadline:
                    raise StartFailed(f"{service.name} did not start; see {services.log(service)}")
                time.sleep(POLL_SECONDS)

    def _start_application(
        self, steps: Steps, supervisor: Supervisor, vllm: VllmServer | None, switch: StopSwitch
    ) -> None:
        """Starts the web server during the migrations, and the workers once its address answers."""
        self._tell("Migrating the database ...")
        if self._runs("web"):
            steps.collect_static()
            supervisor.start_program("web")
        steps.migrate()
        if self.with_demo:
            self._tell("Preparing the demo campaign ...")
            self._print_logins(steps.demo(self._tell))
        if self._runs("web"):
            self._wait_for_address(supervisor, switch)
        if vllm is not None:
            self._wait_for_vllm(vllm, supervisor, switch)
        for name in (*(program.name for program in workers()), "beat"):
            if self._runs(name):
                supervisor.start_program(name)

    def _print_logins(self, logins: list[tuple[str, str]]) -> None:
        """Printed before the address is known: if the start fails after this, the passwords must not be lost."""
        if logins:
            self._tell("\nLog in as (shown only once; only hashes are stored):")
            for name, password in logins:
                self._tell(f"    {name:<12}{password}")

    def _wait_for_address(self, supervisor: Supervisor, switch: StopSwitch) -> None:
        deadline = time.monotonic() + ADDRESS_SECONDS
        while not _answers(f"{self.address}healthz"):
            switch.check()
            if time.monotonic() > deadline or supervisor.states()["web"].is_failing:
                raise StartFailed(f"The web server did not start; see {self.var.logs / 'web.log'}")
            time.sleep(POLL_SECONDS)

    def _wait_for_vllm(self, vllm: VllmServer, supervisor: Supervisor, switch: StopSwitch) -> None:
        """Waits for the model to load. A server that cannot load it dies late, so a new process id means a failure."""
        deadline, first_pid = time.monotonic() + VLLM_SECONDS, 0
        while not vllm.is_ready():
            switch.check()
            state = supervisor.states()["vllm"]
            first_pid = first_pid or state.pid
            if time.monotonic() > deadline or state.is_failing or (state.pid and state.pid != first_pid):
                raise StartFailed(f"The vLLM server did not start; see {self.var.logs / 'vllm.log'}")
            time.sleep(10 * POLL_SECONDS)
        self._tell("The vLLM server is ready.")

    def _greet(self) -> None:
        self._tell("")
        if self._runs("web"):
            self._tell(f"Chosen is ready: {self.address}")
            self._tell("To reset a password: .venv/bin/python manage.py changepassword NAME")
        self._tell(f"Logs: {self.var.logs}. Press Ctrl-C to stop everything.")

    def _watch(self, supervisor: Supervisor, switch: StopSwitch) -> None:
        """Reports what happens to the programs; returns when supervisord has died. Raises StopRequested."""
        watch = Watch(self.var, self._tell)
        while supervisor.is_alive():
            switch.check()
            with contextlib.suppress(SupervisorFailed):  # busy or just being killed: the next check will tell
                watch.check(supervisor.states())
            time.sleep(WATCH_SECONDS)


class Watch:
    """Compares the programs' states with the previous ones and reports changes."""

    def __init__(self, var: VarDirectory, say: Say) -> None:
        self._var = var
        self._say = say
        self._previous: dict[str, ProcessState] = {}

    def check(self, states: Mapping[str, ProcessState]) -> None:
        """Compares new states with the previous ones. The first call only lists the programs."""
        if not self._previous:
            self._say(f"Running: {', '.join(states)}.")
        for name, state in states.items():
            previous = self._previous.get(name)
            if state.state == "STOPPED" and previous is not None:
                self._say(f"{name} was stopped. It restarts when it is needed.")
                self._previous.pop(name)
            if previous is None:
                continue
            if state.is_failing and not previous.is_failing:
                self._say(f"{name} keeps failing and is retried; see {self._var.logs / f'{name}.log'}")
            elif state.is_running and (previous.pid, previous.start) != (state.pid, state.start):
                self._say(f"{name} died and was restarted.")
                self._end_orphans(name, state)
        settled = {name: state for name, state in states.items() if state.is_running or state.is_failing}
        self._previous = {**self._previous, **settled}

    def _end_orphans(self, name: str, state: ProcessState) -> None:
        """Ends the children of the dead process: the new one does not know them, and no job must run twice."""
        family = {state.pid}
        orphans = []
        for process in processes_of(self._var.path, program=name):
            if process.pid not in family and family.isdisjoint(parent.pid for parent in process.parents()):
                orphans.append(process)
        end_processes(orphans, grace_seconds=LEFTOVER_SECONDS)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - our own http:// address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
