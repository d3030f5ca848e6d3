"""A run's folder: one process at a time, one run for good, metrics that a resume repeats nowhere."""

import json
from pathlib import Path

import pytest

from training.engine.errors import InputError
from training.engine.run_folder import RunFolder, broken_seal, seal_folder, write_atomically


def test_one_process_holds_it_and_the_next_gets_it_afterwards(tmp_path: Path) -> None:
    first = RunFolder(tmp_path / "run")
    with pytest.raises(InputError, match="another process is training"):
        RunFolder(tmp_path / "run", wait_seconds=0.3)
    del first
    RunFolder(tmp_path / "run")


def test_it_belongs_to_the_run_that_claimed_it(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.claim("config.json", {"beta": 0.1, "seed": 0})
    folder.claim("config.json", {"beta": 0.1, "seed": 0})
    folder.claim("config.json", {"beta": 0.1, "seed": 0, "later": 7}, absent={"later": 7})
    with pytest.raises(InputError, match=r"its beta is 0\.1, not 0\.2"):
        folder.claim("config.json", {"beta": 0.2, "seed": 0})


def test_metrics_are_rewound_to_a_step_without_its_evaluation_and_without_a_torn_line(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    events = [("progress", 1), ("evaluated", 1), ("progress", 2), ("evaluated", 2), ("progress", 3)]
    for event, step in events:
        folder.append_metrics({"event": event, "step": step})
    with folder.metrics_path.open("a") as stream:
        stream.write('{"event": "progr')
    folder.rewind_metrics(2)
    kept = [json.loads(line) for line in folder.metrics_path.read_text().splitlines()]
    assert [(line["event"], line["step"]) for line in kept] == events[:3]


def test_the_newest_checkpoints_stay_and_half_written_ones_go(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for step in (2, 10, 4):
        folder.checkpoint_path(step).mkdir()
    (tmp_path / "checkpoints" / "step-000012.tmp").mkdir()
    folder.remove_old_checkpoints(2)
    assert [path.name for path in folder.checkpoints()] == ["step-000004", "step-000010"]
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == ["step-000004", "step-000010"]


def test_a_folder_that_only_reads_writes_nothing(tmp_path: Path) -> None:
    reader = RunFolder(tmp_path, writes=False)
    reader.claim("config.json", {"beta": 0.1})
    reader.append_metrics({"event": "progress", "step": 1})
    assert list(tmp_path.iterdir()) == []
    assert reader.finished() is None


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    target = tmp_path / "file"
    for content in (b"old", b"new"):
        write_atomically(target, content)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert target.read_bytes() == b"new"


def test_a_sealed_folder_tells_every_kind_of_damage(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    (tmp_path / "b").write_bytes(b"two")
    seal_folder(tmp_path)
    assert broken_seal(tmp_path) is None
    (tmp_path / "a").write_bytes(b"onf")
    assert broken_seal(tmp_path) == "a is not as written"
    (tmp_path / "b").unlink()
    assert broken_seal(tmp_path) == "a, b are not as written"
    (tmp_path / "sha256.json").write_bytes(b"{")
    assert "sha256.json cannot be read" in str(broken_seal(tmp_path))


@pytest.mark.parametrize("name", ["a", "sha256.json"])
def test_a_bad_sector_is_damage(tmp_path: Path, name: str) -> None:
    (tmp_path / "a").write_bytes(b"one")
    seal_folder(tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / name).symlink_to("/proc/self/mem")  # its first byte cannot be read: EIO, as of a bad sector
    assert name in str(broken_seal(tmp_path))


def test_another_fault_of_the_disk_may_pass(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    seal_folder(tmp_path)
    (tmp_path / "a").unlink()
    (tmp_path / "a").mkdir()  # it cannot be read, and is no bad sector
    with pytest.raises(IsADirectoryError):
        broken_seal(tmp_path)


def test_a_folder_of_an_older_version_has_no_seal_and_counts_as_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    assert broken_seal(tmp_path) is None


def test_a_file_that_something_else_left_in_a_sealed_folder_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    seal_folder(tmp_path)
    (tmp_path / ".nfs0001").write_bytes(b"")
    assert broken_seal(tmp_path) is None


def test_a_damaged_line_of_the_metrics_costs_no_other(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    for step in (1, 2, 3):
        folder.append_metrics({"event": "progress", "step": step})
    folder.metrics_path.write_bytes(folder.metrics_path.read_bytes().replace(b'"step": 1', b'"st\xff": 1'))
    folder.rewind_metrics(2)
    assert folder.metrics_path.read_text() == '{"event": "progress", "step": 2}\n'


def test_of_damaged_checkpoints_the_newest_stays_for_whoever_looks_for_the_cause(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = RunFolder(tmp_path)
    for step in range(2, 8):
        folder.checkpoint_path(step).mkdir(parents=True)
        (folder.checkpoint_path(step) / "state.json").write_text("{}")
        seal_folder(folder.checkpoint_path(step))
        if step in (3, 6):
            (folder.checkpoint_path(step) / "state.json").write_text("[]")
            folder.newest_whole_checkpoint()
            assert f"kept aside as {folder.checkpoint_path(step)}.damaged" in capsys.readouterr().err
    folder.remove_old_checkpoints(2)
    left = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert left == ["step-000005", "step-000006.damaged", "step-000007"]
