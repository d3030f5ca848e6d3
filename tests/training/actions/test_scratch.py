"""Files that only save work go once nothing has changed them for long."""

import os
from datetime import timedelta
from pathlib import Path

from tests.training.conftest import NOW
from training.actions.scratch import GRADIENTS, SHORT_RUNS, forget_scratch


def folder(path: Path, *, age: timedelta) -> Path:
    """A folder whose file was written that long ago."""
    path.mkdir(parents=True)
    file = path / "file.safetensors"
    file.write_bytes(b"bytes")
    at = (NOW - age).timestamp()
    for each in (file, path):
        os.utime(each, (at, at))
    return path


def test_old_gradients_and_what_a_killed_worker_left_are_removed_and_nothing_else(var_dir: Path) -> None:
    assert forget_scratch(now=NOW) == 0
    old = [
        folder(var_dir / GRADIENTS / "old", age=timedelta(days=31)),
        folder(var_dir / SHORT_RUNS / "price-old", age=timedelta(days=3)),
    ]
    kept = [
        folder(var_dir / GRADIENTS / "in use", age=timedelta(days=29)),
        folder(var_dir / SHORT_RUNS / "arm-now", age=timedelta(hours=20)),
        folder(var_dir / "versions" / "old", age=timedelta(days=400)),
    ]
    refreshed = folder(var_dir / GRADIENTS / "refreshed", age=timedelta(days=31))
    os.utime(refreshed / "file.safetensors", (NOW.timestamp(), NOW.timestamp()))
    assert forget_scratch(now=NOW) == 2
    assert [path.exists() for path in old] == [False, False]
    assert all(path.exists() for path in (*kept, refreshed))
