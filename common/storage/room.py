"""The storage that all machines share: files by their hash, and lists of files by the name of an artifact.

`objects/ab/<sha256>` holds the bytes of a file, once for all artifacts that have it. `artifacts/<kind>/<name>.json`
lists the files of an artifact, with their hashes and sizes; it is written last. Any backend of fsspec will do.
"""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from common.disk import is_for_want_of_room
from common.errors import DomainError
from common.hashed_file import HashedFile
from common.storage.errors import FileChanged, StorageAway, StorageDamaged
from common.storage.progress import moved

PIECE = 1 << 20
BLOCK = 8 << 20
"""Bytes that are sent or asked for at once: about twice as many are in memory."""

GRACE_SECONDS = 24 * 3600
"""Objects that no list names stay for so long: a list that names them may be on its way."""

ITSELF = "."
"""The name of the only file of an artifact that is no folder."""

S3_OPTIONS: dict[str, Any] = {
    "config_kwargs": {"connect_timeout": 5, "read_timeout": 60, "retries": {"max_attempts": 3, "mode": "standard"}}
}


@dataclass(frozen=True, slots=True)
class Piece:
    """The content of a file. size: in bytes."""

    sha256: str
    size: int

    @property
    def place(self) -> str:
        """Its place in the storage."""
        return f"objects/{self.sha256[:2]}/{self.sha256}"


def piece_of(path: Path) -> Piece | None:
    """The content of a file on the disk; None: it is gone."""
    try:
        with path.open("rb") as file:
            hashed = HashedFile(file)
            while hashed.read(PIECE):
                moved()
            return Piece(hashed.digest(), hashed.size)
    except FileNotFoundError:
        return None


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of an artifact, by their relative names. note: what else its maker wants to know of it later."""

    files: dict[str, Piece]
    note: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The bytes of all files together."""
        return sum(piece.size for piece in self.files.values())

    def as_json(self) -> bytes:
        """The content of its file in the storage."""
        files = {name: [piece.sha256, piece.size] for name, piece in sorted(self.files.items())}
        return json.dumps({"form": 1, "files": files, "note": self.note}, indent=1, sort_keys=True).encode()

    @classmethod
    def from_json(cls, content: bytes) -> "Listing":
        """Raises ValueError where this is no list, or names a file outside of its folder."""
        try:
            values = json.loads(content)
            files = {str(name): Piece(str(sha), int(size)) for name, (sha, size) in values["files"].items()}
            listing = cls(files, dict(values["note"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"no list of files: {error}") from error
        if any(PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts for name in files):
            raise ValueError("a file outside of its folder")
        return listing


@dataclass(slots=True)
class Swept:
    """The result of a sweep: lists that nothing needs, objects that no list names, and the bytes of these."""

    lists: list[str] = field(default_factory=list)
    objects: int = 0
    size: int = 0


class Room:
    """The storage at an address. Every method raises StorageAway where it does not answer."""

    def __init__(self, url: str, options: dict[str, Any]) -> None:
        own: dict[str, Any] = {"auto_mkdir": True} if "://" not in url or url.startswith(("file:", "local:")) else {}
        if url.startswith("s3"):
            own = S3_OPTIONS
        with _asking():
            # No list of names is kept: another machine may have written since.
            self.fs, self.root = fsspec.core.url_to_fs(url, **{"use_listings_cache": False, **own, **options})
        self.renames = isinstance(self.fs, LocalFileSystem)

    # --- Files ---

    def put_file(self, path: Path) -> Piece:
        """Stores a file's content unless it is there already. Raises FileChanged if it changes meanwhile."""
        piece = piece_of(path)
        if piece is None:
            raise FileChanged(str(path))
        if not self._has(piece):
            try:
                file = path.open("rb")
            except FileNotFoundError as error:
                raise FileChanged(str(path)) from error
            with file:
                self._put(piece, file)
        return piece

    def _has(self, piece: Piece) -> bool:
        """Whether it has the object, young enough to be safe from a sweep until a list names it."""
        with _asking():
            try:
                info = self.fs.info(self._at(piece.place))
            except FileNotFoundError:
                return False
            return bool(info["size"] == piece.size and self._age(info) < GRACE_SECONDS / 2)

    def _put(self, piece: Piece, file: IO[bytes]) -> None:
        target, hashed = self._at(piece.place), HashedFile(file)
        # A disk shows a file that is being written; an object store shows it whole or not at all.
        building = f"{target}.{secrets.token_hex(6)}.part" if self.renames else target
        with _asking(writes=True):
            out = self.fs.open(building, "wb", block_size=BLOCK)
            try:
                while read := hashed.read(PIECE):
                    out.write(read)
                    moved()
                if (hashed.digest(), hashed.size) != (piece.sha256, piece.size):
                    raise FileChanged(piece.place)
            except BaseException:
                self._give_up(out, building)
                raise
            out.close()
            if building != target:
                self.fs.mv(building, target)

    def _give_up(self, out: Any, building: str) -> None:
        """Ends a file that must not be seen. In an object store it never was: another machine may have stored the
        object meanwhile, and to remove it would take it from that machine's artifact."""
        if self.renames:
            out.close()
            self.fs.rm_file(building)
            return
        out.discard()
        out.closed = True  # closing it would send what it holds

    def get_file(self, piece: Piece, target: Path) -> None:
        """Writes a stored file to `target`. A damaged arrival is asked for once more. Raises StorageDamaged."""
        for _attempt in range(2):
            try:
                if self._got(piece, target):
                    return
            except FileNotFoundError:
                break
        target.unlink(missing_ok=True)
        raise StorageDamaged(object=self._at(piece.place))

    def _got(self, piece: Piece, target: Path) -> bool:
        with _asking(), self.fs.open(self._at(piece.place), "rb", block_size=BLOCK) as stored, target.open("wb") as out:
            hashed = HashedFile(stored)
            while read := hashed.read(PIECE):
                out.write(read)
                moved()
            return (hashed.digest(), hashed.size) == (piece.sha256, piece.size)

    # --- Lists of files ---

    def listing(self, key: str) -> Listing | None:
        """The files of an artifact; None: it is not here. Raises StorageDamaged."""
        with _asking():
            try:
                content = self.fs.cat_file(self._list(key))
            except FileNotFoundError:
                return None
        try:
            return Listing.from_json(content)
        except ValueError as error:
            raise StorageDamaged(object=self._list(key)) from error

    def write_listing(self, key: str, listing: Listing) -> None:
        """Makes an artifact available, in place of what had its name."""
        target = self._list(key)
        building = f"{target}.{secrets.token_hex(6)}.part" if self.renames else target
        with _asking(writes=True):
            self.fs.pipe_file(building, listing.as_json())
            if building != target:
                self.fs.mv(building, target)

    def remove_listing(self, key: str) -> None:
        """Makes an artifact unavailable. Its objects go with the next sweep, unless others have them too."""
        with _asking():
            try:
                self.fs.rm_file(self._list(key))
            except FileNotFoundError:
                return

    def keys(self) -> dict[str, float]:
        """The names of all artifacts, as `kind/name`, with the age of their lists in seconds."""
        start = f"{self._at('artifacts')}/"
        found = self._found("artifacts")
        return {
            path.split(start, 1)[-1].removesuffix(".json"): self._age(info)
            for path, info in found
            if path.endswith(".json")
        }

    def _found(self, folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
        with _asking():
            try:
                found: dict[str, dict[str, Any]] = self.fs.find(self._at(folder), detail=True)
            except FileNotFoundError:
                return
        yield from found.items()

    # --- The whole ---

    def sweep(self, wanted: set[str], *, dry_run: bool) -> Swept:
        """Removes lists of artifacts that nobody wants, and objects that no list names, once they are a day old.

        An object that two artifacts share stays as long as one of them. Raises StorageDamaged if a list cannot be read:
        then nothing is removed, since it may name anything.
        """
        swept, named = Swept(), set[str]()
        objects = list(self._found("objects"))  # before the lists: what is stored from now on is none of ours
        for key, age in sorted(self.keys().items()):
            if key not in wanted and age > GRACE_SECONDS:
                swept.lists.append(key)
            elif (listing := self.listing(key)) is not None:
                named |= {piece.sha256 for piece in listing.files.values()}
        if not dry_run:
            for key in swept.lists:
                self.remove_listing(key)
        for path, info in objects:
            if path.rsplit("/", 1)[-1] not in named and self._age(info) > GRACE_SECONDS:
                swept.objects += 1
                swept.size += int(info["size"])
                if not dry_run:
                    self._remove(path)
        return swept

    def _remove(self, path: str) -> None:
        with _asking():
            try:
                if self._age(self.fs.info(path)) > GRACE_SECONDS:  # somebody may have stored it again just now
                    self.fs.rm_file(path)
            except FileNotFoundError:
                return

    def answers(self) -> None:
        """Returns if it can be read, and, the first time, written. Raises StorageAway."""
        place = self._at("storage.json")
        with _asking(writes=True):
            try:
                self.fs.info(place)
            except FileNotFoundError:
                self.fs.pipe_file(place, b'{"form": 1}\n')

    def _age(self, info: dict[str, Any]) -> float:
        """Seconds since an object was written, by the clock of its backend."""
        written = info.get("mtime") or info.get("LastModified") or info.get("last_modified") or info.get("created")
        if isinstance(written, datetime):
            written = (written if written.tzinfo else written.replace(tzinfo=UTC)).timestamp()
        return time.time() - float(written) if written is not None else 0.0

    def _at(self, place: str) -> str:
        return f"{self.root.rstrip('/')}/{place}"

    def _list(self, key: str) -> str:
        return self._at(f"artifacts/{key}.json")


@contextmanager
def _asking(*, writes: bool = False) -> Iterator[None]:
    """Turns what a backend raises into StorageAway; what is missing and a full disk here keep their own errors.

    writes: nothing can be missing then but the place itself, a bucket for instance.
    """
    try:
        yield
    except (DomainError, FileChanged):
        raise
    except Exception as error:
        if is_for_want_of_room(error) or (isinstance(error, FileNotFoundError) and not writes):
            raise
        raise StorageAway(error=f"{type(error).__name__}: {error}") from error
