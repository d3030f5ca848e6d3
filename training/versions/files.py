"""The files of model versions: hashed, copied whole or not at all, checked before they are loaded."""

import hashlib
import json
import os
import secrets
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop as _

from common.sentences import Sentence
from training.errors import VersionDamaged
from training.models import ModelVersion

LINEAGE = "lineage.json"
READ_BYTES = 1 << 20


def folder_hash(folder: Path) -> str:
    """SHA-256 over the names and hashes of a folder's files; the lineage beside them is not part of the content.

    Raises VersionDamaged when there are no files.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != LINEAGE)
    if not files:
        raise VersionDamaged(f"{folder} has no files.")
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(folder).as_posix()} {_file_hash(path)}\n".encode())
    return digest.hexdigest()


def _file_hash(path: Path) -> str:
    state = path.stat()
    return _hash_of(path, state.st_ino, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1024)
def _hash_of(path: Path, inode: int, size: int, changed: int) -> str:
    """Remembered for as long as the file system says that the file is the same one, unchanged."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(READ_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def publish_folder(source: Path, target: Path, lineage: dict[str, Any]) -> None:
    """Copies `source` with a lineage file to `target`, which appears whole or not at all. Target must not exist."""
    target.parent.mkdir(parents=True, exist_ok=True)
    building = target.parent / f".{target.name}-{secrets.token_hex(6)}"
    try:
        shutil.copytree(source, building / "adapter")
        (building / LINEAGE).write_text(json.dumps(lineage, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        for path in building.rglob("*"):
            _sync(path)
        _sync(building)
        building.rename(target)
        _sync(target.parent)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_version(version: ModelVersion) -> None:
    """Compares the hashes of a version's files, and of its base's, with those registered. Raises VersionDamaged."""
    check_adapter(version)
    if not version.adapter_dir:
        _check(Path(version.base_dir), version.content_hash, version.name)
    elif base := version.lineage.get("base_hash"):
        _check(Path(version.base_dir), base, Sentence(_("the base of %(name)s"), {"name": version.name}))


def check_adapter(version: ModelVersion) -> None:
    """Checks its adapter alone, if it has one: the base may exist on a server only. Raises VersionDamaged."""
    check_kept(version)
    if version.adapter_dir:
        _check(Path(version.adapter_dir), version.content_hash, version.name)


def check_kept(version: ModelVersion) -> None:
    """Raises VersionDamaged if the row says that its files were removed."""
    if version.files_removed_at is not None:
        raise VersionDamaged(
            Sentence(
                _("The files of %(name)s were removed on %(date)s: use another version."),
                {"name": version.name, "date": version.files_removed_at.date().isoformat()},
            )
        )


def _check(folder: Path, expected: str, name: str) -> None:
    details = {"name": name, "folder": str(folder)}
    if not folder.is_dir():
        text = _("The folder of %(name)s is missing: %(folder)s. Restore it, or promote another version.")
        raise VersionDamaged(Sentence(text, details))
    if folder_hash(folder) != expected:
        text = _(
            "The files of %(name)s in %(folder)s are not those that were registered. Restore them, or use another "
            "version."
        )
        raise VersionDamaged(Sentence(text, details))


def made_by(folder: Path) -> str:
    """The run folder named in the lineage of a version's folder; empty if there is none."""
    try:
        return str(json.loads((folder / LINEAGE).read_text(encoding="utf-8"))["run_directory"])
    except (OSError, ValueError, KeyError):
        return ""


@lru_cache(maxsize=1)
def code_version() -> str:
    """The git commit of this code, marked if files differ from it; else CODE_VERSION."""
    root = Path(__file__).resolve().parent.parent.parent
    try:
        commit = subprocess.run(
            ["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()
        changed = subprocess.run(
            ["git", "-C", str(root), "status", "--porcelain", "--untracked-files=no"],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return os.environ.get("CODE_VERSION", "unknown")
    return commit + ("+changed" if changed else "")
