"""Bringing a backup into an empty installation: everything is checked before anything is written."""

import json
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from training.backups.archive import unpack
from training.backups.contents import BASES, FOLDERS, PATHS, scratch
from training.backups.database import fill, is_empty
from training.backups.encryption import decrypting
from training.backups.errors import BackupFailed
from training.backups.making import ABOUT, DATABASE, FORM
from training.errors import VersionDamaged
from training.models import ModelVersion
from training.versions.files import check_version


@dataclass(slots=True)
class Restored:
    """The result of a restore. damaged: a sentence for each version without its files. strange: unknown folders."""

    about: dict[str, Any]
    files: int = 0
    damaged: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)


def restore_backup(source: Path, *, key_file: Path | None = None) -> Restored:
    """Fills an empty installation from an archive. Raises BackupFailed; then the installation is still empty.

    key_file: the secret key of an encrypted archive. An older backup is migrated to this version.
    """
    var = Path(settings.VAR_DIR)
    _require_empty(var)
    with tempfile.TemporaryDirectory(dir=scratch(var)) as folder:
        unpacked = Path(folder)
        restored = Restored(check_backup(source, unpacked, key_file=key_file))
        fill(unpacked / DATABASE)
        call_command("migrate", interactive=False, verbosity=0)
        restored.files = _move_files(unpacked, var, restored.about["outside"])
    _rewrite_paths(Path(restored.about["var"]), var, restored.about["outside"])
    restored.damaged, restored.strange = differences(var)
    return restored


def check_backup(source: Path, target: Path, *, key_file: Path | None = None) -> dict[str, Any]:
    """Unpacks an archive into an empty folder and checks every byte. Returns what it says about itself.

    Raises BackupFailed if it is damaged, encrypted for another key, or of a newer version of the product.
    """
    try:
        with source.open("rb") as file, decrypting(file, key_file) as stream:
            names = unpack(stream, target)
    except OSError as error:
        raise BackupFailed(f"{source} could not be read or unpacked: {error}") from error
    if ABOUT not in names or DATABASE not in names:
        raise BackupFailed(f"{source} is no archive of `manage.py backup`.")
    about: dict[str, Any] = json.loads((target / ABOUT).read_text(encoding="utf-8"))
    known = {f"{app}.{name}" for app, name in MigrationLoader(connection).disk_migrations}
    if about["form"] != FORM or (newer := sorted(set(about["migrations"]) - known)):
        reason = f"form {about['form']}" if about["form"] != FORM else newer[0]
        raise BackupFailed(f"This backup is of version {about['product']}, which is newer ({reason}). Update first.")
    return about


def differences(var: Path) -> tuple[list[str], list[str]]:
    """A sentence for each version whose files are missing or changed, and the version folders that no row names."""
    damaged, named = [], set()
    for version in ModelVersion.objects.filter(files_removed_at=None).order_by("pk"):
        named.add(Path(version.adapter_dir or version.base_dir).parent if version.adapter_dir else None)
        try:
            check_version(version)
        except VersionDamaged as error:
            damaged.append(error.message)
    folders = sorted(path for path in (var / "versions").glob("*") if path.is_dir() and path.name[0] != ".")
    return damaged, [str(path) for path in folders if path not in named]


def _require_empty(var: Path) -> None:
    if not is_empty():
        raise BackupFailed(
            "The database is in use: it has people, or tables of another program. A backup is restored into an empty "
            "installation."
        )
    for name in FOLDERS:
        if name != BASES and any((var / name).glob("*")):
            raise BackupFailed(f"{var / name} has files. A backup is restored into an empty installation.")


def _move_files(unpacked: Path, var: Path, outside: dict[str, str]) -> int:
    files = 0
    for name in FOLDERS:
        files += _merge(unpacked / "files" / name, var / name)
    for place in outside.values():
        files += _merge(unpacked / place, var / BASES / Path(place).name)
    return files


def _merge(source: Path, target: Path) -> int:
    """Moves the files of a folder; those that are in the target already, a base model for instance, stay."""
    moved = 0
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_file() and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, place)
            moved += 1
    return moved


def _rewrite_paths(before: Path, after: Path, outside: dict[str, str]) -> None:
    """Names the places of this installation in the rows."""
    moved = {old: str(after / BASES / Path(place).name) for old, place in outside.items()}
    for old, new in [(str(before), str(after)), *moved.items()]:
        for model, column in PATHS:
            for key, path in model._default_manager.values_list("pk", column):
                if Path(path).is_relative_to(old) and not Path(path).is_relative_to(after):
                    place = str(Path(new) / Path(path).relative_to(old))
                    model._default_manager.filter(pk=key).update(**{column: place})
