"""ZIP files that are streamed while they are made."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

READ_BYTES = 1 << 20
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the same files give the same bytes

Content = Path | bytes


class _Sink:
    """A file object that a ZIP file is written to, and taken from piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Fails: a stream cannot go back. The ZIP format allows for that."""
        raise OSError("not seekable")

    def tell(self) -> int:
        """Fails, for the same reason."""
        raise OSError("not seekable")

    def flush(self) -> None:
        """Does nothing: there is no file behind it."""

    def close(self) -> None:
        """Does nothing, likewise."""

    def take(self) -> bytes:
        """The bytes written since the last call."""
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def stream_zip(name: str, files: list[tuple[str, Content]]) -> Iterator[bytes]:
    """A ZIP file with the files in a folder of that name, a megabyte at a time.

    It is not compressed, because weights do not shrink.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for file, content in files:
            with archive.open(zipfile.ZipInfo(f"{name}/{file}", LONG_AGO), "w", force_zip64=True) as entry:
                for piece in _pieces(content):
                    entry.write(piece)
                    yield sink.take()
    yield sink.take()


def _pieces(content: Content) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as handle:
        while piece := handle.read(READ_BYTES):
            yield piece
