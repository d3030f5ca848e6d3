"""File locks between processes. The kernel releases them when their holder dies, however it dies."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class FileLock:
    """A lock file, held by one process exclusively (`exclusive`) or shared by several (`share`)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = open(path, "a+", encoding="utf-8")  # noqa: SIM115 - open for as long as the lock is held

    def try_exclusive(self) -> bool:
        """Takes the exclusive lock if nobody holds the file, and writes this process's id into it."""
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._handle.seek(0)
        self._handle.truncate()
        self._handle.write(str(os.getpid()))
        self._handle.flush()
        return True

    def is_free(self) -> bool:
        """Whether nobody holds the exclusive lock at this moment. Does not keep the lock."""
        try:
            fcntl.flock(self._handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        fcntl.flock(self._handle, fcntl.LOCK_UN)
        return True

    def exclusive(self) -> None:
        """Takes the exclusive lock; waits until all others have released theirs."""
        fcntl.flock(self._handle, fcntl.LOCK_EX)

    def share(self) -> None:
        """Takes a shared lock; waits until nobody holds the exclusive one."""
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def release(self) -> None:
        """Releases the lock."""
        fcntl.flock(self._handle, fcntl.LOCK_UN)

    def holder(self) -> str:
        """The id of the process that last took the exclusive lock."""
        return self.path.read_text(encoding="utf-8").strip() or "unknown"

    def close(self) -> None:
        """Releases the lock and closes the file."""
        self._handle.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
