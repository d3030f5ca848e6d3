"""A stream that is hashed and counted while it is read."""

from hashlib import sha256
from typing import Protocol


class Readable(Protocol):
    """Anything with `read`."""

    def read(self, size: int, /) -> bytes: ...


class HashedFile:
    """A file that is read once. size: the bytes read so far."""

    def __init__(self, stream: Readable) -> None:
        self.stream = stream
        self.hash = sha256()
        self.size = 0

    def read(self, size: int = -1, /) -> bytes:
        piece = self.stream.read(size)
        self.hash.update(piece)
        self.size += len(piece)
        return piece

    def digest(self) -> str:
        """The SHA-256 of the whole file; reads the rest of it first."""
        while self.read(1 << 16):
            pass
        return self.hash.hexdigest()
