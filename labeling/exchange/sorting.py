"""Sorting more lines than fit in memory: sorted runs on disk, merged."""

import heapq
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

RUN_BYTES = 64 << 20


def sorted_lines(lines: Iterable[bytes], folder: Path, *, run_bytes: int = RUN_BYTES) -> Iterator[bytes]:
    """The lines in byte order. Each ends with a line end and has no other.

    folder: where the runs go; exists, and is the caller's to remove. Memory: about `run_bytes`, then one line per run.
    """
    runs: list[Path] = []
    held: list[bytes] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= run_bytes:
            runs.append(_write_run(held, folder / f"run-{len(runs)}"))
            held, size = [], 0
    held.sort()
    with ExitStack() as opened:
        sources: list[Iterable[bytes]] = [opened.enter_context(run.open("rb")) for run in runs]
        yield from heapq.merge(*sources, held)


def _write_run(lines: list[bytes], path: Path) -> Path:
    lines.sort()
    with path.open("wb") as file:
        file.writelines(lines)
    return path
