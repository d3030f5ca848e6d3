"""JSON lines on stdout for the program that started us, a log for people on stderr, and requests to stop."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from training.engine.errors import Cancelled

_STDOUT = 1
Emit = Callable[[dict[str, Any]], None]


def emit(event: dict[str, Any]) -> None:
    """Write one event to stdout at once. If its reader is gone, the event is lost and the StopRequest notices."""
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
        sys.stdout.flush()


def close_stdout() -> None:
    """Flush the rest, or drop it if nobody reads it: otherwise the interpreter would complain when it exits."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def log(text: str) -> None:
    """Write one line for people to stderr, if it still has a reader."""
    with suppress(BrokenPipeError):
        print(text, file=sys.stderr, flush=True)


class StopRequest:
    """A request to stop: SIGTERM or SIGINT arrived, or the program that reads our events died.

    Without the latter an orphan would go on training and keep the run's folder locked against its successor. Installed
    before torch is imported, so that signals are handled from the start.
    """

    def __init__(self) -> None:
        self._requested = False
        self._reader: select.poll | None = None

    def install(self) -> None:
        """Take both signals over and watch the other end of stdout."""
        signal.signal(signal.SIGTERM, lambda *_: self.ask())
        signal.signal(signal.SIGINT, lambda *_: self.ask())
        self._reader = select.poll()
        self._reader.register(_STDOUT, 0)  # errors and hang-ups are always reported, and nothing else is wanted

    def ask(self) -> None:
        """Request it."""
        self._requested = True

    @property
    def requested(self) -> bool:
        """Whether to stop at the next good moment."""
        if self._reader is not None and any(state & select.POLLERR for _, state in self._reader.poll(0)):
            self._requested = True
        return self._requested

    def check(self) -> None:
        """Raise Cancelled if a stop was requested."""
        if self.requested:
            raise Cancelled("cancelled before the first step")


@dataclass(frozen=True)
class Caller:
    """The program that started a run: it reads the run's events, and may want it to stop."""

    emit: Emit
    stop: StopRequest
