"""A small disk of its own, to be filled: a tmpfs, where this user may mount one."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, *, megabytes: int) -> Iterator[Path]:
    """A disk of that size at a folder. Skips the test, with the reason, where mounting is refused."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        refused = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        pytest.skip(f"no small disk: {error}")
    if refused.returncode:
        pytest.skip(f"no small disk may be mounted here: {refused.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Takes all of the room; returns the file that has it."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for _ in range(20):  # others write between the look and the act
            room = os.statvfs(disk)
            with suppress(OSError):
                os.posix_fallocate(file.fileno(), 0, room.f_bfree * room.f_frsize)
                break
    return filler
