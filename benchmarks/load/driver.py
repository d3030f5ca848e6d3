"""Annotators who judge without thinking, and what they saw."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.load.system import Annotator


@dataclass(frozen=True)
class Load:
    """One cell. by_annotator: milliseconds of submitting a judgment and having the next pair, for each of them."""

    seconds: float
    by_annotator: list[list[float]]
    errors: list[str]

    @property
    def milliseconds(self) -> list[float]:
        """Of all annotators."""
        return [value for own in self.by_annotator for value in own]

    @property
    def judgments(self) -> int:
        """How many were made."""
        return len(self.milliseconds)

    @property
    def per_second(self) -> float:
        """Judgments a second of all annotators together."""
        return self.judgments / self.seconds

    def percentile(self, share: float) -> float:
        """Milliseconds that this share of the judgments stayed under."""
        return float(np.percentile(self.milliseconds, share)) if self.milliseconds else float("nan")


def put_under_load(annotators: Sequence[Annotator], seconds: float) -> Load:
    """All judge at once until the time is over or nothing is left."""
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
