"""The folder of a run: its files, written so that a kill at any moment leaves it usable.

``config.json`` the frozen settings; ``inputs.json`` the hashes of everything that was read; ``metrics.jsonl`` one line
per step and evaluation; ``reference.safetensors`` the reference log-probabilities; ``checkpoints/step-000010/``; at the
end ``adapter/`` and, last of all, ``meta.json``: a folder with a meta.json is finished.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from pathlib import Path
from typing import IO, Any

from training.engine.errors import InputError
from training.language_models.folders import sync


class RunFolder:
    """One run's folder, locked for as long as this object lives in a process."""

    def __init__(self, path: Path, *, wait_seconds: float = 0.0, writes: bool = True) -> None:
        """Create the folder if needed and lock it. Raises InputError if another process still trains in it after
        ``wait_seconds``: a process whose parent was killed needs a moment to notice and to write its checkpoint.
        ``writes``: of several processes that train together, one locks and writes and the others only read."""
        self.path, self.writes = path, writes
        if not writes:
            return
        try:
            (path / "checkpoints").mkdir(parents=True, exist_ok=True)
            self._lock: IO[str] = (path / ".lock").open("w")
        except OSError as error:
            raise InputError(f"cannot write to the output folder {path}: {error.strerror}") from error
        give_up = time.monotonic() + wait_seconds
        while not self._try_lock():
            if time.monotonic() >= give_up:
                raise InputError(f"another process is training in {path}")
            time.sleep(0.2)

    def _try_lock(self) -> bool:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    @property
    def metrics_path(self) -> Path:
        """Progress and evaluations, one JSON object a line."""
        return self.path / "metrics.jsonl"

    def claim(self, name: str, values: dict[str, Any], *, absent: dict[str, Any] | None = None) -> None:
        """Write a JSON file on the first run; on a later one raise InputError if a value in it differs.
        ``absent``: the values of names that a file written by an older version lacks."""
        target = self.path / name
        if not self.writes:
            return
        if not target.exists():
            write_json(target, values)
            return
        before = {**(absent or {}), **json.loads(target.read_text(encoding="utf-8"))}
        for key in sorted(before.keys() | values.keys()):
            if before.get(key) != values.get(key):
                raise InputError(
                    f"{self.path} belongs to another run: its {key} is {before.get(key)!r}, not {values.get(key)!r}; "
                    "choose another output folder"
                )

    def finished(self) -> dict[str, Any] | None:
        """The final meta, if this run is done."""
        target = self.path / "meta.json"
        if not target.exists():
            return None
        meta: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
        return meta

    def append_metrics(self, record: dict[str, Any]) -> None:
        """Add one line to the metrics."""
        if not self.writes:
            return
        with self.metrics_path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(record, ensure_ascii=False) + "\n")

    def rewind_metrics(self, step: int) -> None:
        """Drop the lines that will be written again: all after ``step``, a line torn by a kill included, and the
        evaluation at ``step``, which a cancellation may have cut short."""
        if not self.writes or not self.metrics_path.exists():
            return
        kept = []
        for line in self.metrics_path.read_text(encoding="utf-8").splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                break
            if record["step"] > step or (record["step"] == step and record["event"] == "evaluated"):
                break
            kept.append(line + "\n")
        write_atomically(self.metrics_path, "".join(kept).encode())

    def checkpoints(self) -> list[Path]:
        """Whole checkpoints, oldest first."""
        return sorted(path for path in (self.path / "checkpoints").glob("step-*") if path.suffix != ".tmp")

    def checkpoint_path(self, step: int) -> Path:
        """The folder of a step's checkpoint."""
        return self.path / "checkpoints" / f"step-{step:06d}"

    def remove_old_checkpoints(self, keep: int) -> None:
        """Keep the newest ``keep``; remove the others, and leftovers of a write that was killed."""
        if not self.writes:
            return
        for path in [*self.checkpoints()[:-keep], *(self.path / "checkpoints").glob("*.tmp")]:
            shutil.rmtree(path)


def write_json(target: Path, values: dict[str, Any]) -> None:
    """Write a JSON file whole or not at all."""
    write_atomically(target, (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode())


def write_atomically(target: Path, content: bytes) -> None:
    """Write beside the target, force it to disk, and rename over it."""
    temporary = target.with_name(target.name + ".tmp")
    with temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(target)
    sync(target.parent)
