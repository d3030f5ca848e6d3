"""JSON lines on stdout for the program that started us, a log for people on stderr, and the wish to stop."""

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
    """Write one event to stdout, at once. If its reader is gone the event is lost; the StopRequest will tell."""
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
        sys.stdout.flush()


def close_stdout() -> None:
    """Flush what is left, or throw it away if nobody reads it: the interpreter would complain at its end."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def log(text: str) -> None:
    """Write one line for people to stderr, if anyone still reads it."""
    with suppress(BrokenPipeError):
        print(text, file=sys.stderr, flush=True)


class StopRequest:
    """The wish to stop: SIGTERM or SIGINT came, or the program that reads our events died.

    Without the latter an orphan would train on and hold the run's folder while its successor wants it. Installed
    before torch is imported, so that no moment is unguarded.
    """

    def __init__(self) -> None:
        self._asked = False
        self._reader: select.poll | None = None

    def install(self) -> None:
        """Take both signals over and watch the other end of stdout."""
        signal.signal(signal.SIGTERM, lambda *_: self.ask())
        signal.signal(signal.SIGINT, lambda *_: self.ask())
        self._reader = select.poll()
        self._reader.register(_STDOUT, 0)  # errors and hang-ups are always reported, and nothing else is wanted

    def ask(self) -> None:
        """Wish it."""
        self._asked = True

    @property
    def requested(self) -> bool:
        """Whether to stop at the next good moment."""
        if self._reader is not None and any(state & select.POLLERR for _, state in self._reader.poll(0)):
            self._asked = True
        return self._asked

    def check(self) -> None:
        """Raise Cancelled if it is so."""
        if self.requested:
            raise Cancelled("cancelled before the first step")


@dataclass(frozen=True)
class Caller:
    """The program that started a run: it reads the run's events, and may want it to stop."""

    emit: Emit
    stop: StopRequest
