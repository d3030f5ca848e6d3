"""Sorts more lines than fit in memory, by merging sorted runs on disk."""

import heapq
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

RUN_BYTES = 64 << 20


def sorted_lines(lines: Iterable[bytes], folder: Path, *, run_bytes: int = RUN_BYTES) -> Iterator[bytes]:
    """Yields lines in byte order. Each must end with a line end and have no other.

    folder: an existing folder for the runs; the caller removes it. Memory: about `run_bytes`, then one line per run.
    """
    runs: list[Path] = []
    waiting: list[bytes] = []
    size = 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= run_bytes:
            runs.append(_write_run(waiting, folder / f"run-{len(runs)}"))
            waiting, size = [], 0
    waiting.sort()
    with ExitStack() as opened:
        sources: list[Iterable[bytes]] = [opened.enter_context(run.open("rb")) for run in runs]
        yield from heapq.merge(*sources, waiting)


def _write_run(lines: list[bytes], path: Path) -> Path:
    lines.sort()
    with path.open("wb") as file:
        file.writelines(lines)
    return path
