"""A backup of an installation in use, and its way into another one."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from labeling.actions.event_chain import seal_events
from labeling.actions.exports import export_campaign
from labeling.models import Judgment
from tests.people import Stage, stage
from tests.training.conftest import NOW, make_version
from training.actions.snapshots import take_snapshot
from training.actions.versions import register_base_version
from training.backups.contents import PATHS
from training.backups.database import is_empty
from training.backups.encryption import new_key
from training.backups.errors import BackupFailed
from training.backups.making import make_backup
from training.backups.restoring import check_backup, differences, restore_backup
from training.models import ModelVersion

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.serial]

COUNT = """
import json
from labeling.models import Campaign, Judgment, User
from training.backups.contents import PATHS
from training.backups.restoring import differences
from training.models import ModelVersion
from pathlib import Path
from django.conf import settings
print(json.dumps({
    "judgments": sorted(Judgment.objects.values_list("pk", flat=True)),
    "versions": {one.name: one.content_hash for one in ModelVersion.objects.all()},
    "differences": differences(Path(settings.VAR_DIR)),
    "paths": [path for model, column in PATHS for path in model.objects.values_list(column, flat=True) if path],
}))
"""


class Elsewhere:
    """Another installation on this machine: a data directory of its own, with a database of its own."""

    def __init__(self, var: Path) -> None:
        self.var = var

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        names = ("DATABASE_URL", "BROKER_URL", "SECRET_KEY")
        environment = {name: value for name, value in os.environ.items() if name not in names}
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            env=environment | {"CHOSEN_VAR": str(self.var)},
            capture_output=True,
            text=True,
            check=False,
        )

    def state(self) -> dict[str, Any]:
        answer = self.manage("shell", "--no-imports", "-c", COUNT)
        assert answer.returncode == 0, answer.stderr
        state: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
        return state


@pytest.fixture
def elsewhere(tmp_path: Path) -> Elsewhere:
    return Elsewhere(tmp_path / "elsewhere")


@pytest.fixture
def busy(var_dir: Path, tiny_model: Path) -> Stage:
    """A campaign with judgments, a snapshot and a version whose files are below the data directory."""
    scene = stage(comparisons=40)
    scene.settle("ab" * 15)
    make_version(register_base_version(name="tiny", directory=tiny_model, acting_user=None, now=NOW), var_dir, "v1")
    take_snapshot(campaign=scene.campaign, acting_user=scene.maya, now=NOW)
    return scene


@pytest.mark.long
def test_what_people_do_meanwhile_is_not_held_up_and_all_they_did_before_is_restored(
    busy: Stage, var_dir: Path, elsewhere: Elsewhere, tmp_path: Path
) -> None:
    seal = seal_events(now=NOW)
    before, stop = set(Judgment.objects.values_list("pk", flat=True)), threading.Event()
    lines = b"".join(export_campaign(campaign=busy.campaign, dialect="trl", acting_user=busy.maya, now=NOW).pieces)
    judged: list[int] = []

    def judge() -> None:
        while not stop.is_set() and (assignment := busy.next(busy.bob)):
            judged.append(busy.judge(assignment, "left").pk)
        connection.close()

    judging = threading.Thread(target=judge)
    judging.start()
    made = make_backup(tmp_path / "chosen.backup", now=timezone.now())
    stop.set()
    judging.join()
    assert judged
    assert made.files > 3

    answer = elsewhere.manage("restore", str(tmp_path / "chosen.backup"))

    assert answer.returncode == 0, answer.stderr
    assert "Restored" in answer.stdout
    state = elsewhere.state()
    assert before <= set(state["judgments"]) <= before | set(judged)
    assert state["versions"] == dict(ModelVersion.objects.values_list("name", "content_hash"))
    assert state["differences"] == [[], []]
    assert all(path.startswith(str(elsewhere.var)) for path in state["paths"])
    verified = elsewhere.manage("verify_events", "--seal", str(seal))
    assert (verified.returncode, verified.stdout[:30]) == (0, "All sealed events are in order"), verified.stderr
    exported = elsewhere.manage("export", busy.campaign.slug, "--dialect", "trl", "--out", "-")
    assert set(lines.decode().splitlines()) <= set(exported.stdout.splitlines())

    again = elsewhere.manage("restore", str(tmp_path / "chosen.backup"))
    assert again.returncode == 1
    assert "in use" in again.stderr
    assert elsewhere.manage("backup", str(tmp_path / "second.backup")).returncode == 0
    third = Elsewhere(tmp_path / "third")
    assert third.manage("restore", str(tmp_path / "second.backup")).returncode == 0
    assert third.state()["judgments"] == state["judgments"]


def test_an_encrypted_backup_is_opened_by_its_key_only(busy: Stage, tmp_path: Path) -> None:
    archive, key = tmp_path / "chosen.backup", tmp_path / "key"
    make_backup(archive, now=timezone.now(), recipient=new_key(key))
    assert b"labeling_judgment" not in archive.read_bytes()
    with pytest.raises(BackupFailed, match="encrypted"):
        check_backup(archive, tmp_path / "one")
    assert check_backup(archive, tmp_path / "two", key_file=key)["product"] == settings.VERSION


def test_a_version_without_files_and_files_without_a_version_are_named(busy: Stage, var_dir: Path) -> None:
    assert differences(var_dir) == ([], [])
    version = ModelVersion.objects.get(name="v1")
    folder = Path(version.adapter_dir).parent
    folder.rename(folder.with_name("stray"))
    damaged, strange = differences(var_dir)
    assert len(damaged) == 1
    assert "v1" in damaged[0]
    assert strange == [str(folder.with_name("stray"))]


def test_an_installation_in_use_is_not_touched(busy: Stage, tmp_path: Path) -> None:
    make_backup(tmp_path / "chosen.backup", now=timezone.now())
    before = Judgment.objects.count()
    with pytest.raises(BackupFailed, match="in use"):
        restore_backup(tmp_path / "chosen.backup")
    assert Judgment.objects.count() == before
    with pytest.raises(BackupFailed, match="there already"):
        make_backup(tmp_path / "chosen.backup", now=timezone.now())


def test_tables_of_another_program_are_not_deleted() -> None:
    assert is_empty()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE invoices (id integer)")
        try:
            assert not is_empty()
        finally:
            cursor.execute("DROP TABLE invoices")


def test_every_column_with_a_place_is_rewritten() -> None:
    places = {(model, field.name) for model in _models() for field in model._meta.fields if _is_place(field.name)}
    assert places == {(model, column) for model, column in PATHS}


def _models() -> list[Any]:
    from django.apps import apps

    return [model for name in ("labeling", "training") for model in apps.get_app_config(name).get_models()]


def _is_place(name: str) -> bool:
    return name.endswith("_dir") or name == "directory"
