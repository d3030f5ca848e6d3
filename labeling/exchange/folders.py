"""Data sets as ZIP archives of a folder: what `datasets` saves, and what a hub keeps. Their rows are read file by file.

`save_to_disk` writes Arrow files beside state.json, in a folder for each split. A hub's folder has a README and data
files: Parquet, JSON lines or CSV.
"""

import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from typing import IO

from common.phrases import gettext_noop
from labeling.exchange.decoding import line_of
from labeling.exchange.errors import UnreadableInput
from labeling.exchange.raw import ByteStream, RawRecord, ReadLimits

DATA = (".arrow", ".parquet", ".jsonl", ".ndjson", ".json", ".csv", ".tsv")
TABLES = (".arrow", ".parquet", ".csv", ".tsv")
PACKED = (".gz", ".zst", ".bz2", ".xz")
MARKERS = frozenset({"dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "README.md"})
"""Files that only a data set has."""

ABOUT = MARKERS | {"croissant.json", "LICENSE", "NOTICE"}
ABOUT_SUFFIXES = (".md", ".py", ".yaml", ".yml", ".png", ".jpg", ".svg", ".cff", ".bib", ".lock", ".txt")
SPLIT = re.compile(r"(?:^|[/._-])(?:train|test|validation|valid|dev|data)(?:[/._-]|$)")
"""A part of a path that names a split, or the folder of the data."""

OpenRecords = Callable[[ByteStream], Iterator[RawRecord]]


def data_files(names: Sequence[str]) -> list[str]:
    """The data files of a folder, in order. Empty: it is no data set, or has other files than data and documents."""
    wanted = [name for name in names if not _is_about(name)]
    is_data_set = any(PurePosixPath(name).name in MARKERS for name in names) or all(map(SPLIT.search, wanted))
    if not is_data_set or not all(_is_data(name) for name in wanted):
        return []
    return sorted(wanted)


def has_tables(names: Sequence[str]) -> bool:
    """Whether a file of a folder is a table: Arrow, Parquet or CSV."""
    return any(name.endswith(TABLES) for name in names)


def folder_bytes(
    archive: zipfile.ZipFile, names: Sequence[str], limits: ReadLimits, open_records: OpenRecords
) -> Iterator[bytes] | None:
    """The rows of a data set as JSON lines; None: the archive holds none. Raises UnreadableInput while iterating."""
    wanted = data_files(names)
    return _lines(archive, wanted, limits, open_records) if wanted else None


def packed_folder(folder: Path) -> IO[bytes]:
    """A folder as a ZIP archive, in a temporary file. Hidden folders, such as caches, are left out. Raises OSError."""
    file = TemporaryFile()  # noqa: SIM115 (the caller closes it)
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder)
            if path.is_file() and not any(part.startswith(".") for part in name.parts[:-1]):
                archive.write(path, name)
    file.seek(0)
    return file


def _lines(
    archive: zipfile.ZipFile, names: Sequence[str], limits: ReadLimits, open_records: OpenRecords
) -> Iterator[bytes]:
    packed = sum(info.compress_size for info in archive.infolist())
    unpacked = 0
    for name in names:
        with archive.open(name) as member:
            try:
                for raw in open_records(member):
                    line = line_of(raw, limits)
                    unpacked += len(line)
                    if unpacked > limits.unpacked_bytes and unpacked > packed * limits.unpacked_ratio:
                        raise UnreadableInput(
                            gettext_noop("The archive unpacks to more than %(ratio)s times its size."),
                            ratio=limits.unpacked_ratio,
                        )
                    yield line
            except UnreadableInput as error:
                raise UnreadableInput(gettext_noop("%(name)s: %(error)s"), name=name, error=error.phrase) from error


def _is_about(name: str) -> bool:
    last = PurePosixPath(name).name
    if any(part.startswith(".") for part in PurePosixPath(name).parts):
        return True
    return last in ABOUT or last.endswith(ABOUT_SUFFIXES)


def _is_data(name: str) -> bool:
    for suffix in PACKED:
        name = name.removesuffix(suffix)
    return name.endswith(DATA)
