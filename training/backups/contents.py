"""The files in a backup: the folders below `var/` whose files the rows name."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from django.conf import settings

from common.storage import artifacts
from common.storage.room import ITSELF
from training.models import JobStatus, ModelVersion, Run, Snapshot
from training.queries.artifacts import named_paths

FOLDERS = ("versions", "snapshots", "runs", "uploads", "reward_models", "models")
"""Left out are what starts again by itself (run, log, static, valkey, reference) and the server's own files."""

BASES = "models"
LEFT_OUT = {"checkpoints"}  # of a run: many times as large as its adapter, and needed only while it runs
OUTSIDE = "outside"
"""The folder in the archive for base models that lie outside of `var/`."""

Lacking = Iterator[tuple[Path, dict[str, Path]]]
"""Artifacts, each with the files of it that are wanted, by their names in the archive."""

PATHS: tuple[tuple[type[ModelVersion] | type[Run] | type[Snapshot], str], ...] = (
    (ModelVersion, "base_dir"),
    (ModelVersion, "adapter_dir"),
    (Run, "directory"),
    (Snapshot, "directory"),
)
"""The columns that hold absolute paths."""


def scratch(var: Path) -> Path:
    """A folder for unfinished work on the disk of the data: the machine's temporary one may be small."""
    folder = var / "backup"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def files_of(var: Path, *, with_bases: bool) -> Iterator[tuple[str, Path]]:
    """The files with their names in the archive. Those under construction are left out."""
    for name in FOLDERS:
        if name != BASES or with_bases:
            for path in _files(var / name):
                yield f"files/{path.relative_to(var).as_posix()}", path


def bring_all(*, with_bases: bool) -> list[Path]:
    """Brings to this machine what only the storage has, and returns what it was to bring.

    The checkpoints of runs that work are in no backup.
    """
    working = {Path(run.directory) for run in Run.objects.exclude(status=JobStatus.FINISHED).exclude(directory="")}
    wanted = [
        path
        for path in dict.fromkeys(named_paths())
        if path not in working and (with_bases or path.relative_to(settings.VAR_DIR).parts[0] != BASES)
    ]
    for path in wanted:
        artifacts.fetch(path)
    return wanted


def lacking(paths: Iterable[Path], names: Collection[str], gone: Iterable[str]) -> Lacking:
    """Artifacts whose copies went before they were in an archive with these names: their files there, and their place.

    gone: the names of files that were found and could not be added.
    """
    complete = {_key_in(name) for name in names} - {_key_in(name) for name in gone}
    for path in paths:
        key = artifacts.key_of(path)
        if key is None or (key in complete and path.exists()) or (listing := artifacts.stored(path)) is None:
            continue
        place, prefix = artifacts.place_of(key), f"files/{key}"
        files = {
            prefix if name == ITSELF else f"{prefix}/{name}": place if name == ITSELF else place / name
            for name in listing.files
            if not LEFT_OUT & set(name.split("/"))
        }
        yield path, {name: file for name, file in files.items() if name not in names}


def is_missed(name: str, brought: Iterable[Path]) -> bool:
    """Whether a restore misses a file that went. Runs write again those from when they worked."""
    return not name.startswith("files/runs/") or _key_in(name) in map(artifacts.key_of, brought)


def _key_in(name: str) -> str:
    """The artifact that a member of an archive is part of."""
    return "/".join(name.split("/")[1:3])


def bases_outside(var: Path) -> dict[str, str]:
    """Base models outside of `var/`: their path, and the folder in the archive that stands for it."""
    paths = sorted(set(ModelVersion.objects.values_list("base_dir", flat=True)))
    outside = [path for path in paths if path and not Path(path).is_relative_to(var) and Path(path).is_dir()]
    return {path: f"{OUTSIDE}/{number}-{Path(path).name}" for number, path in enumerate(outside, start=1)}


def files_outside(places: dict[str, str]) -> Iterator[tuple[str, Path]]:
    """Their files with their names in the archive."""
    for folder, name in places.items():
        for path in _files(Path(folder)):
            yield f"{name}/{path.relative_to(folder).as_posix()}", path


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder).parts
        hidden = any(part.startswith(".") or part.endswith(artifacts.UNFINISHED) for part in inner)
        if path.is_file() and not hidden and not LEFT_OUT & set(inner):
            yield path
