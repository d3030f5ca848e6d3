"""Folders of models, adapters and runs: hashed, published whole or not at all. Standard library only."""

import hashlib
import os
import shutil
from functools import lru_cache
from pathlib import Path

LINEAGE = "lineage.json"
SIDE_FILES = frozenset({LINEAGE})
"""Files about the origin of a folder, which are no part of its content."""


def folder_hash(folder: Path) -> str:
    """SHA-256 over the relative names and the hashes of all files below a folder, in hex; SIDE_FILES are left out."""
    state = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name not in SIDE_FILES):
        state.update(f"{path.relative_to(folder).as_posix()} {file_hash(path)}\n".encode())
    return state.hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    state = path.stat()
    return _file_hash(path, state.st_ino, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=1024)
def _file_hash(path: Path, inode: int, size: int, changed: int) -> str:
    """The hash is kept while inode, size and time of change stay the same."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def publish_folder(building: Path, target: Path, *, replace: bool) -> None:
    """Force a finished folder to disk and rename it to ``target`` in the same parent: it appears whole or not at all.

    ``replace``: remove what ``target`` holds. Without it OSError is raised if the target has files.
    """
    for path in building.rglob("*"):
        sync(path)
    sync(building)
    if replace and target.exists():
        shutil.rmtree(target)
    building.rename(target)
    sync(target.parent)


def sync(path: Path) -> None:
    """Force one file or folder to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
