"""Whether the storage answers, for probes and for the page about the installation."""

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLong
from threading import Lock

from common.storage import artifacts
from common.storage.errors import StorageAway

PATIENCE_SECONDS = 4.0

_one = ThreadPoolExecutor(1, thread_name_prefix="storage-state")
_lock = Lock()
_asked: Future[None] | None = None


def trouble() -> str:
    """Why the storage cannot be used, in its own words; empty: it answers, or there is none.

    A storage that says nothing holds up nobody for longer than a moment, and is not asked twice at once.
    """
    global _asked
    if not artifacts.is_on():
        return ""
    with _lock:
        if _asked is None or _asked.done():
            _asked = _one.submit(_ask)
        asked = _asked
    try:
        asked.result(timeout=PATIENCE_SECONDS)
    except TooLong:
        return f"it has said nothing for {PATIENCE_SECONDS:g} seconds"
    except StorageAway as error:
        return f"{type(error.__cause__).__name__}: {error.__cause__}"
    return ""


def _ask() -> None:
    artifacts.room().answers()
