"""Artifacts: what lies at `<kind>/<name>` below CHOSEN_VAR, stored for the other machines and brought from them.

Without STORAGE_URL there is one machine, or a disk that all share, and nothing here does anything. With it, the files
on the disk are copies: those used longest ago go when all together are larger than STORAGE_CACHE_GIB.
"""

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings

from common.storage.errors import FileChanged
from common.storage.room import ITSELF, Listing, Room, Swept, piece_of

KINDS = ("versions", "snapshots", "runs", "uploads", "models")
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
IN_USE_SECONDS = 3600
"""A copy that was used this recently stays: a process may still open its files."""

SMALL = 64 << 20
"""Bytes; a file of a model that is no larger holds no weights, or few."""

UNFINISHED = (".tmp", ".part")


def is_on() -> bool:
    """Whether there is a storage beside the disk."""
    return bool(settings.STORAGE_URL)


def room() -> Room:
    """The storage. Cheap: fsspec keeps its connections. Raises StorageAway."""
    return Room(settings.STORAGE_URL, json.loads(settings.STORAGE_OPTIONS))


def key_of(path: Path) -> str | None:
    """The name of the artifact that a path lies in, as `kind/name`; None: it is none."""
    if not path.is_relative_to(settings.VAR_DIR):
        return None
    parts = path.relative_to(settings.VAR_DIR).parts[:2]
    is_one = len(parts) == 2 and parts[0] in KINDS and NAME.fullmatch(parts[1])
    return "/".join(parts) if is_one else None


def place_of(key: str) -> Path:
    """Where an artifact lies on this machine, if it is here."""
    return Path(settings.VAR_DIR) / key


def publish(
    path: Path, *, note: dict[str, Any] | None = None, takes: Callable[[Path], bool] = lambda path: True
) -> None:
    """Stores an artifact for the other machines. Again: stores what has changed since.

    takes: whether a file is part of it, by its relative name. Raises StorageAway, FileChanged.
    """
    key = key_of(path)
    if not is_on() or key is None:
        return
    place, stored = place_of(key), room()
    paths = [(name, file) for name, file in _files(place) if takes(Path(name))]  # all of them, before hours of sending
    files = {name: stored.put_file(file) for name, file in paths}
    if gone := [name for name, file in paths if not file.exists()]:
        raise FileChanged(f"{key}: {gone[0]}")
    stored.write_listing(key, Listing(files, note or {}))
    if note is None:  # others change: they are no copies
        _note_use(key)


def store_ahead(folder: Path) -> None:
    """Stores the files of a folder that will be part of an artifact: `publish` then finds them. Raises as `publish`."""
    if is_on():
        stored = room()
        for _name, path in list(_files(folder)):
            stored.put_file(path)


def stored(path: Path) -> Listing | None:
    """The files of an artifact in the storage; None: it is not there, or there is no storage. Raises StorageAway."""
    key = key_of(path)
    return room().listing(key) if is_on() and key is not None else None


def fetch(path: Path) -> Path:
    """Brings the artifact of a path to this machine if it is not here, and returns the path.

    Where nobody has it, nothing happens: the caller will miss it. Raises StorageAway, StorageDamaged.
    """
    key = key_of(path)
    if is_on() and key is not None:
        if path.exists():
            _note_use(key, known=True)
        elif (listing := room().listing(key)) is not None and _has(listing, path):
            bring(key, listing)
    return path


def fetch_texts(path: Path) -> Path:
    """The folder of a model; where it is not on this machine, one with its small files: the tokenizer, the settings.

    For those who read no weights: a web server brings no gigabytes. Raises as `fetch`.
    """
    key = key_of(path)
    if not is_on() or key is None or path.exists() or (listing := room().listing(key)) is None:
        return path
    small = Listing({name: piece for name, piece in listing.files.items() if piece.size <= SMALL})
    place = Path(settings.VAR_DIR) / "texts" / key
    if not place.exists():
        _bring(small, place)
    return place


def fetch_again(path: Path) -> bool:
    """Replaces a copy whose files are damaged; returns whether the storage had it. Raises as `fetch`."""
    key = key_of(path)
    if not is_on() or key is None or (listing := room().listing(key)) is None or not _has(listing, path):
        return False
    bring(key, listing)
    return True


def bring(key: str, listing: Listing) -> None:
    """Puts the files of an artifact in its place, in one step, instead of what is there. Raises as `fetch`."""
    _make_room(listing.size)
    _bring(listing, place_of(key))
    if not listing.note:
        _note_use(key, size=listing.size)


def _bring(listing: Listing, place: Path) -> None:
    stored_in = room()
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if place.parent.name == "uploads" else 0o777)
    building = place.with_name(f".{place.name}-{secrets.token_hex(6)}")
    try:
        for name, piece in listing.files.items():
            target = building if name == ITSELF else building / name
            target.parent.mkdir(parents=True, exist_ok=True)
            stored_in.get_file(piece, target)
            _sync(target)
        _put_in_place(building, place, listing)
    finally:
        _remove(building)


def withdraw(path: Path) -> None:
    """Makes the storage forget an artifact. Its files on this machine are the caller's. Raises StorageAway."""
    key = key_of(path)
    if is_on() and key is not None:
        room().remove_listing(key)
        _marker(key).unlink(missing_ok=True)


def drop(path: Path) -> bool:
    """Removes this machine's copy of an artifact that was withdrawn elsewhere; returns whether there was one."""
    key = key_of(path)
    if not is_on() or key is None or not place_of(key).exists():
        return False
    _drop(key)
    return True


def sweep(wanted: set[str], *, dry_run: bool) -> Swept:
    """Removes from the storage what none of these artifacts needs. See `Room.sweep`."""
    return room().sweep(wanted, dry_run=dry_run)


def _files(place: Path) -> Iterator[tuple[str, Path]]:
    """The files of an artifact with their relative names; unfinished ones, and those with a dot, are none."""
    if place.is_file():
        yield ITSELF, place
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place)
        if path.is_file() and not any(part.startswith(".") or part.endswith(UNFINISHED) for part in name.parts):
            yield name.as_posix(), path


def _has(listing: Listing, path: Path) -> bool:
    """Whether an artifact has the path within it: its own, a folder's or a file's."""
    rest = "/".join(path.relative_to(settings.VAR_DIR).parts[2:])
    return not rest or any(name == rest or name.startswith(f"{rest}/") for name in listing.files)


def _put_in_place(building: Path, place: Path, listing: Listing) -> None:
    """Renames the new files to their place. Of two processes that bring the same, one wins, and both have it."""
    for _attempt in range(3):
        if place.exists():
            if _holds(place, listing):
                return
            old = place.with_name(f".{place.name}-{secrets.token_hex(6)}")
            place.rename(old)
            _remove(old)
        try:
            building.rename(place)
        except OSError:  # another process was faster
            continue
        return
    raise FileExistsError(str(place))


def _holds(place: Path, listing: Listing) -> bool:
    """Whether a folder, or a file, is what the list says, byte by byte."""
    here = dict(_files(place))
    return here.keys() == listing.files.keys() and all(
        piece_of(here[name]) == one for name, one in listing.files.items()
    )


# --- The copies on this machine ---


def _marker(key: str) -> Path:
    """A file that says that the storage has an artifact: what lies here is a copy. Its time is that of the last use."""
    return Path(settings.VAR_DIR) / "copies" / key


def _note_use(key: str, *, size: int | None = None, known: bool = False) -> None:
    """known: only if it is known to be a copy."""
    marker = _marker(key)
    try:
        os.utime(marker)
    except FileNotFoundError:
        if known:
            return
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.write_text(str(_size(place_of(key)) if size is None else size), encoding="utf-8")


def _make_room(needed: int) -> None:
    """Removes the copies used longest ago until there is room for some bytes. Those in use stay, whatever they take."""
    root = Path(settings.VAR_DIR) / "copies"
    found = _used(root.glob("*/*"))
    size = sum(_written_size(marker) for _used, marker in found) + needed
    for used, marker in sorted(found):
        if size <= settings.STORAGE_CACHE_GIB * 2**30 or time.time() - used < IN_USE_SECONDS:
            return
        key = marker.relative_to(root).as_posix()
        if room().listing(key) is None:  # it may be the last one
            continue
        size -= _written_size(marker)
        _drop(key)


def _drop(key: str) -> None:
    """Removes a copy: its name goes at once, so that nobody finds half of it."""
    place = place_of(key)
    old = place.with_name(f".{place.name}-{secrets.token_hex(6)}")
    with suppress(FileNotFoundError):  # another process removes it too
        place.rename(old)
        _remove(old)
    _marker(key).unlink(missing_ok=True)


def _used(markers: Iterable[Path]) -> list[tuple[float, Path]]:
    """Markers with the time of their last use; one that another process removes meanwhile is none."""
    found = []
    for marker in markers:
        with suppress(FileNotFoundError):
            found.append((marker.stat().st_mtime, marker))
    return found


def _written_size(marker: Path) -> int:
    try:
        return int(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0


def _size(place: Path) -> int:
    return sum(path.stat().st_size for _name, path in _files(place))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
