"""Encryption of a backup in age's format (age-encryption.org), as a stream: `age -d` opens it without this program."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pyrage

from training.backups.errors import BackupFailed

BEGINNING = b"age-encryption.org/"


def new_key(path: Path) -> str:
    """Writes a new secret key, which only its owner can read. Returns the public key, for `--recipient`."""
    identity = pyrage.x25519.Identity.generate()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="ascii") as file:
        file.write(f"# public key: {identity.to_public()}\n{identity}\n")
    return str(identity.to_public())


@contextmanager
def encrypting(target: IO[bytes], recipient: str) -> Iterator[IO[bytes]]:
    """A stream whose bytes reach `target` encrypted. recipient: a public key ("age1..."). Raises BackupFailed."""
    try:
        key = pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError as error:
        raise BackupFailed(f"{recipient!r} is no public key of age: it begins with age1.") from error
    reading, writing = os.pipe()
    with (
        open(reading, "rb") as plain,
        open(writing, "wb") as stream,
        _beside(lambda: pyrage.encrypt_io(plain, target, [key])),
    ):
        yield stream
        stream.close()  # the other end reads to it


@contextmanager
def decrypting(source: IO[bytes], key_file: Path | None) -> Iterator[IO[bytes]]:
    """The plain bytes of an archive, whether it is encrypted or not. Raises BackupFailed."""
    beginning = source.read(len(BEGINNING))
    source.seek(0)
    if beginning != BEGINNING:
        yield source
        return
    if key_file is None:
        raise BackupFailed("This backup is encrypted. Name the file of its secret key: --key FILE.")
    identity = _identity(key_file)
    reading, writing = os.pipe()
    with open(reading, "rb") as plain, open(writing, "wb") as stream:

        def decrypt() -> None:
            with stream:
                pyrage.decrypt_io(source, stream, [identity])

        with _beside(decrypt):
            yield plain
            plain.close()  # a writer that is not finished ends


def _identity(path: Path) -> pyrage.x25519.Identity:
    lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    for line in lines:
        if line.startswith("AGE-SECRET-KEY-"):
            try:
                return pyrage.x25519.Identity.from_str(line.strip())
            except pyrage.IdentityError as error:
                raise BackupFailed(f"The secret key in {path} is damaged: {error}.") from error
    raise BackupFailed(f"{path} holds no secret key of age: a line that begins with AGE-SECRET-KEY-.")


@contextmanager
def _beside(work: Callable[[], None]) -> Iterator[None]:
    """Does the work in a thread during the block. Its error is raised at the end as BackupFailed."""
    errors: list[Exception] = []

    def run() -> None:
        try:
            work()
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    failed = True
    try:
        yield
        failed = False
    except BackupFailed:
        thread.join(10)
        if errors:
            raise BackupFailed(f"The encryption failed: {errors[0]}") from errors[0]
        raise
    finally:
        if not failed:
            thread.join()
    if errors:
        raise BackupFailed(f"The encryption failed: {errors[0]}") from errors[0]
