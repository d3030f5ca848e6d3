"""Rows side by side: on a CPU every lane is a thread that computes a row of its own on its share of the cores.

A row on all cores waits for the slowest core after every operation, and small operations keep only one core busy. Two
rows on a core each do not wait for one another. Their gradients are summed in the rows' order, so that
every run gives the same bits, whichever row is ready first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 4  # lanes by default: a step of few pairs has no long rows for more


def _most_busy(threads: int) -> int:
    """The number of lanes, up to MOST, that keeps the most threads busy; the largest such number.

    L lanes of ``threads // L`` threads each keep ``threads // L * L`` of them busy.
    """
    return max(range(min(2, threads), min(MOST, threads) + 1), key=lambda lanes: (threads // lanes * lanes, lanes))


def ahead(items: Iterable[Item], prepare: Callable[[Item], Result]) -> Generator[Result, None, None]:
    """Every item as ``prepare`` makes it, in order. The next is prepared while the caller works on this one."""
    left = iter(items)
    with ThreadPoolExecutor(1, "ahead") as pool:
        following = pool.submit(_prepared, left, prepare)
        while result := following.result():
            following = pool.submit(_prepared, left, prepare)
            yield result[0]


def _prepared(left: Iterator[Item], prepare: Callable[[Item], Result]) -> tuple[Result] | None:
    """The next item, prepared; None: there is none. In another thread, where StopIteration could not be raised."""
    return next(((prepare(item),) for item in left), None)


class Lanes:
    """``count`` rows at a time; one lane is the calling thread itself."""

    def __init__(self, count: int = 1) -> None:
        """``count``: 0 chooses one for each of torch's threads, up to MOST, or fewer where that leaves fewer threads
        idle: all lanes have the same share, or the bits would depend on the lane. Never more lanes than threads."""
        threads = torch.get_num_threads()
        self.count = min(count, threads) or _most_busy(threads)
        self._pool: ThreadPoolExecutor | None = None
        if self.count > 1:
            # A new thread sets its own number, and leaves that of the others alone.
            share = (threads // self.count,)
            self._pool = ThreadPoolExecutor(self.count, "lane", initializer=torch.set_num_threads, initargs=share)

    def each(self, work: Callable[[Item], Result], items: Iterable[Item]) -> Generator[tuple[Item, Result], None, None]:
        """Every item with its result, in the items' order.

        ``work`` must set torch's per-thread state (no_grad) itself. When an error or the caller ends this early, items
        already begun are waited for: afterwards no thread computes any longer.
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
