"""Artifacts of one machine on another one that shares nothing but the storage."""

import os
import time
from pathlib import Path

import pytest

from common.storage import artifacts
from common.storage.errors import StorageDamaged
from common.storage.room import Listing
from tests.machines import Machines

DAY = 24 * 3600


def version(var: Path, name: str = "a", weights: bytes = b"weights") -> Path:
    """A folder of a version on a machine."""
    folder = var / "versions" / name
    (folder / "adapter").mkdir(parents=True)
    (folder / "adapter" / "model.safetensors").write_bytes(weights)
    (folder / "adapter" / "config.json").write_bytes(b"{}")
    (folder / "lineage.json").write_bytes(name.encode())
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_of_one_machine_is_brought_to_the_other(machines: Machines) -> None:
    folder = version(machines.first)
    artifacts.publish(folder)
    with machines.on(machines.second) as second:
        adapter = artifacts.fetch(second / "versions" / "a" / "adapter")
        assert contents(adapter.parent) == contents(folder)
        assert [path.name for path in (second / "versions").iterdir()] == ["a"]  # nothing is left of the work


def test_a_file_is_an_artifact_too(machines: Machines) -> None:
    (machines.first / "uploads").mkdir()
    (machines.first / "uploads" / "abc").write_bytes(b"pairs")
    artifacts.publish(machines.first / "uploads" / "abc")
    with machines.on(machines.second) as second:
        assert artifacts.fetch(second / "uploads" / "abc").read_bytes() == b"pairs"


def test_without_a_storage_nothing_happens(machines: Machines) -> None:
    machines.settings.STORAGE_URL = ""
    folder = version(machines.first)
    artifacts.publish(folder)
    artifacts.fetch(machines.first / "versions" / "b")
    assert artifacts.stored(folder) is None
    assert sorted(path.name for path in machines.first.iterdir()) == ["versions"]


def test_what_nobody_stored_is_missed_by_the_caller(machines: Machines) -> None:
    assert not artifacts.fetch(machines.first / "versions" / "never" / "adapter").exists()


@pytest.mark.parametrize("place", ["versions", "versions/.building", "log/engine.log", "../versions/a", "/etc/passwd"])
def test_what_is_no_artifact_is_left_alone(machines: Machines, place: str) -> None:
    assert artifacts.key_of(machines.first / place) is None


def test_what_a_process_is_still_writing_is_not_stored(machines: Machines) -> None:
    folder = version(machines.first)
    (folder / ".lock").touch()
    (folder / "checkpoints" / "step-000002.tmp").mkdir(parents=True)
    (folder / "checkpoints" / "step-000002.tmp" / "half").write_bytes(b"half")
    artifacts.publish(folder)
    listing = artifacts.stored(folder)
    assert listing is not None
    assert listing.files.keys() == {"adapter/model.safetensors", "adapter/config.json", "lineage.json"}


def test_a_damaged_copy_is_replaced(machines: Machines) -> None:
    folder = version(machines.first)
    artifacts.publish(folder)
    before = contents(folder)
    (folder / "adapter" / "model.safetensors").write_bytes(b"wreckage")
    assert artifacts.fetch_again(folder / "adapter")
    assert contents(folder) == before
    assert not artifacts.fetch_again(machines.first / "versions" / "never")


def test_a_copy_of_a_damaged_object_is_refused_and_leaves_nothing(machines: Machines) -> None:
    artifacts.publish(version(machines.first))
    room = artifacts.room()
    for path in room.fs.find(f"{room.root}/objects"):
        room.fs.pipe_file(path, b"wreckage")
    with machines.on(machines.second) as second:
        with pytest.raises(StorageDamaged):
            artifacts.fetch(second / "versions" / "a")
        assert list((second / "versions").iterdir()) == []


def test_two_processes_that_bring_the_same_both_have_it(machines: Machines, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = version(machines.first)
    artifacts.publish(folder)
    listing = artifacts.stored(folder)
    assert listing is not None
    original = artifacts._put_in_place
    with machines.on(machines.second) as second:

        def other_first(building: Path, place: Path, wanted: Listing) -> None:
            monkeypatch.setattr(artifacts, "_put_in_place", original)
            artifacts.bring("versions/a", listing)
            original(building, place, wanted)

        monkeypatch.setattr(artifacts, "_put_in_place", other_first)
        artifacts.fetch(second / "versions" / "a")
        assert contents(second / "versions" / "a") == contents(folder)
        assert [path.name for path in (second / "versions").iterdir()] == ["a"]


def test_the_copies_used_longest_ago_go_first(machines: Machines) -> None:
    for name in "abc":
        artifacts.publish(version(machines.first, name, os.urandom(400)))
    machines.settings.STORAGE_CACHE_GIB = 1000 / 2**30
    with machines.on(machines.second) as second:
        for name, hours in (("a", 3), ("b", 5)):
            artifacts.fetch(second / "versions" / name)
            used = time.time() - hours * 3600
            os.utime(second / "copies" / "versions" / name, (used, used))
        artifacts.fetch(second / "versions" / "c")
        assert sorted(path.name for path in (second / "versions").iterdir()) == ["a", "c"]
        artifacts.fetch(second / "versions" / "b")  # it comes back when it is needed
        assert sorted(path.name for path in (second / "versions").iterdir()) == ["b", "c"]


def test_copies_in_use_stay_whatever_they_take(machines: Machines) -> None:
    for name in "ab":
        artifacts.publish(version(machines.first, name))
    machines.settings.STORAGE_CACHE_GIB = 0.0
    with machines.on(machines.second) as second:
        for name in "ab":
            artifacts.fetch(second / "versions" / name)
        assert sorted(path.name for path in (second / "versions").iterdir()) == ["a", "b"]


def test_a_copy_that_the_storage_lost_is_kept(machines: Machines) -> None:
    artifacts.publish(version(machines.first, "a"))
    artifacts.publish(version(machines.first, "b"))
    artifacts.room().remove_listing("versions/a")
    long_ago = time.time() - DAY
    os.utime(machines.first / "copies" / "versions" / "a", (long_ago, long_ago))
    machines.settings.STORAGE_CACHE_GIB = 0.0
    artifacts.fetch_again(machines.first / "versions" / "b")
    assert (machines.first / "versions" / "a").exists()


def test_what_was_withdrawn_is_brought_nowhere(machines: Machines) -> None:
    folder = version(machines.first)
    artifacts.publish(folder)
    artifacts.withdraw(folder)
    with machines.on(machines.second) as second:
        assert not artifacts.fetch(second / "versions" / "a").exists()
