"""The storage that all machines share, on a disk and in a real object store."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from common.hashed_file import HashedFile
from common.storage import room as rooms
from common.storage.errors import FileChanged, StorageAway, StorageDamaged
from common.storage.progress import telling
from common.storage.room import Listing, Piece, Room


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def overwrite(room: Room, piece: Piece, content: bytes) -> None:
    room.fs.pipe_file(f"{room.root}/{piece.place}", content)


def age_all(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Everything in the storage is older by so much."""
    original = Room._age
    monkeypatch.setattr(Room, "_age", lambda self, info: original(self, info) + seconds)


def test_a_file_comes_back_as_it_was(room: Room, tmp_path: Path) -> None:
    piece = room.put_file(written(tmp_path / "a", b"weights" * 1000))
    room.get_file(piece, tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"weights" * 1000
    assert piece.size == 7000


def test_two_artifacts_with_the_same_file_store_it_once(room: Room, tmp_path: Path) -> None:
    first = room.put_file(written(tmp_path / "a", b"the same"))
    second = room.put_file(written(tmp_path / "b", b"the same"))
    assert first == second
    assert len(room.fs.find(f"{room.root}/objects")) == 1


def test_a_damaged_object_is_named_and_refused(room: Room, tmp_path: Path) -> None:
    piece = room.put_file(written(tmp_path / "a", b"right"))
    overwrite(room, piece, b"wrong")
    with pytest.raises(StorageDamaged, match=piece.sha256):
        room.get_file(piece, tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_an_object_that_is_gone_is_named_and_refused(room: Room, tmp_path: Path) -> None:
    piece = Piece("ab" * 32, 5)
    with pytest.raises(StorageDamaged, match=piece.sha256):
        room.get_file(piece, tmp_path / "b")


def test_what_arrives_damaged_once_is_asked_for_again(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    piece = room.put_file(written(tmp_path / "a", b"right"))
    overwrite(room, piece, b"wrong")
    original = Room._got

    def mended_after(self: Room, piece: Piece, target: Path) -> bool:
        got = original(self, piece, target)
        overwrite(self, piece, b"right")
        return got

    monkeypatch.setattr(Room, "_got", mended_after)
    room.get_file(piece, tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"right"


def test_storing_a_file_again_replaces_an_object_that_was_torn(room: Room, tmp_path: Path) -> None:
    piece = room.put_file(written(tmp_path / "a", b"the whole file"))
    overwrite(room, piece, b"the wh")
    room.put_file(tmp_path / "a")
    room.get_file(piece, tmp_path / "b")


def test_a_file_that_changes_meanwhile_is_not_stored(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a", b"before")
    original = Room._has

    def changes(self: Room, piece: Piece) -> bool:
        path.write_bytes(b"after!")
        return original(self, piece)

    monkeypatch.setattr(Room, "_has", changes)
    with pytest.raises(FileChanged):
        room.put_file(path)
    assert room.fs.find(f"{room.root}/objects") == []


def test_a_file_that_changes_while_it_is_sent_takes_no_object_from_another_machine(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, other = written(tmp_path / "a", b"before"), written(tmp_path / "b", b"before")
    expected = rooms.piece_of(other)
    assert expected is not None
    original = Room._has

    def changes(self: Room, piece: Piece) -> bool:
        """Looks, and finds nothing; then another machine stores the same, and this file changes."""
        has = original(self, piece)
        monkeypatch.setattr(Room, "_has", original)
        assert room.put_file(other) == piece == expected
        path.write_bytes(b"after!")
        return has

    monkeypatch.setattr(Room, "_has", changes)
    with pytest.raises(FileChanged):
        room.put_file(path)
    room.get_file(expected, tmp_path / "c")
    assert (tmp_path / "c").read_bytes() == b"before"
    assert len(room.fs.find(f"{room.root}/objects")) == 1


def test_a_file_that_cannot_be_read_to_its_end_is_not_stored(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a", b"x" * (2 * rooms.PIECE))
    read, calls = HashedFile.read, []

    def breaks(self: HashedFile, size: int = -1, /) -> bytes:
        calls.append(size)
        if len(calls) == 6:  # four to hash it, then the second one to send it
            raise OSError("the disk is broken")
        return read(self, size)

    monkeypatch.setattr(HashedFile, "read", breaks)
    with pytest.raises(StorageAway, match="the disk is broken"):
        room.put_file(path)
    assert room.fs.find(f"{room.root}/objects") == []


def test_who_listens_hears_while_bytes_move(room: Room, tmp_path: Path) -> None:
    path, heard = written(tmp_path / "a", b"x" * (3 * rooms.PIECE)), []
    with telling(lambda: heard.append("moved")):
        piece = room.put_file(path)
        assert len(heard) == 6  # hashed, and sent
        room.get_file(piece, tmp_path / "b")
        assert len(heard) == 9
    room.put_file(path)
    assert len(heard) == 9


def test_a_large_file_is_never_whole_in_memory(room: Room, tmp_path: Path) -> None:
    size = 80 << 20
    with (tmp_path / "a").open("wb") as file:
        file.truncate(size)
    if not room.renames:
        pytest.skip("the object store of the tests keeps what it gets in this process's memory")
    tracemalloc.start()
    room.get_file(room.put_file(tmp_path / "a"), tmp_path / "b")
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < size / 4
    assert (tmp_path / "b").stat().st_size == size


def test_a_list_that_cannot_be_read_is_named_and_refused(room: Room) -> None:
    room.fs.pipe_file(f"{room.root}/artifacts/versions/a.json", b'{"files": {"a"')
    with pytest.raises(StorageDamaged, match=r"versions/a\.json"):
        room.listing("versions/a")


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/../../b"])
def test_a_list_that_names_a_file_outside_is_refused(room: Room, name: str) -> None:
    room.write_listing("versions/a", Listing({name: Piece("ab" * 32, 1)}))
    with pytest.raises(StorageDamaged):
        room.listing("versions/a")


def test_a_sweep_removes_old_objects_that_no_list_names(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, own = (room.put_file(written(tmp_path / "a", content)) for content in (b"shared", b"own"))
    room.write_listing("versions/a", Listing({"x": shared, "y": own}))
    room.write_listing("versions/b", Listing({"x": shared}))
    age_all(monkeypatch, rooms.GRACE_SECONDS + 1)

    planned = room.sweep({"versions/b"}, dry_run=True)
    assert (planned.lists, planned.objects, planned.size) == (["versions/a"], 1, 3)
    assert room.keys().keys() == {"versions/a", "versions/b"}

    assert room.sweep({"versions/b"}, dry_run=False) == planned
    assert room.keys().keys() == {"versions/b"}
    room.get_file(shared, tmp_path / "b")
    with pytest.raises(StorageDamaged):
        room.get_file(own, tmp_path / "b")


def test_a_sweep_leaves_young_objects_whose_list_may_be_on_its_way(room: Room, tmp_path: Path) -> None:
    room.put_file(written(tmp_path / "a", b"young"))
    room.write_listing("versions/a", Listing({}))
    swept = room.sweep(set(), dry_run=False)
    assert (swept.lists, swept.objects) == ([], 0)


def test_a_sweep_removes_nothing_where_a_list_cannot_be_read(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    piece = room.put_file(written(tmp_path / "a", b"old"))
    room.fs.pipe_file(f"{room.root}/artifacts/versions/a.json", b"torn")
    age_all(monkeypatch, rooms.GRACE_SECONDS + 1)
    with pytest.raises(StorageDamaged):
        room.sweep({"versions/a"}, dry_run=False)
    room.get_file(piece, tmp_path / "b")


def test_an_old_object_is_stored_again_so_that_no_sweep_takes_it(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a", b"old")
    room.put_file(path)
    stored = []
    monkeypatch.setattr(Room, "_put", lambda self, piece, file: stored.append(piece))
    room.put_file(path)
    assert not stored
    age_all(monkeypatch, rooms.GRACE_SECONDS)
    room.put_file(path)
    assert len(stored) == 1


def test_a_storage_that_answers_says_nothing(room: Room) -> None:
    room.answers()
    room.answers()


def test_a_storage_that_is_away_is_called_that(object_store: dict[str, Any], tmp_path: Path) -> None:
    options = {**object_store, "config_kwargs": {"connect_timeout": 1, "retries": {"max_attempts": 0}}}
    with pytest.raises(StorageAway, match="cannot be used now"):
        Room("s3://bucket/x", {**options, "endpoint_url": "http://127.0.0.1:9"}).answers()
    with pytest.raises(StorageAway):
        Room("s3://no-such-bucket/x", options).answers()
    with pytest.raises(StorageAway):
        Room("s3://no-such-bucket/x", options).put_file(written(tmp_path / "a", b"weights"))
    with pytest.raises(StorageAway):
        Room("no-such-protocol://bucket/x", {})
