"""File locks between processes. The kernel lets go of them when their holder dies, however it dies."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class FileLock:
    """One lock file: held by one process alone (`exclusive`) or by several together (`share`)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._handle = open(path, "a+", encoding="utf-8")  # noqa: SIM115 - held for as long as the lock is

    def try_exclusive(self) -> bool:
        """Takes it alone if nobody holds it, and notes this process's id in it for whoever asks."""
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
        """Whether nobody holds it alone at this moment; leaves it as it is."""
        try:
            fcntl.flock(self._handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        fcntl.flock(self._handle, fcntl.LOCK_UN)
        return True

    def exclusive(self) -> None:
        """Takes it alone, once everybody else has let go."""
        fcntl.flock(self._handle, fcntl.LOCK_EX)

    def share(self) -> None:
        """Takes it together with others, once nobody holds it alone."""
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def release(self) -> None:
        """Lets go."""
        fcntl.flock(self._handle, fcntl.LOCK_UN)

    def holder(self) -> str:
        """The process id that last took it alone."""
        return self.path.read_text(encoding="utf-8").strip() or "unknown"

    def close(self) -> None:
        """Lets go for good."""
        self._handle.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
