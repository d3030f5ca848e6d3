"""Child processes that end with the worker that started them, and a check whether an earlier process is still alive.

The engine and the embedded sampler run as children, so that their memory and CUDA context are freed when they end. No
Django here.
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
LONGEST_TAIL = 1 << 16  # logs are read every second, however long they are
PR_SET_PDEATHSIG = 1
PROJECT_DIR = Path(__file__).resolve().parent.parent


def _host() -> str:
    """The machine and its namespace of process ids: containers may share a host name and number processes apart."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = "pid"
    return f"{socket.gethostname()}/{namespace}"


def this_machine() -> str:
    """The machine, by the start of its kernel: the same in all containers that share its memory."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return socket.gethostname()[:80]


def identify(pid: int) -> str:
    """A process as "host|pid|start time", since a process id may be used again. Empty if the process has ended."""
    try:
        return f"{_host()}|{pid}|{psutil.Process(pid).create_time():.2f}"
    except psutil.Error:
        return ""


def this_process() -> str:
    """The identity of the calling process."""
    return identify(os.getpid())


def is_alive(identity: str) -> bool | None:
    """Whether an identified process is still alive. None: it is on another machine, so this cannot be seen."""
    host, _, rest = identity.partition("|")
    if not identity:
        return False
    if host != _host():
        return None
    process = _find(rest)
    return process is not None


def children_memory(identity: str) -> int | None:
    """Bytes of resident memory of an identified process's children; None: they cannot be seen from here."""
    if not is_alive(identity):
        return None
    process = _find(identity.partition("|")[2])
    total = 0
    with contextlib.suppress(psutil.Error):
        for child in process.children(recursive=True) if process else []:
            with contextlib.suppress(psutil.Error):
                total += child.memory_info().rss
    return total


def _find(pid_and_start: str) -> psutil.Process | None:
    pid, _, started = pid_and_start.partition("|")
    try:
        process = psutil.Process(int(pid))
        same = f"{process.create_time():.2f}" == started and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError):
        return None
    return process if same else None


def end_identified(identity: str, *, grace_seconds: float = END_GRACE_SECONDS) -> bool:
    """Ends a process of this machine: SIGTERM, and SIGKILL after the grace. Returns whether it was alive."""
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
    """A function to run in the child: it asks the kernel (Linux) for a SIGTERM when the parent dies."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def request_signal() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # the parent died before this request
            os._exit(128 + signal.SIGTERM)

    return request_signal


class LineChild:
    """A child process that writes JSON lines to stdout and may read lines from stdin.

    It runs in its own session, so that a Ctrl-C meant for the worker does not reach it, and the kernel ends it when the
    worker dies. Its stderr is appended to `log`. feedable: it reads stdin.
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
        """The messages since the last call; waits at most `timeout` seconds for one.

        more: lines for its stdin, taken only as fast as it reads them; their end closes stdin. None: stdin is left to
        `write`. Sets `ended_output` at the end of its stdout. Lines that are not JSON objects are left out.
        """
        stdin = self.process.stdin
        if more is not None and stdin is not None and not stdin.closed and stdin not in self._selector.get_map():
            self._selector.register(stdin, selectors.EVENT_WRITE)
        messages: list[dict[str, Any]] = []
        deadline = time.monotonic() + timeout
        while not messages and not self.ended_output:
            ready = self._selector.select(max(0.0, deadline - time.monotonic()))
            if not ready:
                break
            for key, _ in ready:
                if key.fileobj is self.process.stdout:
                    messages.extend(self._read())
                else:
                    self._feed(more)
        return messages

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
        except BrokenPipeError:  # it ended; its last output is still to be read
            self._close(stdin)

    def write(self, line: bytes) -> None:
        """Writes a short line to its stdin, at once. Does nothing if the process has ended."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            os.write(self.process.stdin.fileno(), line)

    def close_stdin(self) -> None:
        """Closes its stdin."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    def _close(self, stdin: IO[bytes]) -> None:
        self._selector.unregister(stdin)
        with contextlib.suppress(BrokenPipeError):
            stdin.close()

    def wait(self) -> int:
        """Waits for its end; returns the exit code (negative: the signal that ended it)."""
        return self.process.wait()

    def end(self, *, grace_seconds: float = END_GRACE_SECONDS) -> int:
        """Ends it if it still runs: SIGTERM, and SIGKILL to its group after the grace. Returns the exit code."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(grace_seconds)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGKILL)
        return self.process.wait()

    def log_tail(self, lines: int = 40) -> str:
        """The last lines of its log, without those that are older than the process."""
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
    """The last lines of a text file, at most LONGEST_TAIL bytes and none before byte `begin`. Empty: no such file."""
    try:
        with open(path, "rb") as handle:
            handle.seek(max(begin, handle.seek(0, os.SEEK_END) - LONGEST_TAIL))
            return "\n".join(handle.read(LONGEST_TAIL).decode("utf-8", "replace").splitlines()[-lines:]).strip()
    except FileNotFoundError:
        return ""
