"""Child processes that die with the worker that started them, and telling whether a process of old still lives.

The engine and the embedded sampler run as children: their memory and their CUDA context die with them. No Django here.
"""

import contextlib
import ctypes
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Self

import psutil

END_GRACE_SECONDS = 60.0
READ_BYTES = 1 << 16
LONGEST_TAIL = 1 << 16  # a log is looked at every second, however long it has grown
PR_SET_PDEATHSIG = 1
PROJECT_DIR = Path(__file__).resolve().parent.parent


def _host() -> str:
    """This machine as far as process ids go: containers of one name still count their processes apart."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = "pid"
    return f"{socket.gethostname()}/{namespace}"


def identify(pid: int) -> str:
    """A process as "host|pid|start time": a process id alone may mean another program by now. Empty if it is gone."""
    try:
        return f"{_host()}|{pid}|{psutil.Process(pid).create_time():.2f}"
    except psutil.Error:
        return ""


def this_process() -> str:
    """The identity of the process that asks."""
    return identify(os.getpid())


def is_alive(identity: str) -> bool | None:
    """Whether an identified process still lives; None where that cannot be seen from here (another machine)."""
    host, _, rest = identity.partition("|")
    if not identity:
        return False
    if host != _host():
        return None
    process = _find(rest)
    return process is not None


def _find(pid_and_start: str) -> psutil.Process | None:
    pid, _, started = pid_and_start.partition("|")
    try:
        process = psutil.Process(int(pid))
        same = f"{process.create_time():.2f}" == started and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError):
        return None
    return process if same else None


def end_identified(identity: str, *, grace_seconds: float = END_GRACE_SECONDS) -> bool:
    """Ends a process of this machine by its identity, politely first; returns whether there was one to end."""
    if not is_alive(identity):
        return False
    process = _find(identity.partition("|")[2])
    if process is None:
        return False
    with contextlib.suppress(psutil.Error):
        process.terminate()
        process.wait(grace_seconds)
    with contextlib.suppress(psutil.Error):
        process.kill()
        process.wait(grace_seconds)
    return True


def _die_with_parent() -> Callable[[], None] | None:
    """What a child does before its program starts: ask the kernel for a SIGTERM when its parent dies (Linux)."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we asked
            os._exit(128 + signal.SIGTERM)

    return ask


class LineChild:
    """A child process that speaks JSON lines on stdout, and may be fed lines on stdin.

    It has a session of its own, so that a Ctrl-C meant for the worker does not reach it, and it is told to end when the
    worker dies. Its stderr goes to `log` (appended).
    """

    def __init__(self, command: list[str], *, log: Path, feedable: bool = False) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "ab") as handle:
            self._log_begins = handle.tell()
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE if feedable else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=handle,
                cwd=PROJECT_DIR,
                start_new_session=True,
                preexec_fn=_die_with_parent(),
            )
        self.log = log
        self.identity = identify(self.process.pid)
        self.ended_output = False
        self._partial = b""
        self._unsent = b""
        self._selector = selectors.DefaultSelector()
        for stream, event in ((self.process.stdout, selectors.EVENT_READ), (self.process.stdin, selectors.EVENT_WRITE)):
            if stream is not None:
                os.set_blocking(stream.fileno(), False)
                if event == selectors.EVENT_READ:
                    self._selector.register(stream, event)

    def messages(self, timeout: float, more: Iterator[bytes] | None = None) -> list[dict[str, Any]]:
        """What it said since the last call, waiting at most `timeout` seconds for something.

        `more` are lines for its stdin, taken only as fast as it reads them; its end closes stdin. None: stdin is left
        alone, for those who `say` something.
        Sets `ended_output` at the end of its stdout. A line that is not a JSON object is left out.
        """
        stdin = self.process.stdin
        if more is not None and stdin is not None and not stdin.closed and stdin not in self._selector.get_map():
            self._selector.register(stdin, selectors.EVENT_WRITE)
        found: list[dict[str, Any]] = []
        deadline = time.monotonic() + timeout
        while not found and not self.ended_output:
            ready = self._selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                break
            for key, _ in ready:
                if key.fileobj is self.process.stdout:
                    found.extend(self._read())
                else:
                    self._feed(more)
        return found

    def _read(self) -> list[dict[str, Any]]:
        assert self.process.stdout is not None
        data = os.read(self.process.stdout.fileno(), READ_BYTES)
        if not data:
            self.ended_output = True
            self._selector.unregister(self.process.stdout)
        *lines, self._partial = (self._partial + data).split(b"\n")
        return [message for message in map(_parse, lines) if message is not None]

    def _feed(self, more: Iterator[bytes] | None) -> None:
        stdin = self.process.stdin
        assert stdin is not None
        if not self._unsent:
            self._unsent = next(more, b"") if more is not None else b""
        if not self._unsent:
            self._close(stdin)
            return
        try:
            self._unsent = self._unsent[os.write(stdin.fileno(), self._unsent) :]
        except BlockingIOError:
            return
        except BrokenPipeError:  # it ended; what it said last is still to be read
            self._close(stdin)

    def say(self, line: bytes) -> None:
        """Writes a short line to its stdin, at once. Nothing happens if it has ended."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            os.write(self.process.stdin.fileno(), line)

    def say_no_more(self) -> None:
        """Closes its stdin."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    def _close(self, stdin: IO[bytes]) -> None:
        self._selector.unregister(stdin)
        with contextlib.suppress(BrokenPipeError):
            stdin.close()

    def wait(self) -> int:
        """Its exit code (negative: the signal that ended it)."""
        return self.process.wait()

    def end(self, *, grace_seconds: float = END_GRACE_SECONDS) -> int:
        """Ends it if it still runs: SIGTERM, SIGKILL to its whole group after the grace. Returns the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(grace_seconds)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait()

    def log_tail(self, lines: int = 40) -> str:
        """The last lines of its log, of those that were not there before it."""
        return tail(self.log, lines, begin=self._log_begins)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()
        self._selector.close()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


def tail(path: Path, lines: int = 40, *, begin: int = 0) -> str:
    """The last lines of a text file, at most LONGEST_TAIL bytes and none before `begin`; empty if there is none."""
    try:
        with open(path, "rb") as handle:
            handle.seek(max(begin, handle.seek(0, os.SEEK_END) - LONGEST_TAIL))
            return "\n".join(handle.read(LONGEST_TAIL).decode("utf-8", "replace").splitlines()[-lines:]).strip()
    except FileNotFoundError:
        return ""
