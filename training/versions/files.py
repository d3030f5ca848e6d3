"""The files of model versions: hashed, copied whole or not at all, checked before they are loaded."""

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
from common.storage import artifacts
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
    if not artifacts.fetch(folder).is_dir():
        text = _("The folder of %(name)s is missing: %(folder)s. Restore it, or promote another version.")
        raise VersionDamaged(Sentence(text, details))
    is_damaged = content_hash(folder) != expected
    if is_damaged and not (artifacts.fetch_again(folder) and content_hash(folder) == expected):
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
