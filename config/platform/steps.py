"""What is done before the application starts: each a command that ends, stopped at once when the user wants out."""

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

    def demo(self, say: Callable[[str], None]) -> list[tuple[str, str]]:
        """The base model, the demo campaign and its people; returns (name, password) of those made just now."""
        logins = []

        def relay(line: str) -> None:
            word, *rest = line.split()
            if word == "login:" and len(rest) == 2:
                logins.append((rest[0], rest[1]))
            else:
                say(f"  {line}")

        child = self._start(["bootstrap_demo"], subprocess.PIPE)
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
                last_words = log.read().decode("utf-8", "replace").strip().splitlines()[-12:]
                raise StepFailed("\n".join([str(failure), *last_words])) from None

    def _start(self, command: list[str], output: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "manage.py", *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=PROJECT_DIR,
            env=dict(self.environment),
            start_new_session=True,  # it is ended from here, in order, not by the terminal
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
