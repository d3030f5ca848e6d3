"""The interface between the driver and a system, and the system's server processes."""

import os
import signal
import socket
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg

from benchmarks.load.http import Connection

SERVER_PROCESSES = 4
SERVER_THREADS = 8
START_SECONDS = 300


class DidNotStart(RuntimeError):
    """A server did not answer in time; names its log."""


class Annotator(ABC):
    """An annotator with a separate connection."""

    @abstractmethod
    def judge_one(self) -> bool:
        """Judges the current pair and receives the next one; False if nothing was left."""


@dataclass(frozen=True)
class Counts:
    """Counts in the database after the load. labeled: pairs with at least one judgment."""

    judgments: int
    labeled: int
    over_labeled: int
    twice_by_one: int


class System(ABC):
    """A labeling system with its servers running."""

    name: str
    version: str

    @abstractmethod
    def add_pairs(self, name: str, records: list[dict[str, Any]], *, overlap: int, annotators: int) -> Any:
        """Creates a project with these pairs and people, ready to judge; returns its id."""

    @abstractmethod
    def annotator(self, project: Any, number: int) -> Annotator:
        """The annotator with that number, connected, before the first pair."""

    @abstractmethod
    def counts(self, project: Any, *, overlap: int) -> Counts:
        """The counts in the system's own tables."""

    @abstractmethod
    def add_judged(self, name: str, records: list[dict[str, Any]]) -> Any:
        """Creates a project with these pairs, each judged once; returns its id."""

    @abstractmethod
    def export(self, project: Any) -> int:
        """Exports all judgments over HTTP; returns the number of bytes."""

    @property
    @abstractmethod
    def processes(self) -> list[psutil.Process]:
        """The server's processes."""


def free_port() -> int:
    """A free port on the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def server(command: list[str], *, port: int, path: str, log: Path, **where: Any) -> Iterator[psutil.Process]:
    """A server process that runs during the block and then ends with all its children."""
    with open(log, "wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, **where)
    try:
        _wait(process, port, path, log)
        yield psutil.Process(process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            Connection(port).call("GET", path, accept=(401, 403, 404))
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise DidNotStart(f"{process.args!r} does not answer; see {log}")


class PeakMemory:
    """The largest resident memory of any process of a server during the block, and its growth since the start.

    every: seconds between two samples.
    """

    def __init__(self, processes: list[psutil.Process], *, every: float = 0.02) -> None:
        self.processes = processes
        self.every = every

    def __enter__(self) -> "PeakMemory":
        self.before = {process.pid: process.memory_info().rss for process in self.processes}
        self.peak = dict(self.before)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(self.every):
            for process in self.processes:
                self.peak[process.pid] = max(self.peak[process.pid], process.memory_info().rss)

    @property
    def most(self) -> int:
        """Bytes."""
        return int(max(self.peak.values()))

    @property
    def growth(self) -> int:
        """Bytes."""
        return int(max(self.peak[pid] - self.before[pid] for pid in self.peak))


def new_database(url: str, name: str) -> str:
    """Creates an empty database on the server of `url`, replacing that of an earlier run; returns its address."""
    name = f"benchmark_{name}"
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in ("DROP DATABASE IF EXISTS {} WITH (FORCE)", "CREATE DATABASE {}"):
            connection.execute(psycopg.sql.SQL(statement).format(psycopg.sql.Identifier(name)))
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def environment(changes: Mapping[str, str]) -> dict[str, str]:
    """This process's environment, with changes."""
    return {**os.environ, **changes}
