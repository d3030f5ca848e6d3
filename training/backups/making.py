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

from training.backups.archive import ArchiveWriter
from training.backups.contents import bases_outside, bring_all, files_of, files_outside, scratch
from training.backups.database import dump, one_moment
from training.backups.encryption import encrypting
from training.backups.errors import BackupFailed

FORM = 1
ABOUT, DATABASE = "backup.json", "database.dump"


@dataclass(frozen=True, slots=True)
class Made:
    """size: bytes of the archive's members. gone: files that were deleted while the archive was written."""

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
    archive, var, gone, files = ArchiveWriter(stream), Path(settings.VAR_DIR), list[str](), 0
    with tempfile.TemporaryDirectory(dir=scratch(var)) as folder:
        dumped = Path(folder) / DATABASE
        with one_moment() as moment:
            outside = bases_outside(var) if with_bases else {}
            archive.add_bytes(ABOUT, json.dumps(_about(now, outside), indent=2).encode())
            dump(dumped, moment=moment)
        archive.add_file(DATABASE, dumped)
    # After the database: what its rows name was complete before, and never changes.
    bring_all(with_bases=with_bases)
    for name, path in [*files_of(var, with_bases=with_bases), *files_outside(outside)]:
        try:
            archive.add_file(name, path)
            files += 1
        except FileNotFoundError:
            gone.append(name)
    archive.close()
    return Made(files, archive.size, gone)


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
