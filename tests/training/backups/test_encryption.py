"""Encrypted archives: opened by their key, and by nothing else."""

import io
from pathlib import Path

import pyrage
import pytest

from training.backups.encryption import decrypting, encrypting, new_key
from training.backups.errors import BackupFailed

CONTENT = bytes(range(256)) * 20_000


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "key"


def encrypted(recipient: str) -> io.BytesIO:
    target = io.BytesIO()
    with encrypting(target, recipient) as stream:
        stream.write(CONTENT)
    target.seek(0)
    return target


def test_its_key_opens_it_and_so_does_age_itself(key: Path) -> None:
    archive = encrypted(new_key(key))
    assert key.stat().st_mode & 0o077 == 0
    with decrypting(archive, key) as stream:
        assert stream.read() == CONTENT
    secret = key.read_text().splitlines()[-1]
    assert pyrage.decrypt(archive.getvalue(), [pyrage.x25519.Identity.from_str(secret)]) == CONTENT


def test_a_plain_archive_is_read_as_it_is() -> None:
    with decrypting(io.BytesIO(CONTENT), None) as stream:
        assert stream.read() == CONTENT


def test_without_a_key_it_says_what_is_missing(key: Path) -> None:
    archive = encrypted(new_key(key))
    with pytest.raises(BackupFailed, match="--key FILE"), decrypting(archive, None):
        pass


def test_another_key_does_not_open_it(key: Path, tmp_path: Path) -> None:
    archive = encrypted(new_key(key))
    new_key(tmp_path / "other")
    with pytest.raises(BackupFailed), decrypting(archive, tmp_path / "other") as stream:
        assert stream.read() == b""


def test_a_changed_archive_is_refused(key: Path) -> None:
    content = bytearray(encrypted(new_key(key)).getvalue())
    content[len(content) // 2] ^= 1
    with pytest.raises(BackupFailed), decrypting(io.BytesIO(content), key) as stream:
        stream.read()


def test_what_is_no_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="age1"), encrypting(io.BytesIO(), "maya@example.org"):
        pass
    (tmp_path / "torn").write_text("AGE-SECRET-KEY-1ABC")
    with (
        pytest.raises(BackupFailed, match="damaged"),
        decrypting(encrypted(new_key(tmp_path / "one")), tmp_path / "torn"),
    ):
        pass
    (tmp_path / "letter").write_text("Dear Maya")
    archive = encrypted(new_key(tmp_path / "key"))
    with pytest.raises(BackupFailed, match="no secret key"), decrypting(archive, tmp_path / "letter"):
        pass
