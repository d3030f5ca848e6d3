"""Archives of backups: whole, or refused with a reason."""

import errno
import gc
import io
import tarfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from training.backups.archive import ArchiveWriter, unpack
from training.backups.errors import BackupFailed


def archive(tmp_path: Path) -> bytes:
    (tmp_path / "weights").write_bytes(bytes(range(256)) * 9000)
    target = io.BytesIO()
    writer = ArchiveWriter(target)
    writer.add_bytes("backup.json", b"{}")
    writer.add_file("files/versions/ü 1/weights", tmp_path / "weights")
    writer.close()
    return target.getvalue()


def test_what_goes_in_comes_out(tmp_path: Path) -> None:
    assert unpack(io.BytesIO(archive(tmp_path)), tmp_path / "out") == ["backup.json", "files/versions/ü 1/weights"]
    assert (tmp_path / "out/files/versions/ü 1/weights").read_bytes() == (tmp_path / "weights").read_bytes()


@pytest.mark.parametrize("place", [513, 5000, 1_000_000, 2_300_000])
def test_a_changed_byte_is_found(tmp_path: Path, place: int) -> None:
    content = bytearray(archive(tmp_path))
    content[place] ^= 1
    with pytest.raises(BackupFailed):
        unpack(io.BytesIO(content), tmp_path / "out")


class Full(io.BytesIO):
    """A disk that is full."""

    def write(self, content: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_named_and_nothing_else_is_said(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(bytes(1_000_000))
    with pytest.raises(OSError, match="No space left"), ArchiveWriter(Full()) as writer:
        writer.add_file("weights", tmp_path / "weights")
    del writer
    gc.collect()  # an exception in a destructor is a warning, which fails a test


def test_a_file_that_became_shorter_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weights").write_bytes(b"abc")
    monkeypatch.setattr(Path, "stat", lambda path: SimpleNamespace(st_size=4))
    with pytest.raises(BackupFailed, match="weights became shorter"):
        ArchiveWriter(io.BytesIO()).add_file("weights", tmp_path / "weights")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_one_that_was_cut_short_is_refused(tmp_path: Path, share: float) -> None:
    content = archive(tmp_path)
    with pytest.raises(BackupFailed):
        unpack(io.BytesIO(content[: int(len(content) * share)]), tmp_path / "out")


@pytest.mark.parametrize("name", ["/etc/passwd", "../outside", "files/../../outside"])
def test_a_member_outside_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size = 1
        tar.addfile(member, io.BytesIO(b"x"))
    target.seek(0)
    with pytest.raises(BackupFailed, match="outside"):
        unpack(target, tmp_path / "out")


def test_links_are_refused(tmp_path: Path) -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        member = tarfile.TarInfo("files/link")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(member)
    target.seek(0)
    with pytest.raises(BackupFailed, match="no archive"):
        unpack(target, tmp_path / "out")


def test_any_other_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="no archive of"):
        unpack(io.BytesIO(b"this is a letter\n" * 1000), tmp_path / "out")
