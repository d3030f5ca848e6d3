"""The files of model versions: hashed, copied whole or not at all, checked before they are loaded."""

import json
import os
import secrets
import shutil
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any

from training.errors import VersionDamaged
from training.language_models.folders import LINEAGE, folder_hash, publish_folder
from training.models import ModelVersion


def content_hash(folder: Path) -> str:
    """The hash that names a folder's content. Raises VersionDamaged when there are no files."""
    if not any(path.is_file() for path in folder.rglob("*")):
        raise VersionDamaged(f"{folder} has no files.")
    return folder_hash(folder)


def publish_version(source: Path, target: Path, lineage: dict[str, Any]) -> None:
    """Copies `source` with a lineage file to `target`, which appears whole or not at all. Target must not exist."""
    target.parent.mkdir(parents=True, exist_ok=True)
    building = target.parent / f".{target.name}-{secrets.token_hex(6)}"
    try:
        shutil.copytree(source, building / "adapter")
        (building / LINEAGE).write_text(json.dumps(lineage, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        publish_folder(building, target, replace=False)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def check_version(version: ModelVersion) -> None:
    """Compares a version's files, and those of its base, with what was registered. Raises VersionDamaged."""
    check_adapter(version)
    if not version.adapter_dir:
        _check(Path(version.base_dir), version.content_hash, version.name)
    elif base := version.lineage.get("base_hash"):
        _check(Path(version.base_dir), base, f"the base of {version.name}")


def check_adapter(version: ModelVersion) -> None:
    """The same for its adapter alone, if it has one: the base may be on a server only. Raises VersionDamaged."""
    check_kept(version)
    if version.adapter_dir:
        _check(Path(version.adapter_dir), version.content_hash, version.name)


def check_kept(version: ModelVersion) -> None:
    """That its files were not removed, as far as its row says. Raises VersionDamaged."""
    if version.files_removed_at is not None:
        raise VersionDamaged(
            f"The files of {version.name} were removed on {version.files_removed_at:%d %B %Y}: use another version."
        )


def _check(folder: Path, expected: str, name: str) -> None:
    if not folder.is_dir():
        raise VersionDamaged(f"The folder of {name} is missing: {folder}. Restore it, or promote another version.")
    if content_hash(folder) != expected:
        raise VersionDamaged(
            f"The files of {name} in {folder} are not those that were registered. Restore them, or use another version."
        )


def made_by(folder: Path) -> str:
    """The run folder that a version's folder names in its lineage; empty if it names none."""
    try:
        return str(json.loads((folder / LINEAGE).read_text(encoding="utf-8"))["run_directory"])
    except (OSError, ValueError, KeyError):
        return ""


@lru_cache(maxsize=1)
def code_version() -> str:
    """What made a version: the git commit of this code (marked where files differ from it), else CODE_VERSION."""
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
