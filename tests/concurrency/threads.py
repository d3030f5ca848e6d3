"""Many at once: threads that start together, each with a database connection of its own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")


def all_at_once(jobs: Sequence[Callable[[], Result]]) -> list[Result]:
    """Runs every job in a thread of its own, all starting at the same moment; returns their results.

    Raises the exception of a job that raises.
    """
    ready = Barrier(len(jobs))

    def run(job: Callable[[], Result]) -> Result:
        ready.wait()
        try:
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result() for future in [pool.submit(run, job) for job in jobs]]
