"""JSON lines on stdout for the program that started us, a log for people on stderr, and the wish to stop."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from training.engine.errors import Cancelled

Emit = Callable[[dict[str, Any]], None]


def emit(event: dict[str, Any]) -> None:
    """Write one event to stdout, at once."""
    sys.stdout.write(json.dumps(event, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def log(text: str) -> None:
    """Write one line for people to stderr."""
    print(text, file=sys.stderr, flush=True)


class StopRequest:
    """Remembers that SIGTERM or SIGINT came. Installed before torch is imported, so that no moment is unguarded."""

    def __init__(self) -> None:
        self.requested = False

    def install(self) -> None:
        """Take both signals over."""
        signal.signal(signal.SIGTERM, self._remember)
        signal.signal(signal.SIGINT, self._remember)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.requested = True

    def check(self) -> None:
        """Raise Cancelled if a signal came."""
        if self.requested:
            raise Cancelled("cancelled by a signal")
