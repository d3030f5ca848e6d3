"""The room on the disk of the files: how much must stay free, and whether it does. Looked at anew every few seconds."""

import errno
import shutil
import time
from pathlib import Path

LEAST_FREE = 500_000_000
"""Bytes that stay free on a large disk, and a twentieth of a small one: below that nothing large is begun."""

DISK_FULL = "53100"
"""PostgreSQL's code."""

NO_ROOM = "The server's disk is full: this was not kept. Send it again once an admin has made room."

FRESH = 5.0
"""Seconds."""

_seen: dict[Path, tuple[float, bool]] = {}


def room_needed(total: int) -> int:
    """The bytes that must stay free on a disk of that size."""
    return min(LEAST_FREE, total // 20)


def is_full(folder: Path) -> bool:
    """Whether the disk that holds a folder, or will hold it, has less room than it needs.

    A disk that cannot be asked counts as full.
    """
    looked_at, full = _seen.get(folder, (0.0, False))
    if time.monotonic() - looked_at > FRESH or not looked_at:
        try:
            usage = shutil.disk_usage(next(each for each in (folder, *folder.parents) if each.exists()))
            full = usage.free < room_needed(usage.total)
        except OSError:
            full = True
        _seen[folder] = (time.monotonic(), full)
    return full


def is_for_want_of_room(error: BaseException | None) -> bool:
    """Whether an error, or one behind it, says that the disk is full: the file system's, or PostgreSQL's."""
    while error is not None:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or getattr(error, "sqlstate", "") == DISK_FULL:
            return True
        error = error.__cause__ or error.__context__
    return False
