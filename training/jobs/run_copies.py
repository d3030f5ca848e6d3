"""A run's folder in the storage: its newest checkpoint, so that another machine can go on; at the end its results."""

import logging
import re
import threading
import time
from pathlib import Path

from common.storage import artifacts
from common.storage.errors import FileChanged, StorageAway
from common.storage.progress import moved

logger = logging.getLogger(__name__)

CHECKPOINT = re.compile(r"step-([0-9]+)")
RETRY_SECONDS = 30.0
"""After a failure: the run goes on without the storage."""

STORE_EVERY_SECONDS = 120.0
"""A checkpoint has its optimizer: storing each would fill the storage until the next sweep."""

STEP = "step"
RESULTS_WITHOUT = ("checkpoints", "best", "adapter")
"""The adapter is in the version that the run made."""


class RunCopies:
    """The copies of one run's folder. A worker has one for as long as it has the run."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.stored_step = 0
        self._not_before = time.monotonic()
        self._thread: threading.Thread | None = None

    def bring(self) -> None:
        """Brings the checkpoint of another machine, if it is newer than those here. Raises StorageAway."""
        key, listing = artifacts.key_of(self.out), artifacts.stored(self.out)
        if key is None or listing is None:
            return
        self.stored_step = int(listing.note.get(STEP, 0))
        if self.stored_step > self.newest_step():
            logger.info("%s: a checkpoint of another machine is brought, after step %s", self.out, self.stored_step)
            artifacts.bring(key, listing)

    def newest_step(self) -> int:
        """The step of the newest whole checkpoint on this machine; 0: there is none."""
        found = (CHECKPOINT.fullmatch(path.name) for path in (self.out / "checkpoints").glob("step-*"))
        return max((int(match.group(1)) for match in found if match), default=0)

    def offer(self) -> None:
        """Begins to store a checkpoint that is newer than the stored one. It never waits, and never fails."""
        if not artifacts.is_on() or (self._thread is not None and self._thread.is_alive()):
            return
        step = self.newest_step()
        if step > self.stored_step and time.monotonic() >= self._not_before:
            self._thread = threading.Thread(target=self._store, args=(step,), name="run-copies", daemon=True)
            self._thread.start()

    def _store(self, step: int) -> None:
        try:
            # The newest checkpoint alone: older ones go while a large one is being sent.
            artifacts.publish(self.out, note={STEP: step}, takes=lambda name: _is_whole(name) and _is_of(name, step))
            self.stored_step = step
            self._not_before = time.monotonic() + STORE_EVERY_SECONDS
        except FileChanged:  # the engine went on meanwhile: what is there later is taken
            self._not_before = time.monotonic() + RETRY_SECONDS
        except (StorageAway, OSError) as error:
            self._not_before = time.monotonic() + RETRY_SECONDS
            logger.warning("%s: the checkpoint after step %s is on this machine only: %s", self.out, step, error)

    def wait(self) -> None:
        """Waits for what is being stored. Whoever listens to moving bytes hears of it: the thread has no listener."""
        while self._thread is not None and self._thread.is_alive():
            self._thread.join(timeout=1)
            moved()

    def keep_newest(self) -> None:
        """Stores the newest checkpoint now: the run stops here, and may go on elsewhere."""
        self.wait()
        self._not_before = time.monotonic()
        self.offer()
        self.wait()

    def finish(self, steps: int) -> None:
        """Stores the results in place of the checkpoints. If the storage is away, both stay as they are."""
        self.wait()
        try:
            artifacts.publish(self.out, note={STEP: steps}, takes=lambda name: name.parts[0] not in RESULTS_WITHOUT)
        except (StorageAway, FileChanged) as error:
            logger.warning("%s: its results are on this machine only: %s", self.out, error)


def _is_of(name: Path, step: int) -> bool:
    """Whether a file of the run's folder is no other checkpoint's than that of a step."""
    match = CHECKPOINT.fullmatch(name.parts[1]) if name.parts[0] == "checkpoints" and len(name.parts) > 1 else None
    return match is None or int(match.group(1)) == step


def _is_whole(name: Path) -> bool:
    return not any(part.endswith(".damaged") for part in name.parts)
