"""Whether the disk has room, and errors of a full one."""

import errno
import shutil
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from django.db import OperationalError

from common import disk


def test_a_small_disk_needs_a_twentieth_of_its_room() -> None:
    assert disk.room_needed(10**12) == disk.LEAST_FREE
    assert disk.room_needed(200_000_000) == 10_000_000


def test_a_disk_is_looked_at_again_after_a_moment_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    free = [10**11]
    monkeypatch.setattr(disk, "_seen", {})
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free[0], total=10**12))
    assert not disk.is_full(tmp_path)
    free[0] = 1
    assert not disk.is_full(tmp_path)
    monkeypatch.setattr(disk, "FRESH", -1.0)
    assert disk.is_full(tmp_path)


def test_a_folder_that_is_not_there_yet_will_be_on_the_disk_of_its_parent(tmp_path: Path) -> None:
    assert disk.is_full(tmp_path / "not" / "yet") == disk.is_full(tmp_path)


def test_a_disk_that_cannot_be_asked_counts_as_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(path: Path) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(disk, "_seen", {})
    monkeypatch.setattr(shutil, "disk_usage", broken)
    assert disk.is_full(tmp_path)


def test_the_file_systems_and_postgresqls_errors_are_known_also_behind_others() -> None:
    assert disk.is_for_want_of_room(OSError(errno.ENOSPC, "No space left on device"))
    assert not disk.is_for_want_of_room(OSError(errno.ENOENT, "No such file"))
    assert not disk.is_for_want_of_room(None)
    outer = OperationalError("could not extend file")
    outer.__cause__ = psycopg.errors.DiskFull("could not extend file")
    assert disk.is_for_want_of_room(outer)
    assert not disk.is_for_want_of_room(OperationalError("the connection is lost"))
