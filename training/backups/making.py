"""Making a backup while people and workers go on."""

import json
import os
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from common.storage import artifacts
from training.backups.archive import ArchiveWriter
from training.backups.contents import bases_outside, bring_all, files_of, files_outside, is_missed, lacking, scratch
from training.backups.database import dump, one_moment
from training.backups.encryption import encrypting
from training.backups.errors import BackupFailed

FORM = 1
ABOUT, DATABASE = "backup.json", "database.dump"


@dataclass(frozen=True, slots=True)
class Made:
    """size: bytes of the archive's members. gone: files that went while the archive was written, and are not in it."""

    files: int
    size: int
    gone: list[str]


def make_backup(target: Path, *, now: datetime, recipient: str = "", with_bases: bool = True) -> Made:
    """Writes the archive, which appears whole or not at all. Raises BackupFailed.

    recipient: the public key to encrypt for; empty: it is not encrypted. with_bases: whether base models are in it.
    """
    if target.exists():
        raise BackupFailed(f"{target} is there already. Name another file: a backup replaces none.")
    building = target.with_name(f".{target.name}.partial")
    try:
        with building.open("wb") as file, ExitStack() as opened:
            building.chmod(0o600)
            stream = opened.enter_context(encrypting(file, recipient)) if recipient else file
            made = _write(stream, now=now, with_bases=with_bases)
        _sync(building)
        building.rename(target)
    except OSError as error:
        raise BackupFailed(f"The backup could not be written: {error}") from error
    finally:
        building.unlink(missing_ok=True)
    return made


def _write(stream: IO[bytes], *, now: datetime, with_bases: bool) -> Made:
    var = Path(settings.VAR_DIR)
    with ArchiveWriter(stream) as archive:
        with tempfile.TemporaryDirectory(dir=scratch(var)) as folder:
            dumped = Path(folder) / DATABASE
            with one_moment() as moment:
                outside = bases_outside(var) if with_bases else {}
                archive.add_bytes(ABOUT, json.dumps(_about(now, outside), indent=2).encode())
                dump(dumped, moment=moment)
            archive.add_file(DATABASE, dumped)
        # After the database: what its rows name was complete before, and never changes.
        others = len(archive.names)
        gone = add_files(archive, outside, with_bases=with_bases)
        archive.close()
        return Made(len(archive.names) - others, archive.size, gone)


def add_files(archive: ArchiveWriter, outside: dict[str, str], *, with_bases: bool) -> list[str]:
    """Adds the files of this machine and of the storage; returns the names of those that it could not add.

    Copies that were brought first may go again for those that are brought later, if all together are larger than
    STORAGE_CACHE_GIB. So what is lacking at the end is brought once more, and added at once.
    """
    brought = bring_all(with_bases=with_bases)
    found = [*files_of(Path(settings.VAR_DIR), with_bases=with_bases), *files_outside(outside)]
    gone = _add(archive, dict(found))
    for path, missing in lacking(brought, archive.names, gone[:]):
        artifacts.fetch(path)
        gone += _add(archive, missing)
    return [name for name in dict.fromkeys(gone) if name not in archive.names and is_missed(name, brought)]


def _add(archive: ArchiveWriter, files: dict[str, Path]) -> list[str]:
    """Adds files by their names; returns the names of those that are not there."""
    gone = []
    for name, path in files.items():
        try:
            archive.add_file(name, path)
        except FileNotFoundError:
            gone.append(name)
    return gone


def _about(now: datetime, outside: dict[str, str]) -> dict[str, Any]:
    return {
        "form": FORM,
        "product": settings.VERSION,
        "made_at": now.isoformat(),
        "var": str(settings.VAR_DIR),
        "outside": outside,
        "migrations": sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()),
    }


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
