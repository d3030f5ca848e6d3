"""The commands that run before the application starts. Each can be stopped at any moment."""

import hashlib
import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from config.embedded import VarDirectory
from config.embedded.var import PROJECT_DIR

POLL_SECONDS = 0.1
END_SECONDS = 10.0


class StepFailed(RuntimeError):
    """A step failed; carries the end of its output."""


class StopRequested(Exception):
    """The user stops the platform."""


@dataclass(frozen=True)
class Steps:
    """Runs Django commands with the services running. should_stop: called continually while a command runs."""

    var: VarDirectory
    environment: Mapping[str, str]
    should_stop: Callable[[], bool]

    def migrate(self) -> None:
        """Migrates the database."""
        self._quietly("migrate", "--no-input", "--verbosity", "1")

    def collect_static(self) -> None:
        """Collects the static files under their hashed names, unless nothing has changed since the last time."""
        stamp = self.var.runtime / "static-files"
        digest = _digest_of_static_files()
        if stamp.exists() and stamp.read_text() == digest and (self.var.path / "static").exists():
            return
        self._quietly("collectstatic", "--no-input", "--clear")
        stamp.write_text(digest)

    def demo(self, say: Callable[[str], None]) -> list[tuple[str, str]]:
        """Prepares the base model, the demo campaign and its people; returns (name, password) of the new accounts."""
        logins = []

        def relay(line: str) -> None:
            word, *rest = line.split()
            if word == "login:" and len(rest) == 2:
                logins.append((rest[0], rest[1]))
            else:
                say(f"  {line}")

        child = self._start(["demo"], subprocess.PIPE)
        reader = threading.Thread(target=_each_line, args=(child, relay))
        reader.start()
        try:
            self._wait(child)
        finally:
            reader.join()
        return logins

    def _quietly(self, *command: str) -> None:
        with open(self.var.logs / "setup.log", "ab+") as log:
            begin = log.seek(0, os.SEEK_END)
            try:
                self._wait(self._start(list(command), log.fileno()))
            except StepFailed as failure:
                log.seek(begin)
                last_lines = log.read().decode("utf-8", "replace").strip().splitlines()[-12:]
                raise StepFailed("\n".join([str(failure), *last_lines])) from None

    def _start(self, command: list[str], output: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "manage.py", *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=PROJECT_DIR,
            env=dict(self.environment),
            start_new_session=True,  # ended by this process in order, not by the terminal
        )

    def _wait(self, child: subprocess.Popen[bytes]) -> None:
        while child.poll() is None:
            if self.should_stop():
                _end(child)
                raise StopRequested
            time.sleep(POLL_SECONDS)
        if child.returncode != 0:
            assert isinstance(child.args, list)
            command = " ".join(str(word) for word in child.args[1:])
            raise StepFailed(f"{command} failed (exit code {child.returncode}).")


def _each_line(child: subprocess.Popen[bytes], act: Callable[[str], None]) -> None:
    assert child.stdout is not None
    with child.stdout:
        for line in child.stdout:
            if line.strip():
                act(line.decode("utf-8", "replace").rstrip())


def _end(child: subprocess.Popen[bytes]) -> None:
    os.killpg(child.pid, signal.SIGTERM)
    try:
        child.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _digest_of_static_files() -> str:
    """A digest of our files and of the packages with static files; a second cheaper than collecting them."""
    digest = hashlib.sha256()
    django = importlib.util.find_spec("django")
    sources = [PROJECT_DIR / "frontend", PROJECT_DIR / "config" / "staticfiles.py", PROJECT_DIR / "requirements"]
    sources += [Path(django.origin).parent / "__init__.py"] if django and django.origin else []
    for source in sources:
        for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
            status = path.stat()
            digest.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
