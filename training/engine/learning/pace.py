"""How fast a run goes and how long it will take."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from training.engine.events import Emit
from training.engine.learning.checkpoint import RunProgress

_TICK_SECONDS = 1.0
STOPPED_SECONDS = 10.0  # a longer gap between two ticks was no work: on the busiest machine a thread runs more often


class WorkTime:
    """Seconds in which this process ran. Time in which it was stopped (SIGSTOP, a frozen container) is left out."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """``now``: seconds that only grow. Someone must call ``seconds`` more often than every STOPPED_SECONDS."""
        self.now, self.last, self.total = now, now(), 0.0
        self.lock = threading.Lock()

    def seconds(self) -> float:
        """The seconds so far."""
        with self.lock:
            now = self.now()
            gap, self.last = now - self.last, now
            self.total += gap if gap <= STOPPED_SECONDS else 0.0
            return self.total

    def watch(self) -> None:
        """Look at the time until the process ends."""
        while True:
            self.seconds()
            time.sleep(_TICK_SECONDS)


@cache
def _of_this_process() -> WorkTime:
    work = WorkTime()
    threading.Thread(target=work.watch, name="work-time", daemon=True).start()
    return work


def working_seconds() -> float:
    """Seconds in which this process worked, since the first call."""
    return _of_this_process().seconds()


class ScoringReport:
    """Progress events of a pass over pairs without learning, which may take as long as an epoch."""

    def __init__(self, emit: Emit, what: str, total: int, after: Callable[[], float | None] = lambda: None) -> None:
        """``after``: the seconds that follow this pass, or None while they are unknown."""
        self.emit, self.what, self.total, self.after = emit, what, total, after
        self.start = working_seconds()
        self.rate = 0.0  # pairs per second of work; 0 before the first pair that took some
        self.known = 0

    def update(self, scored: int, known: int = 0) -> None:
        """Emit that ``scored`` pairs of all are done. ``known`` of those since the last call were read from disk: they
        took no time, and say nothing about the rest."""
        self.known += known
        computed = scored - self.known
        self.rate = computed / max(working_seconds() - self.start, 1e-9)
        event: dict[str, Any] = {"event": "scoring", "what": self.what, "pairs": scored, "of": self.total}
        if computed:
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
        self.start = self.last = working_seconds()
        self.steps = self.evaluations = 0
        self.stepping = self.evaluating = 0.0

    @contextmanager
    def evaluation(self) -> Iterator[None]:
        """Around an evaluation: its time is no step's."""
        start = working_seconds()
        yield
        now = working_seconds()
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
        return self.before + working_seconds() - self.start

    def rate(self, pairs: int, steps_left: int) -> tuple[float, float, float]:
        """Pairs per second of the step that just ended, and seconds left at the mean pace of this process: rounded for
        people. Last, the seconds that the step took, never 0: the rate of a slow step is rounded to 0."""
        now = working_seconds()
        took = max(now - self.last, 1e-9)
        self.steps, self.stepping, self.last = self.steps + 1, self.stepping + took, now
        return round(pairs / took, 3), round(self.stepping / self.steps * steps_left, 1), took
