"""supervisord: the process manager that starts the programs, restarts them when they die, and stops them together."""

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from supervisor.xmlrpc import Faults, SupervisorTransport

from config.embedded import VarDirectory
from config.embedded.var import PROJECT_DIR, write_private
from config.platform.programs import SERVICE_PRIORITY, Program

# The kernel limits the path of a Unix socket to 104 bytes on macOS and 108 on Linux.
SOCKET_PATH_LIMIT = 100
ANSWER_SECONDS = 15.0
APPLICATION = "application"

# A program that fails at once is retried after 1, 2, 3 ... seconds, for days, and never given up.
RETRIES = 1000


class SupervisorFailed(RuntimeError):
    """supervisord did not start or does not answer; names its log."""


@dataclass(frozen=True)
class ProcessState:
    """The state of one program in supervisord. pid: 0 while it is not running."""

    name: str
    state: str
    pid: int
    start: int
    detail: str

    @property
    def is_running(self) -> bool:
        return self.state == "RUNNING"

    @property
    def is_failing(self) -> bool:
        """Whether it died right after its start; supervisord retries it."""
        return self.state in ("BACKOFF", "FATAL")


class Supervisor:
    """One supervisord and its programs. environment: that of every program."""

    def __init__(self, var: VarDirectory, programs: Sequence[Program], environment: dict[str, str]) -> None:
        self._var = var
        self._programs = programs
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_home: Path | None = None

    @property
    def log(self) -> Path:
        return self._var.logs / "supervisord.log"

    def start(self) -> None:
        """Starts supervisord, without any program. Raises SupervisorFailed."""
        path = self._var.runtime / "supervisord.conf"
        write_private(path, self._configuration())
        with open(self._var.logs / "supervisord.out", "ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "config.platform.manager", "--nodaemon", "--configuration", str(path)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=PROJECT_DIR,
                env=self._environment,
                start_new_session=True,  # Ctrl-C in the terminal must not reach all programs at once
            )
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline and self.is_alive():
            with contextlib.suppress(SupervisorFailed):
                self.states()
                return
            time.sleep(0.05)
        raise SupervisorFailed(f"supervisord did not start; see {self.log}")

    def is_alive(self) -> bool:
        """Whether supervisord is running."""
        return self._process is not None and self._process.poll() is None

    def start_program(self, name: str) -> None:
        """Starts one program without waiting for it; one that dies at once is retried. Raises SupervisorFailed."""
        program = next(program for program in self._programs if program.name == name)
        try:
            self._interface().startProcess(name if program.is_service else f"{APPLICATION}:{name}", False)
        except xmlrpc.client.Fault as fault:
            # It was started and had died again before the answer: a state like any other, which `states` shows.
            if fault.faultCode != Faults.SPAWN_ERROR:
                raise SupervisorFailed(f"{name} could not be started ({fault}); see {self.log}") from fault
        except (OSError, HTTPException, xmlrpc.client.Error) as error:
            raise SupervisorFailed(f"{name} could not be started ({error}); see {self.log}") from error

    def states(self) -> dict[str, ProcessState]:
        """The state of every program by name. Raises SupervisorFailed."""
        try:
            answers = self._interface().getAllProcessInfo()
        except (OSError, HTTPException, xmlrpc.client.Error) as error:
            raise SupervisorFailed(f"supervisord does not answer ({error}); see {self.log}") from error
        assert isinstance(answers, list)
        return {
            answer["name"]: ProcessState(
                answer["name"], answer["statename"], answer["pid"], answer["start"], answer["description"]
            )
            for answer in answers
        }

    def stop(self, *, limit_seconds: float) -> None:
        """Stops all programs (services last) and supervisord, by force after the limit."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(limit_seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._socket_home is not None:
            shutil.rmtree(self._socket_home, ignore_errors=True)
            self._socket_home = None

    @property
    def _socket(self) -> Path:
        path = self._var.runtime / "supervisor.sock"
        if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT:
            return path
        if self._socket_home is None:
            self._socket_home = Path(tempfile.mkdtemp(prefix="chosen-"))
        return self._socket_home / "supervisor.sock"

    def _interface(self) -> "xmlrpc.client._Method":
        transport = SupervisorTransport(serverurl=f"unix://{self._socket}")
        return xmlrpc.client.ServerProxy("http://localhost", transport=transport).supervisor

    def _configuration(self) -> str:
        sections = [
            _section(
                "supervisord",
                logfile=self.log,
                logfile_maxbytes="10MB",
                logfile_backups="1",
                pidfile=self._var.runtime / "supervisord.pid",
                childlogdir=self._var.logs,
                silent="true",
                **({"user": "root"} if os.geteuid() == 0 else {}),  # explicit, or supervisord warns
            ),
            _section("unix_http_server", file=self._socket, chmod="0700"),
            _section(
                "rpcinterface:supervisor",
                **{"supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"},
            ),
            *(self._program_section(program) for program in self._programs),
        ]
        # The programs of a group stop together; groups stop one after the other, the services last.
        members = [program.name for program in self._programs if not program.is_service]
        if members:
            sections.append(_section(f"group:{APPLICATION}", programs=",".join(members), priority="900"))
        return "\n".join(sections)

    def _program_section(self, program: Program) -> str:
        pairs = ",".join(f'{name}="{value}"' for name, value in program.environment.items())
        return _section(
            f"program:{program.name}",
            command=" ".join(shlex.quote(argument) for argument in program.command),
            directory="/" if program.is_service else PROJECT_DIR,  # a service's account may have no access to ours
            autostart="false",  # lifecycle.py starts them in order
            autorestart="true",
            startsecs="1",
            startretries=RETRIES,
            stopsignal=program.stop_signal,
            stopwaitsecs=program.stop_seconds,
            killasgroup="true",
            priority=SERVICE_PRIORITY if program.is_service else 900,
            redirect_stderr="true",
            stdout_logfile=self._var.logs / f"{program.name}.log",
            stdout_logfile_maxbytes="10MB",
            stdout_logfile_backups="2",
            **({"user": program.user} if program.user else {}),
            **({"environment": pairs} if pairs else {}),
        )


def _section(title: str, **options: object) -> str:
    # A percent sign starts an expansion in supervisord's files.
    lines = [f"{name}={str(value).replace('%', '%%')}" for name, value in options.items()]
    return "\n".join([f"[{title}]", *lines, ""])
