"""How fast a run goes and how long it will take."""

from __future__ import annotations

import time

from training.engine.events import Emit
from training.engine.learning.checkpoint import RunProgress


class ScoringReport:
    """Progress events of a pass over pairs without learning, which may take as long as an epoch."""

    def __init__(self, emit: Emit, what: str, total: int) -> None:
        self.emit, self.what, self.total = emit, what, total
        self.start = time.monotonic()

    def update(self, scored: int) -> None:
        """Emit that ``scored`` pairs of all are done."""
        rate = scored / max(time.monotonic() - self.start, 1e-9)
        self.emit(
            {
                "event": "scoring",
                "what": self.what,
                "pairs": scored,
                "of": self.total,
                "pairs_per_second": round(rate, 3),
                "remaining_seconds": round((self.total - scored) / rate, 1),
            }
        )


class Clock:
    """Training time over all processes of a run, and the rate of the steps of this one."""

    def __init__(self, progress: RunProgress) -> None:
        self.before = progress.seconds
        self.start = self.last = time.monotonic()
        self.steps = 0

    def seconds(self) -> float:
        """Seconds of training so far."""
        return self.before + time.monotonic() - self.start

    def rate(self, pairs: int, steps_left: int) -> tuple[float, float]:
        """Pairs per second of the step that just ended, and seconds left at the mean pace of this process."""
        now = time.monotonic()
        self.steps += 1
        rate = pairs / max(now - self.last, 1e-9)
        self.last = now
        return round(rate, 3), round((now - self.start) / self.steps * steps_left, 1)
