"""The copies of a run's folder in the storage."""

import shutil
from pathlib import Path

import pytest

from common.storage import artifacts
from common.storage.room import Piece, Room
from tests.machines import Machines, two_machines
from training.jobs import run_copies
from training.jobs.run_copies import RunCopies

__all__ = ["two_machines"]


@pytest.fixture
def out(two_machines: Machines) -> Path:
    """The folder of a run on the first machine."""
    return two_machines.first / "runs" / "1-abcd"


def checkpoint(out: Path, step: int) -> None:
    folder = out / "checkpoints" / f"step-{step:06d}"
    folder.mkdir(parents=True)
    (folder / "optimizer").write_bytes(f"step {step}".encode())


def stored_step(out: Path) -> int:
    listing = artifacts.stored(out)
    return 0 if listing is None else int(listing.note["step"])


def test_a_checkpoint_is_stored_without_waiting_and_the_next_one_later(out: Path) -> None:
    copies = RunCopies(out)
    copies.offer()
    copies.wait()
    assert stored_step(out) == 0  # there is none yet
    for step in (1, 2):
        checkpoint(out, step)
        copies.offer()
        copies.wait()
    assert stored_step(out) == 1
    copies.keep_newest()
    assert stored_step(out) == 2


def test_the_newest_checkpoint_wins_wherever_it_is(two_machines: Machines, out: Path) -> None:
    checkpoint(out, 2)
    RunCopies(out).keep_newest()
    with two_machines.on(two_machines.second) as second:
        there = second / "runs" / "1-abcd"
        checkpoint(there, 1)
        copies = RunCopies(there)
        copies.bring()
        assert (copies.newest_step(), copies.stored_step) == (2, 2)
        assert [path.name for path in (there / "checkpoints").iterdir()] == ["step-000002"]
        checkpoint(there, 3)
        copies = RunCopies(there)
        copies.bring()
        assert copies.newest_step() == 3


def test_damaged_and_unfinished_checkpoints_are_not_stored(out: Path) -> None:
    checkpoint(out, 1)
    for name in ("step-000002.tmp", "step-000003.damaged"):
        (out / "checkpoints" / name).mkdir()
        (out / "checkpoints" / name / "optimizer").write_bytes(b"half")
    RunCopies(out).keep_newest()
    listing = artifacts.stored(out)
    assert listing is not None
    assert set(listing.files) == {"checkpoints/step-000001/optimizer"}
    assert stored_step(out) == 1


def test_a_checkpoint_that_goes_while_it_is_sent_is_not_stored_in_part(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_copies, "RETRY_SECONDS", 0.0)
    checkpoint(out, 1)
    (out / "checkpoints" / "step-000001" / "weights").write_bytes(b"weights of step 1")
    put_file = Room.put_file

    def gone_after_the_first(room: Room, path: Path) -> Piece:
        piece = put_file(room, path)
        shutil.rmtree(out / "checkpoints" / "step-000001")  # the engine keeps the newest ones only
        checkpoint(out, 2)
        return piece

    copies = RunCopies(out)
    with monkeypatch.context() as patch:
        patch.setattr(Room, "put_file", gone_after_the_first)
        copies.keep_newest()
    assert stored_step(out) == 0
    copies.offer()
    copies.wait()
    assert stored_step(out) == 2


def test_only_the_newest_checkpoint_is_sent(out: Path) -> None:
    checkpoint(out, 1)
    checkpoint(out, 2)
    RunCopies(out).keep_newest()
    listing = artifacts.stored(out)
    assert listing is not None
    assert set(listing.files) == {"checkpoints/step-000002/optimizer"}


def test_while_the_storage_is_away_a_run_tries_again_later(
    two_machines: Machines, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint(out, 1)
    right, two_machines.settings.STORAGE_URL = two_machines.settings.STORAGE_URL, "no-such-protocol://x"
    monkeypatch.setattr(run_copies, "RETRY_SECONDS", 1000.0)
    copies = RunCopies(out)
    copies.keep_newest()
    two_machines.settings.STORAGE_URL = right
    copies.offer()
    copies.wait()
    assert stored_step(out) == 0
    copies.keep_newest()
    assert stored_step(out) == 1


def test_without_a_storage_nothing_is_copied(two_machines: Machines, out: Path) -> None:
    two_machines.settings.STORAGE_URL = ""
    checkpoint(out, 1)
    copies = RunCopies(out)
    copies.bring()
    copies.keep_newest()
    copies.finish(1)
    assert sorted(path.name for path in two_machines.first.iterdir()) == ["runs"]
