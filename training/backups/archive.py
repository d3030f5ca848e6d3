"""The archive of a backup: a tar file whose last member holds the SHA-256 of all others.

It is written and read as a stream: neither takes more memory for a larger archive.
"""

import hashlib
import io
import tarfile
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Any, Self

from training.backups.errors import BackupFailed

SUMS = "SHA256SUMS"
CHUNK = 1 << 20


class ArchiveWriter:
    """Adds members to an archive; `close` writes their sums."""

    def __init__(self, target: IO[bytes]) -> None:
        self._tar = tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115  # closed by `close`
        self._sums: dict[str, str] = {}
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *others: object) -> None:
        if kind is not None and self._tar.fileobj is not None:
            self._tar.fileobj.closed = True  # type: ignore[attr-defined]  # else it writes its rest when it is collected

    @property
    def names(self) -> Collection[str]:
        """The members so far."""
        return self._sums.keys()

    def add_bytes(self, name: str, content: bytes) -> None:
        """Adds a member with this content."""
        self._add(name, len(content), io.BytesIO(content))

    def add_file(self, name: str, path: Path) -> None:
        """Adds a file. Raises FileNotFoundError if it has gone, and BackupFailed if it changes its size meanwhile."""
        with path.open("rb") as source:
            size = path.stat().st_size
            try:
                self._add(name, size, source)
            except OSError as error:
                if error.errno is not None:  # the archive cannot be written; tarfile's own error has no number
                    raise
                raise BackupFailed(f"{path} became shorter while it was read. Run the backup again.") from error

    def close(self) -> None:
        """Writes the sums and the end of the archive."""
        text = "".join(f"{digest}  {name}\n" for name, digest in self._sums.items())
        member = tarfile.TarInfo(SUMS)
        member.size = len(text.encode())
        self._tar.addfile(member, io.BytesIO(text.encode()))
        self._tar.close()

    def _add(self, name: str, size: int, source: IO[bytes]) -> None:
        member, hashing = tarfile.TarInfo(name), _Hashing(source)
        member.size, member.mode = size, 0o600
        self._tar.addfile(member, hashing)  # it only reads
        self._sums[name] = hashing.digest.hexdigest()
        self.size += size


class _Hashing:
    """A readable stream that hashes what passes."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self.digest = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._source.read(size)
        self.digest.update(piece)
        return piece


def unpack(source: IO[bytes], target: Path) -> list[str]:
    """Writes every member below `target`, which must be empty, and checks it. Returns their names.

    Raises BackupFailed for an archive that is damaged, cut short, or no backup.
    """
    sums: dict[str, str] = {}
    found: dict[str, str] | None = None
    try:
        with tarfile.open(fileobj=source, mode="r|") as tar:
            for member in tar:
                if found is not None or not member.isfile():
                    raise BackupFailed("This is no archive of `manage.py backup`.")
                if member.name == SUMS:
                    found = dict(_read_sums(tar.extractfile(member)))
                else:
                    sums[member.name] = _write(tar.extractfile(member), _place(target, member.name))
    except (tarfile.TarError, EOFError) as error:
        raise BackupFailed(f"The archive is damaged, or no archive of `manage.py backup`: {error}") from error
    if found is None:
        raise BackupFailed("The archive ends too early: its sums are missing. It was not written to its end.")
    if wrong := sorted(name for name in sums.keys() | found.keys() if sums.get(name) != found.get(name)):
        raise BackupFailed(f"The archive is damaged: {wrong[0]} is not what was backed up. Use another backup.")
    return list(sums)


def _place(target: Path, name: str) -> Path:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts:
        raise BackupFailed(f"The archive names a place outside of its folder: {name!r}. It is no backup of ours.")
    return target.joinpath(*parts)


def _write(source: IO[bytes] | Any, path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("xb") as file:
        while piece := source.read(CHUNK):
            digest.update(piece)
            file.write(piece)
    return digest.hexdigest()


def _read_sums(source: IO[bytes] | Any) -> Iterator[tuple[str, str]]:
    for line in source.read().decode().splitlines():
        digest, _, name = line.partition("  ")
        yield name, digest
