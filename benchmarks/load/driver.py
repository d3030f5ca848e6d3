"""The driver: annotators who judge without pauses, and the times they measure."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.load.system import Annotator


@dataclass(frozen=True)
class Load:
    """One cell. by_annotator: for each annotator, the milliseconds to submit a judgment and receive the next pair."""

    seconds: float
    by_annotator: list[list[float]]
    errors: list[str]

    @property
    def milliseconds(self) -> list[float]:
        """The times of all annotators."""
        return [value for own in self.by_annotator for value in own]

    @property
    def judgments(self) -> int:
        """Number of judgments."""
        return len(self.milliseconds)

    @property
    def per_second(self) -> float:
        """Judgments per second of all annotators together."""
        return self.judgments / self.seconds

    def percentile(self, share: float) -> float:
        """A percentile of the milliseconds."""
        return float(np.percentile(self.milliseconds, share)) if self.milliseconds else float("nan")


def put_under_load(annotators: Sequence[Annotator], seconds: float) -> Load:
    """All annotators judge at once until the time is over or nothing is left."""
    times: list[list[float]] = [[] for _ in annotators]
    errors: list[str] = []
    start = threading.Barrier(len(annotators) + 1)
    end = [0.0]

    def work(number: int) -> None:
        start.wait()
        try:
            while (before := time.perf_counter()) < end[0] and annotators[number].judge_one():
                times[number].append((time.perf_counter() - before) * 1000)
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}"[:300])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(annotators))]
    for thread in threads:
        thread.start()
    began = time.perf_counter()
    end[0] = began + seconds
    start.wait()
    for thread in threads:
        thread.join()
    return Load(time.perf_counter() - began, times, errors)
