"""The folder of a run: its files, written so that a kill at any moment leaves it usable.

``config.json`` the frozen settings; ``inputs.json`` the hashes of everything that was read; ``metrics.jsonl`` one line
per step and evaluation; ``reference.safetensors`` the reference log-probabilities; ``checkpoints/step-000010/``, sealed
by the hashes of its files; at the end ``adapter/`` and, last of all, ``meta.json``: a folder with a meta.json is
finished.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

from training.engine.errors import InputError
from training.engine.events import log
from training.language_models.folders import sync

SEAL = "sha256.json"
_SET_ASIDE = ".damaged"
_Content = TypeVar("_Content")


@dataclass(frozen=True)
class TrainFiles:
    """The files that a run reads, and the folder it writes. ``data``: a file, or a snapshot's folder with train.jsonl
    and test.jsonl. ``reference_cache``: a folder that runs share, see ``ReferenceCache``."""

    model: Path
    data: Path
    out: Path
    held_out: Path | None = None
    adapter: Path | None = None
    reference_cache: Path | None = None

    @property
    def train_path(self) -> Path:
        """The pairs to learn from."""
        return self.data / "train.jsonl" if self.data.is_dir() else self.data

    @property
    def test_path(self) -> Path | None:
        """The held-out pairs, if any."""
        if self.held_out is not None:
            return self.held_out
        inside = self.data / "test.jsonl"
        return inside if self.data.is_dir() and inside.exists() else None


class RunFolder:
    """One run's folder, locked for as long as this object lives in a process."""

    def __init__(
        self,
        path: Path,
        *,
        wait_seconds: float = 0.0,
        writes: bool = True,
        while_waiting: Callable[[], None] = lambda: None,
    ) -> None:
        """Create the folder if needed and lock it. Raises InputError if another process still trains in it after
        ``wait_seconds``: a process whose parent was killed needs a moment to notice and to write its checkpoint.
        ``writes``: of several processes that train together, one locks and writes and the others only read.
        ``while_waiting``: called several times a second; it may raise to end the wait."""
        self.path, self.writes = path, writes
        self._aside: list[str] = []
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
            while_waiting()
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

    def claim(
        self,
        name: str,
        values: dict[str, Any],
        *,
        absent: dict[str, Any] | None = None,
        without_effect: Collection[str] = (),
    ) -> None:
        """Write a JSON file on the first run; on a later one raise InputError if a value in it differs.
        ``absent``: the values of names that a file written by an older version lacks. ``without_effect``: names whose
        values may differ."""
        target = self.path / name
        if not self.writes:
            return
        if not target.exists():
            write_json(target, values)
            return
        before = {**(absent or {}), **_read_json(target)}
        for key in sorted((before.keys() | values.keys()) - set(without_effect)):
            if before.get(key) != values.get(key):
                raise InputError(
                    f"{self.path} belongs to another run: its {key} is {before.get(key)!r}, not {values.get(key)!r}; "
                    "choose another output folder"
                )

    def begun_with(self, name: str) -> dict[str, Any] | None:
        """A JSON file that `claim` wrote earlier; None on the first run."""
        target = self.path / name
        return _read_json(target) if target.exists() else None

    def finished(self) -> dict[str, Any] | None:
        """The final meta, if this run is done."""
        target = self.path / "meta.json"
        if not target.exists():
            return None
        return _read_json(target)

    def append_metrics(self, record: dict[str, Any]) -> None:
        """Add one line to the metrics."""
        if not self.writes:
            return
        with self.metrics_path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(record, ensure_ascii=False) + "\n")

    def rewind_metrics(self, step: int) -> None:
        """Drop the lines that will be written again: all after ``step``, a line torn by a kill included, and the
        evaluation at ``step``, which a cancellation may have cut short. Damaged lines go too."""
        if not self.writes or not self.metrics_path.exists():
            return
        kept = []
        for line in self.metrics_path.read_bytes().splitlines():
            record = _record_of(line)
            if record is None:
                continue
            if record["step"] > step or (record["step"] == step and record["event"] == "evaluated"):
                break
            kept.append(line + b"\n")
        write_atomically(self.metrics_path, b"".join(kept))

    def checkpoints(self) -> list[Path]:
        """Checkpoints that were written whole and not set aside since, oldest first."""
        return sorted(path for path in (self.path / "checkpoints").glob("step-*") if not path.suffix)

    def newest_whole_checkpoint(self) -> Path | None:
        """The newest checkpoint whose seal is intact; None before the first. Newer ones that are damaged are set aside
        under another name, with a line in the log. Raises InputError where there were some and none is whole."""
        for path in reversed(self.checkpoints()):
            damage = broken_seal(path)
            if damage is None:
                return path
            self.set_aside(path, damage)
        if self._aside:
            raise InputError(
                f"no checkpoint in {self.path} is whole: {', '.join(self._aside)} are damaged. Check the disk; the "
                "same command again starts from the first step"
            )
        return None

    def set_aside(self, checkpoint: Path, damage: str) -> None:
        """Keep a damaged checkpoint under another name, with a line in the log."""
        target = checkpoint.with_name(checkpoint.name + _SET_ASIDE)
        shutil.rmtree(target, ignore_errors=True)
        checkpoint.rename(target)
        self._aside.append(target.name)
        log(f"the checkpoint {checkpoint} is damaged ({damage}): it is kept aside as {target}")

    def checkpoint_path(self, step: int) -> Path:
        """The folder of a step's checkpoint."""
        return self.path / "checkpoints" / f"step-{step:06d}"

    def remove_old_checkpoints(self, keep: int) -> None:
        """Keep the newest ``keep``, and the newest damaged one; remove the others, and leftovers of a write that was
        killed."""
        if not self.writes:
            return
        root = self.path / "checkpoints"
        damaged = sorted(root.glob(f"step-*{_SET_ASIDE}"))
        for path in [*self.checkpoints()[:-keep], *root.glob("*.tmp"), *damaged[:-1]]:
            shutil.rmtree(path)


@contextmanager
def building(target: Path) -> Iterator[Path]:
    """An empty folder beside ``target``, to be published there. It is removed where the block fails: a full disk must
    not stay full of it."""
    temporary = target.with_name(target.name + ".tmp")
    if temporary.exists():
        shutil.rmtree(temporary)
    temporary.mkdir(parents=True)
    try:
        yield temporary
    except Exception:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def seal_folder(folder: Path) -> None:
    """Write the SHA-256 of every file of a folder beside them, as the last of its files."""
    write_json(folder / SEAL, _hashes(folder))


def broken_seal(folder: Path) -> str | None:
    """The damage of a folder that was sealed: a file that is not as it was written. None: it is whole, to the bit.

    A folder without a seal was written by an older version, which made none: it counts as whole, with a line in the
    log. A bad sector, which cannot be read twice, is damage. Raises OSError where the disk cannot be read for another
    reason: that may pass.
    """
    try:
        sealed = json.loads(_twice(Path.read_bytes, folder / SEAL))
    except FileNotFoundError:
        log(f"{folder} has no hashes, as an older version wrote it: it is used as it is")
        return None
    except (ValueError, _Unreadable) as error:
        return f"{SEAL} cannot be read: {error}"
    if not isinstance(sealed, dict):
        return f"{SEAL} holds no hashes"
    found = _hashes(folder)
    names = sorted(name for name in sealed if sealed[name] != found.get(name))
    if not names:
        return None
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} not as written"


def _hashes(folder: Path) -> dict[str, str]:
    """Read anew each time: damage changes neither size nor time of a file."""
    hashes = {}
    for path in sorted(folder.iterdir()):
        if path.name != SEAL:
            try:
                hashes[path.name] = _twice(_hash, path)
            except _Unreadable:
                hashes[path.name] = "unreadable"
    return hashes


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


class _Unreadable(Exception):
    """A file with a bad sector: what it held is lost."""


def _twice(read: Callable[[Path], _Content], path: Path) -> _Content:
    """The content of a file, read at the second try if the disk fails at the first. Raises _Unreadable after that."""
    for is_last in (False, True):
        try:
            return read(path)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            if is_last:
                raise _Unreadable(str(error)) from error
    raise AssertionError


def _read_json(path: Path) -> dict[str, Any]:
    """A JSON object that a run wrote. Raises InputError where it is damaged."""
    try:
        values = json.loads(path.read_bytes())
    except ValueError as error:
        raise InputError(f"{path} is damaged ({error}): choose another output folder") from error
    if not isinstance(values, dict):
        raise InputError(f"{path} is damaged: choose another output folder")
    return values


def _record_of(line: bytes) -> dict[str, Any] | None:
    """A line of the metrics; None where it is torn or damaged."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and type(record.get("step")) is int and "event" in record else None


def write_json(target: Path, values: dict[str, Any]) -> None:
    """Write a JSON file whole or not at all."""
    write_atomically(target, (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode())


def write_atomically(target: Path, content: bytes) -> None:
    """Write beside the target, force it to disk, and rename over it. Nothing is left behind where that fails."""
    temporary = target.with_name(target.name + ".tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync(target.parent)
