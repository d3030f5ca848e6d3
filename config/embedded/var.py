"""The directory of one installation: data, secrets, remembered ports, logs and locks."""

from __future__ import annotations

import contextlib
import json
import os
import random
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

PROJECT_DIR = Path(__file__).resolve().parent.parent.parent

# Below the range that Linux and macOS use for outgoing connections, so that a remembered port stays free.
PORTS = range(20_000, 32_000)
PORT_ATTEMPTS = 200


class NoFreePort(RuntimeError):
    """No port in the range could be bound on the loopback address."""


def port_is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on host:port at this moment."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # ignore connections in TIME_WAIT
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def write_private(path: Path, text: str) -> None:
    """Atomically writes a file that only this user can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
    temporary.replace(path)


@dataclass(frozen=True)
class VarDirectory:
    """The paths under one `var/`."""

    path: Path

    @classmethod
    def from_environment(cls) -> VarDirectory:
        """The directory in CHOSEN_VAR, or the project's `var/`."""
        return cls(Path(os.environ.get("CHOSEN_VAR") or PROJECT_DIR / "var").absolute())

    @property
    def logs(self) -> Path:
        return self.path / "log"

    @property
    def runtime(self) -> Path:
        """Locks, generated configuration and remembered ports: not needed once everything is stopped."""
        return self.path / "run"

    @property
    def secrets(self) -> Path:
        return self.path / "secrets"

    def create(self) -> None:
        """Creates the directories; those of the secrets and of the logs are for this user only."""
        for directory in (self.logs, self.runtime, self.secrets):
            directory.mkdir(parents=True, exist_ok=True)
        for directory in (self.secrets, self.logs):
            directory.chmod(0o700)

    def secret(self, name: str) -> str:
        """The secret with this name, generated once."""
        path = self.secrets / name
        if not path.exists():
            write_private(path, secrets.token_urlsafe(48))
        return path.read_text(encoding="utf-8").strip()

    def free_port(self, name: str) -> int:
        """A free port on 127.0.0.1: the last one used, unless another program has taken it."""
        remembered = self._remembered_ports()
        port = remembered.get(name)
        if port is None or not port_is_free(port):
            port = self._choose_port(set(remembered.values()))
            write_private(self.runtime / "ports.json", json.dumps({**remembered, name: port}))
        return port

    def _remembered_ports(self) -> dict[str, int]:
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            return {str(k): int(v) for k, v in json.loads((self.runtime / "ports.json").read_text()).items()}
        return {}

    @staticmethod
    def _choose_port(taken: set[int]) -> int:
        choice = random.SystemRandom()
        for _ in range(PORT_ATTEMPTS):
            port = choice.choice(PORTS)
            if port not in taken and port_is_free(port):
                return port
        raise NoFreePort(f"No port between {PORTS.start} and {PORTS.stop} is free on 127.0.0.1.")
