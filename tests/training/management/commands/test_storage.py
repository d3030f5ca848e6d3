"""The storage that machines share, by the command."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from common.storage import artifacts
from common.storage import room as rooms
from common.storage.room import Room
from labeling.models import Campaign
from tests.machines import Machines, two_machines
from tests.training.commands import output_of
from tests.training.conftest import NOW, add_written_pairs, make_version
from training.actions.retention import remove_version_files
from training.actions.runs import start_run
from training.models import JobStatus, ModelVersion, Run

__all__ = ["two_machines"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def var_dir(two_machines: Machines) -> Path:
    """The first machine's."""
    return two_machines.first


def told(*options: str) -> dict[str, Any]:
    return dict(json.loads(output_of("storage", "--json", *options)))


def old_place(model: type[ModelVersion] | type[Run], column: str, key: int, place: str) -> None:
    """A place as an older version wrote it."""
    with connection.cursor() as cursor:
        table = model._meta.db_table
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [place, key])


def test_an_installation_that_gets_a_storage_stores_everything_it_has(
    two_machines: Machines, campaign: Campaign, base: ModelVersion
) -> None:
    url, two_machines.settings.STORAGE_URL = two_machines.settings.STORAGE_URL, ""
    version = make_version(base, two_machines.first, "tiny-v1")
    old_place(ModelVersion, "adapter_dir", version.pk, version.adapter_dir)
    add_written_pairs(campaign, preference="first")
    run = start_run(campaign=campaign, acting_user=None, now=NOW)
    checkpoint = Path(run.directory) / "checkpoints" / "step-000010"
    checkpoint.mkdir(parents=True)
    (checkpoint / "optimizer").write_bytes(b"x" * 500)
    with pytest.raises(CommandError, match="set STORAGE_URL"):
        call_command("storage")

    two_machines.settings.STORAGE_URL = url
    names = {"versions/tiny-v1", f"snapshots/{run.snapshot.content_hash}", f"runs/{Path(run.directory).name}"}
    assert set(told()["missing"]) == names
    assert set(told("--publish")["published"]) == names
    assert told("--publish")["published"] == []
    assert told() == {"url": url, "artifacts": 3, "missing": []}
    with two_machines.on(two_machines.second) as var:
        version = ModelVersion.objects.get(pk=version.pk)
        assert artifacts.fetch(Path(version.adapter_dir)).is_relative_to(var)


def test_a_sweep_is_counted_before_it_removes_a_version_that_was_removed(
    two_machines: Machines, base: ModelVersion, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    first, second = (make_version(base, two_machines.first, name) for name in ("v1", "v2"))
    told("--publish")
    original = Room._age
    monkeypatch.setattr(Room, "_age", lambda self, info: original(self, info) + rooms.GRACE_SECONDS + 1)
    with django_capture_on_commit_callbacks(execute=True):
        remove_version_files(version=first, acting_user=None, now=NOW)
    assert not Path(first.adapter_dir).exists()

    counted = told("--sweep", "--dry-run")
    # The weights of the first; both share the file with the settings.
    assert counted == {"removed": False, "artifacts": [], "objects": 1, "bytes": 1000 * len("weights of v1")}
    assert told("--sweep") == {**counted, "removed": True}
    assert told("--sweep")["objects"] == 0
    with two_machines.on(two_machines.second):
        version = ModelVersion.objects.get(pk=second.pk)
        assert (artifacts.fetch(Path(version.adapter_dir)) / "adapter_config.json").is_file()


def test_a_storage_that_is_away_is_said_in_a_sentence(two_machines: Machines) -> None:
    two_machines.settings.STORAGE_URL = "no-such-protocol://x"
    with pytest.raises(CommandError, match="cannot be used now"):
        call_command("storage")


def test_a_dry_run_goes_with_a_sweep_only(two_machines: Machines) -> None:
    with pytest.raises(CommandError, match="--sweep"):
        call_command("storage", "--dry-run")


def test_results_of_a_finished_run_are_stored_without_its_checkpoints(
    two_machines: Machines, campaign: Campaign, base: ModelVersion
) -> None:
    add_written_pairs(campaign, preference="first")
    run = start_run(campaign=campaign, acting_user=None, now=NOW)
    Run.objects.filter(pk=run.pk).update(status=JobStatus.FINISHED, done=7)
    out = Path(run.directory)
    (out / "checkpoints" / "step-000007").mkdir(parents=True)
    (out / "checkpoints" / "step-000007" / "optimizer").write_bytes(b"x")
    (out / "margins.jsonl").write_bytes(b"{}\n")
    told("--publish")
    listing = artifacts.stored(out)
    assert listing is not None
    assert (set(listing.files), listing.note) == ({"margins.jsonl"}, {"step": 7})
