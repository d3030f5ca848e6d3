"""What is done before the application starts: each a command that ends, stopped at once when the user wants out."""

import hashlib
import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from config.embedded import VarDirectory
from config.embedded.var import PROJECT_DIR

POLL_SECONDS = 0.1
END_SECONDS = 10.0
DEMO_COMMAND = "bootstrap_demo"


class StepFailed(RuntimeError):
    """A step ended with an error; carries its last words."""


class StopRequested(Exception):
    """The user wants out."""


@dataclass(frozen=True)
class Steps:
    """Runs Django commands with the services up. `should_stop` is asked all the time."""

    var: VarDirectory
    environment: Mapping[str, str]
    should_stop: Callable[[], bool]

    def migrate(self) -> None:
        """Brings the tables up to date."""
        self._quietly("migrate", "--no-input", "--verbosity", "1")

    def collect_static(self) -> None:
        """Puts the static files in place under their hashed names, unless nothing changed since the last time."""
        stamp = self.var.runtime / "static-files"
        digest = _digest_of_static_files()
        if stamp.exists() and stamp.read_text() == digest and (self.var.path / "static").exists():
            return
        self._quietly("collectstatic", "--no-input", "--clear")
        stamp.write_text(digest)

    def demo(self) -> None:
        """The base model, the demo campaign and its people; says on the terminal how to log in."""
        self._run([DEMO_COMMAND], output=None)

    def _quietly(self, *command: str) -> None:
        with open(self.var.logs / "setup.log", "ab+") as log:
            begin = log.seek(0, os.SEEK_END)
            try:
                self._run(list(command), output=log.fileno())
            except StepFailed as failure:
                log.seek(begin)
                last_words = log.read().decode("utf-8", "replace").strip().splitlines()[-12:]
                raise StepFailed("\n".join([str(failure), *last_words])) from None

    def _run(self, command: list[str], *, output: int | None) -> None:
        child = subprocess.Popen(
            [sys.executable, "manage.py", *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT if output is not None else None,
            cwd=PROJECT_DIR,
            env=dict(self.environment),
            start_new_session=True,  # it is ended from here, in order, not by the terminal
        )
        while child.poll() is None:
            if self.should_stop():
                _end(child)
                raise StopRequested
            time.sleep(POLL_SECONDS)
        if child.returncode != 0:
            raise StepFailed(f"manage.py {' '.join(command)} failed (exit code {child.returncode}).")


def _end(child: subprocess.Popen[bytes]) -> None:
    os.killpg(child.pid, signal.SIGTERM)
    try:
        child.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _digest_of_static_files() -> str:
    """Changes when a file of ours or a package that brings files does; cheaper than collecting by a second."""
    digest = hashlib.sha256()
    django = importlib.util.find_spec("django")
    sources = [PROJECT_DIR / "frontend", PROJECT_DIR / "config" / "staticfiles.py", PROJECT_DIR / "requirements"]
    sources += [Path(django.origin).parent / "__init__.py"] if django and django.origin else []
    for source in sources:
        for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
            status = path.stat()
            digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
