"""How fast a run goes and how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from training.engine.events import Emit
from training.engine.learning.checkpoint import RunProgress


class ScoringReport:
    """Progress events of a pass over pairs without learning, which may take as long as an epoch."""

    def __init__(self, emit: Emit, what: str, total: int, after: Callable[[], float | None] = lambda: None) -> None:
        """``after``: the seconds that follow this pass, or None while they are unknown."""
        self.emit, self.what, self.total, self.after = emit, what, total, after
        self.start = time.monotonic()
        self.rate = 0.0

    def update(self, scored: int) -> None:
        """Emit that ``scored`` pairs of all are done."""
        self.rate = scored / max(time.monotonic() - self.start, 1e-9)
        event: dict[str, Any] = {"event": "scoring", "what": self.what, "pairs": scored, "of": self.total}
        if scored:
            event["pairs_per_second"] = round(self.rate, 3)
            event["remaining_seconds"] = round((self.total - scored) / self.rate, 1)
        if (after := self.after()) is not None:
            event["after_seconds"] = round(after, 1)
        self.emit(event)


class Clock:
    """Training time over all processes of a run, and the rate of the steps of this one.

    Evaluations are timed apart: they take as long as many steps, and come seldom.
    """

    def __init__(self, progress: RunProgress) -> None:
        self.before = progress.seconds
        self.start = self.last = time.monotonic()
        self.steps = self.evaluations = 0
        self.stepping = self.evaluating = 0.0

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        """Around an evaluation: its time is no step's."""
        start = time.monotonic()
        yield
        now = time.monotonic()
        self.evaluations += 1
        self.evaluating += now - start
        self.last += now - start

    def evaluations_take(self, count: int) -> float:
        """Seconds of so many evaluations at the mean pace of those so far; 0 before the first."""
        return self.evaluating / self.evaluations * count if self.evaluations else 0.0

    def steps_take(self, count: int) -> float | None:
        """Seconds of so many steps at the mean pace of those of this process; None before the first."""
        return self.stepping / self.steps * count if self.steps else None

    def seconds(self) -> float:
        """Seconds of training so far."""
        return self.before + time.monotonic() - self.start

    def rate(self, pairs: int, steps_left: int) -> tuple[float, float]:
        """Pairs per second of the step that just ended, and seconds left at the mean pace of this process."""
        now = time.monotonic()
        took = max(now - self.last, 1e-9)
        self.steps, self.stepping, self.last = self.steps + 1, self.stepping + took, now
        return round(pairs / took, 3), round(self.stepping / self.steps * steps_left, 1)
