"""Rows side by side: on a CPU every lane is a thread that computes a row of its own on its share of the cores.

One row on all cores waits for the slowest of them after every single operation, and the small operations keep one core
busy. Two rows on a core each do not wait for one another, and the sum is taken in the rows' order: the same bits in
every run, whichever is ready first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 4  # lanes where none are asked for: a step of few pairs has no long rows for more


def _most_busy(threads: int) -> int:
    """How many lanes keep the most threads busy, up to MOST; the most of those that do."""
    return max(range(min(2, threads), min(MOST, threads) + 1), key=lambda lanes: (threads // lanes * lanes, lanes))


class Lanes:
    """``count`` rows at a time; one lane is the calling thread itself."""

    def __init__(self, count: int = 1) -> None:
        """``count``: 0 chooses one for each of torch's threads, up to MOST, or fewer where that leaves fewer idle:
        all lanes have the same share, or the bits would depend on the lane. Never more than there are threads."""
        threads = torch.get_num_threads()
        self.count = min(count, threads) or _most_busy(threads)
        self._pool: ThreadPoolExecutor | None = None
        if self.count > 1:
            # In a new thread this is its own number, which leaves the others' alone.
            share = (threads // self.count,)
            self._pool = ThreadPoolExecutor(self.count, "lane", initializer=torch.set_num_threads, initargs=share)

    def each(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Generator[tuple[Item, Result], None, None]:
        """Every item with its result, in the items' order.

        What ``work`` needs of torch's per-thread state (no_grad) it sets itself. When an error or a caller who has
        enough ends this early, what has begun is waited for: afterwards nothing computes any more.
        """
        if self._pool is None:
            for item in items:
                yield item, work(item)
            return
        left, waiting = iter(items), deque[tuple[Item, Future[Result]]]()
        try:
            while True:
                for item in islice(left, 2 * self.count - len(waiting)):
                    waiting.append((item, self._pool.submit(work, item)))
                if not waiting:
                    return
                item, future = waiting.popleft()
                yield item, future.result()
        finally:
            for _, future in waiting:
                if not future.cancel():
                    future.exception()
