"""The files in a backup."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from common.storage import artifacts
from labeling.models import Campaign
from tests.machines import Machines, two_machines
from tests.training.conftest import NOW, add_written_pairs, make_version
from training.actions.snapshots import take_snapshot
from training.backups.archive import ArchiveWriter
from training.backups.contents import bring_all, files_of, is_missed
from training.backups.making import Made, add_files
from training.jobs.stored_artifacts import publish_all
from training.management.commands.backup import Command
from training.models import ModelVersion

__all__ = ["two_machines"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def var_dir(two_machines: Machines) -> Path:
    """The first machine's."""
    return two_machines.first


def test_a_backup_has_the_files_that_are_on_no_disk_of_this_machine(
    two_machines: Machines, base: ModelVersion, campaign: Campaign
) -> None:
    make_version(base, two_machines.first, "tiny-v1")
    add_written_pairs(campaign, preference="first")
    snapshot = take_snapshot(campaign=campaign, acting_user=None, now=NOW)
    publish_all()
    before = {name for name, _path in files_of(two_machines.first, with_bases=True)}
    with two_machines.on(two_machines.second) as second:
        bring_all(with_bases=True)
        assert {name for name, _path in files_of(second, with_bases=True)} == before
    assert f"files/snapshots/{snapshot.content_hash}/train.jsonl" in before


def test_copies_that_make_room_for_each_other_are_in_a_backup_all_the_same(
    two_machines: Machines, base: ModelVersion, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("tiny-v1", "tiny-v2"):
        make_version(base, two_machines.first, name)
    publish_all()
    before = {name for name, _path in files_of(two_machines.first, with_bases=True)}
    monkeypatch.setattr(artifacts, "IN_USE_SECONDS", 0)  # as after an hour of bringing
    two_machines.settings.STORAGE_CACHE_GIB = 0
    with two_machines.on(two_machines.second):
        archive = ArchiveWriter(io.BytesIO())
        assert add_files(archive, {}, with_bases=True) == []
        assert len({name for name, _path in files_of(two_machines.second, with_bases=True)}) < len(before)
        assert set(archive.names) == before


def test_what_a_run_at_work_removes_meanwhile_is_not_missed(tmp_path: Path, settings: Any) -> None:
    settings.VAR_DIR = tmp_path
    finished = tmp_path / "runs" / "1"
    assert is_missed("files/runs/1/metrics.jsonl", [finished])
    assert not is_missed("files/runs/2/reference.partial.safetensors", [finished])
    assert is_missed("files/uploads/one", [finished])


def test_a_backup_without_a_file_is_no_success() -> None:
    Command()._require_whole(Made(files=2, size=9, gone=[]))
    with pytest.raises(CommandError, match="not in the backup: 1"):
        Command()._require_whole(Made(files=2, size=9, gone=["files/uploads/one"]))
