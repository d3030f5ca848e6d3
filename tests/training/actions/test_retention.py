"""Removing the files of versions and the checkpoints of runs."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from common.errors import NotAllowed
from common.storage import artifacts
from labeling.models import Campaign, Event, User
from tests.machines import Machines, two_machines
from tests.training.conftest import NOW
from training.actions.generation import start_generation
from training.actions.planning import GenerationSpec
from training.actions.retention import forget_copies, remove_version_files, tidy
from training.actions.versions import promote, roll_back
from training.errors import NothingToRollBack, VersionDamaged, VersionInUse, WrongSettings
from training.models import ModelVersion
from training.queries.serving import serving_version
from training.versions import servers

__all__ = ["two_machines"]

pytestmark = pytest.mark.django_db


def test_files_that_go_while_a_version_is_loaded_keep_it_from_serving(
    line: list[ModelVersion], monkeypatch: pytest.MonkeyPatch
) -> None:
    def preparing(version: ModelVersion) -> list[servers.PreparedServer]:
        remove_version_files(version=version, acting_user=None, now=NOW)
        return []

    monkeypatch.setattr(servers, "prepare", preparing)
    with pytest.raises(VersionDamaged, match="were removed on 2026-03-02"):
        promote(version=line[1], acting_user=None, now=NOW)
    assert serving_version().name == "v5"


def test_tidying_is_for_admins_and_what_cannot_be_removed_keeps_nothing_else(
    line: list[ModelVersion], maya: User, tmp_path_factory: Any, django_capture_on_commit_callbacks: Any
) -> None:
    ModelVersion.objects.filter(name="v1").update(adapter_dir=str(tmp_path_factory.mktemp("elsewhere")))
    ModelVersion.objects.filter(name="v2").update(files_removed_at=NOW)
    roll_back(acting_user=None, now=NOW)
    with pytest.raises(NotAllowed):
        tidy(keep_newest=0, acting_user=maya, now=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        removed = tidy(keep_newest=0, acting_user=None, now=NOW)
    assert [one.description for one in removed] == ["version v6", "version v5", "version v4"]


def test_removing_takes_the_folder_and_leaves_the_row(
    line: list[ModelVersion], campaign: Campaign, django_capture_on_commit_callbacks: Any
) -> None:
    first = line[1]
    with django_capture_on_commit_callbacks(execute=True):
        removed = remove_version_files(version=first, acting_user=None, now=NOW)
    assert not Path(first.adapter_dir).exists()
    assert removed.files_removed_at == NOW
    assert Event.objects.filter(verb="version.files_removed").count() == 1
    remove_version_files(version=first, acting_user=None, now=NOW)
    assert Event.objects.filter(verb="version.files_removed").count() == 1
    with pytest.raises(VersionDamaged, match="were removed on 2026-03-02"):
        promote(version=removed, acting_user=None, now=NOW)
    with pytest.raises(WrongSettings, match="can no longer write"):
        start_generation(campaign=campaign, acting_user=None, now=NOW, spec=GenerationSpec(versions=[removed]))


def test_a_roll_back_to_what_has_no_files_is_refused(line: list[ModelVersion]) -> None:
    ModelVersion.objects.filter(name="v3").update(files_removed_at=NOW)
    with pytest.raises((NothingToRollBack, VersionDamaged)):
        roll_back(acting_user=None, now=NOW)


def test_files_outside_of_var_are_never_removed(line: list[ModelVersion], tmp_path_factory: Any) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    ModelVersion.objects.filter(name="v1").update(adapter_dir=str(elsewhere))
    with pytest.raises(VersionInUse, match="outside var/"):
        remove_version_files(version=ModelVersion.objects.get(name="v1"), acting_user=None, now=NOW)
    assert elsewhere.exists()


def test_a_version_removed_on_one_machine_goes_from_the_others(db: None, two_machines: Machines) -> None:
    for name in ("gone", "kept"):
        folder = two_machines.first / "versions" / name / "adapter"
        folder.mkdir(parents=True)
        (folder / "adapter_model.safetensors").write_bytes(name.encode())
        artifacts.publish(folder)
        ModelVersion.objects.create(
            name=name, base_dir="models/x", adapter_dir=str(folder), content_hash=name, created_at=NOW
        )
    with two_machines.on(two_machines.second) as var:
        for version in ModelVersion.objects.all():
            assert artifacts.fetch(Path(version.adapter_dir)).is_dir()
        assert forget_copies(now=NOW) == 0
    gone = ModelVersion.objects.get(name="gone")
    shutil.rmtree(gone.adapter_dir)
    artifacts.withdraw(Path(gone.adapter_dir))
    ModelVersion.objects.filter(pk=gone.pk).update(files_removed_at=NOW)
    with two_machines.on(two_machines.second) as var:
        assert [forget_copies(now=NOW) for _ in range(2)] == [1, 0]
        assert [path.name for path in (var / "versions").iterdir()] == ["kept"]
        assert [path.name for path in (var / "copies" / "versions").iterdir()] == ["kept"]
