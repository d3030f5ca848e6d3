"""Unpacks a stream: gzip, bzip2, xz, Zstandard, and a ZIP archive of one file or project. Names other kinds of files.

Packed data is unpacked on the way, in bounded memory. A small file that unpacks to a huge one is refused.
"""

import bz2
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from tempfile import TemporaryFile
from typing import IO, Any, Protocol

from common.phrases import Count, Marked, Phrase, gettext_noop
from labeling.exchange.causes import cause_of
from labeling.exchange.errors import UnreadableInput
from labeling.exchange.folders import OpenRecords, folder_bytes, has_tables
from labeling.exchange.project_files import project_bytes
from labeling.exchange.raw import CHUNK, ByteStream, ReadLimits

GZIP, BZIP2, XZ, ZSTANDARD = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"
ZIP, PARQUET = b"PK\x03\x04", b"PAR1"
ARROW_FILE, ARROW_STREAM = b"ARROW1", b"\xff\xff\xff\xff"
PICKLE = gettext_noop("a Python pickle, which is never opened: it can run programs. Save the records as JSON lines")

KINDS: tuple[tuple[bytes, Marked], ...] = (
    (
        b"version https://git-lfs",
        gettext_noop("a Git LFS pointer, not the file itself. Fetch it with `git lfs pull`"),
    ),
    (b"PK\x05\x06", gettext_noop("an archive without files")),
    (b"%PDF", gettext_noop("a PDF document")),
    *((bytes((0x80, version, opcode)), PICKLE) for version in range(2, 6) for opcode in b"]}(c\x95"),
    (b"\x93NUMPY", gettext_noop("an array of NumPy. Save the records as JSON lines")),
    (b"\x04\x22\x4d\x18", gettext_noop("packed with LZ4. Unpack it first, or pack it with gzip or zstd")),
    (b"{\\rtf", gettext_noop("an RTF document. Save its text as plain text")),
    (b"SQLite format 3", gettext_noop("an SQLite database. Export its table as CSV")),
    (b"Obj\x01", gettext_noop("an Avro file. Save the records as JSON lines or Parquet")),
    (b"\x89HDF", gettext_noop("an HDF5 file. Save the records as JSON lines or Parquet")),
    (b"\x89PNG", gettext_noop("an image")),
    (b"\xff\xd8\xff", gettext_noop("an image")),
    (b"GIF87a", gettext_noop("an image")),
    (b"GIF89a", gettext_noop("an image")),
    (b"7z\xbc\xaf\x27\x1c", gettext_noop("a 7z archive. Unpack it first")),
    (b"Rar!", gettext_noop("a RAR archive. Unpack it first")),
    (b"\xd0\xcf\x11\xe0", gettext_noop("an old Office document. Save the table as CSV")),
)
"""The first bytes of files that are no records, and what the file is."""

DAMAGED = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, LookupError),
    *(NotImplementedError, RuntimeError, ValueError, OverflowError),
)
"""The errors by which zipfile reports a damaged archive, or one of an unknown kind."""

_KEY = rb"[A-Za-z_][\w-]{0,40}"
SETTINGS_FILES = (
    ("YAML", re.compile(rb"(?:%YAML|---\s*\n(?:- |" + _KEY + rb":[ \n])|- " + _KEY + rb": .*\n  +[\w-]+: )")),
    ("TOML", re.compile(rb"(?:\[\[" + _KEY + rb"\]\]\s*\n|\[" + _KEY + rb"\]\s*\n" + _KEY + rb" *= *[\"'\d\[tf])")),
)
"""How files of settings begin that some programs keep records in."""

HTML = re.compile(rb"(?:<!--(?>.*?-->)\s*+)*+<(?:!doctype html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
PART_OF_HTML = re.compile(rb"<(?:div|script|style|meta|title|center|iframe)\b[^<]*<.*>\s*\Z", re.IGNORECASE | re.DOTALL)
"""A whole page, and a file that is a part of one from its beginning to its end."""

ANSWERS = (
    b"Entry not found",
    b"404: Not Found",
    b"Not Found",
    b"Repository not found",
    b"Invalid username or password.",
)
"""Whole answers of servers that have no such file."""


class _Inflater(Protocol):
    """A decompressor of zlib, bz2 or lzma. The second argument is the largest piece that it returns."""

    eof: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def chunks_of(stream: ByteStream) -> Iterator[bytes]:
    """The bytes of a stream in pieces."""
    while chunk := stream.read(CHUNK):
        yield chunk


def peek(chunks: Iterator[bytes], size: int = CHUNK) -> tuple[bytes, Iterator[bytes]]:
    """The beginning of the stream, at least `size` bytes if it has as many, and all of its chunks."""
    read: list[bytes] = []
    length = 0
    while length < size and (chunk := next(chunks, b"")):
        read.append(chunk)
        length += len(chunk)
    return b"".join(read), chain(read, chunks)


def unpacked(chunks: Iterator[bytes], limits: ReadLimits, open_records: OpenRecords | None = None) -> Iterator[bytes]:
    """The same bytes, unpacked if they are packed. Raises UnreadableInput, also while iterating.

    open_records: opens the files of a data set in a ZIP archive; None: such an archive is refused.
    """
    head, chunks = peek(chunks, 512)
    return _archived(chunks, limits, open_records) if head.startswith(ZIP) else _decompressed(chunks, limits)


def _decompressed(chunks: Iterator[bytes], limits: ReadLimits) -> Iterator[bytes]:
    """The same bytes, unpacked if they are a packed stream."""
    head, chunks = peek(chunks, 512)
    if head.startswith(ZSTANDARD):
        return _bounded(chunks, limits, _zstandard)
    for magic, name, make in _INFLATERS:
        if head.startswith(magic):
            return _bounded(chunks, limits, partial(_inflated, name=name, make=make))
    return chunks


def require_text(head: bytes) -> None:
    """Raises UnreadableInput, which names what the file is, if it holds no records."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for magic, kind in KINDS:
        if head.startswith(magic):
            raise UnreadableInput(gettext_noop("The file is %(kind)s."), kind=Phrase(kind))
    if start.startswith(b"<") and (HTML.match(start) or PART_OF_HTML.match(start)):
        raise UnreadableInput(gettext_noop("The file is an HTML page, perhaps an error page in place of the download."))
    if start.rstrip() in ANSWERS:
        said = start.decode().strip()
        text = gettext_noop("The file is only what a server answered in place of it: “%(said)s”. Download it again.")
        raise UnreadableInput(text, said=said)
    if head.startswith(b"ORC") and b"\x00" in head:
        raise UnreadableInput(gettext_noop("The file is an ORC table. Save the records as JSON lines or Parquet."))
    if start.startswith(b"<?xml"):
        raise UnreadableInput(gettext_noop("The file is XML. Save the records as JSON lines or CSV."))
    if head[257:262] == b"ustar":
        raise UnreadableInput(gettext_noop("The file is a tar archive. Unpack it, and import its files one by one."))
    for name, looks_like in SETTINGS_FILES:
        if looks_like.match(start):
            raise UnreadableInput(gettext_noop("The file is %(name)s. Save the records as JSON lines."), name=name)
    if start.startswith((b"{'", b"[{'")):
        raise UnreadableInput(
            gettext_noop("The file is in Python's notation, not JSON. Write the records with json.dumps.")
        )


def spooled(chunks: Iterator[bytes], limits: ReadLimits) -> IO[bytes]:
    """The stream as a temporary file, for formats that are read from their end. Raises UnreadableInput."""
    file = TemporaryFile()  # noqa: SIM115 (its reader closes it)
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limits.spooled_bytes:
            file.close()
            raise UnreadableInput(
                gettext_noop("The file has more than %(most)s bytes. Import it in parts."),
                most=Count(limits.spooled_bytes),
            )
        file.write(chunk)
    file.seek(0)
    return file


_INFLATERS: tuple[tuple[bytes, str, Callable[[], Any]], ...] = (
    (GZIP, "gzip", lambda: zlib.decompressobj(wbits=31)),
    (BZIP2, "bzip2", bz2.BZ2Decompressor),
    (XZ, "xz", lambda: lzma.LZMADecompressor(memlimit=1 << 28)),
)


def _bounded(
    chunks: Iterator[bytes], limits: ReadLimits, unpack: Callable[[Iterator[bytes]], Iterator[bytes]]
) -> Iterator[bytes]:
    """Unpacks until the data proves to be far larger than its packed form."""
    packed = unpacked_size = 0

    def counted() -> Iterator[bytes]:
        nonlocal packed
        for chunk in chunks:
            packed += len(chunk)
            yield chunk

    for piece in unpack(counted()):
        unpacked_size += len(piece)
        if unpacked_size > limits.unpacked_bytes and unpacked_size > packed * limits.unpacked_ratio:
            raise UnreadableInput(
                gettext_noop("The file unpacks to more than %(ratio)s times its size. Import it unpacked, in parts."),
                ratio=limits.unpacked_ratio,
            )
        yield piece


def _inflated(chunks: Iterator[bytes], name: str, make: Callable[[], Any]) -> Iterator[bytes]:
    inflate = make()
    try:
        for chunk in chunks:
            rest = chunk
            while rest := rest.lstrip(b"\0") if inflate.eof else rest:  # zeros may pad the members of a file
                if inflate.eof:
                    inflate = make()
                if piece := inflate.decompress(rest, CHUNK):
                    yield piece
                yield from _remaining(inflate)
                rest = inflate.unused_data if inflate.eof else b""
    except (zlib.error, OSError, lzma.LZMAError, EOFError) as error:
        raise UnreadableInput(
            gettext_noop("The %(name)s data is damaged (%(error)s)."), name=name, error=cause_of(error)
        ) from error
    if not inflate.eof:
        raise UnreadableInput(gettext_noop("The %(name)s data ends too early: the file is incomplete."), name=name)


def _remaining(inflate: Any) -> Iterator[bytes]:
    """The pieces that the input so far still yields."""
    while not inflate.eof:
        tail = getattr(inflate, "unconsumed_tail", b"")  # zlib gives back what it did not take, the others keep it
        piece = inflate.decompress(tail, CHUNK)
        if not piece:
            return
        yield piece


class _Chunks:
    """Pieces as a file for pyarrow."""

    closed = False

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks = chunks
        self.buffer = b""

    def read(self, size: int = -1) -> bytes:
        while (size < 0 or len(self.buffer) < size) and (chunk := next(self.chunks, b"")):
            self.buffer += chunk
        piece, self.buffer = (self.buffer, b"") if size < 0 else (self.buffer[:size], self.buffer[size:])
        return piece

    def close(self) -> None:
        """Does nothing: the stream belongs to the caller."""


def _zstandard(chunks: Iterator[bytes]) -> Iterator[bytes]:
    try:
        import pyarrow  # a large package, for few files
    except ImportError as error:
        raise UnreadableInput(
            gettext_noop("The file is packed with Zstandard. Unpack it first, or install pyarrow.")
        ) from error
    try:
        with pyarrow.CompressedInputStream(pyarrow.PythonFile(_Chunks(chunks), mode="r"), "zstd") as stream:
            while piece := stream.read(CHUNK):
                yield piece
    except OSError as error:
        raise UnreadableInput(
            gettext_noop("The Zstandard data is damaged (%(error)s)."), error=cause_of(error)
        ) from error


def _archived(chunks: Iterator[bytes], limits: ReadLimits, open_records: OpenRecords | None) -> Iterator[bytes]:
    """The bytes of the only file of a ZIP archive, or the records of the project or the data set that it holds."""
    with spooled(chunks, limits) as file:
        size = file.seek(0, 2)
        try:
            with zipfile.ZipFile(file) as archive:
                names = [one for one in archive.infolist() if not one.is_dir() and not _is_clutter(one.filename)]
                if any(one.filename == "[Content_Types].xml" for one in names):
                    raise UnreadableInput(gettext_noop("The file is an Office document. Save the table as CSV."))
                if len(names) > 1 and (records := _records_in(archive, names, limits, open_records)) is not None:
                    yield from records
                    return
                if len(names) != 1:
                    listed = ", ".join(one.filename for one in names[:5])[:200]
                    raise UnreadableInput(
                        gettext_noop(
                            "The file is an archive of %(number)s files (%(names)s). Import its files one by one."
                        ),
                        number=len(names),
                        names=listed,
                    )
                with archive.open(names[0]) as member:
                    total = 0
                    for piece in _decompressed(chunks_of(member), limits):  # a.jsonl.gz in a.zip
                        total += len(piece)
                        if total > limits.unpacked_bytes and total > size * limits.unpacked_ratio:
                            raise UnreadableInput(
                                gettext_noop("The archive unpacks to more than %(ratio)s times its size."),
                                ratio=limits.unpacked_ratio,
                            )
                        yield piece
        except DAMAGED as error:
            if isinstance(error, UnreadableInput):
                raise
            raise UnreadableInput(
                gettext_noop("The ZIP archive cannot be opened (%(error)s)."), error=cause_of(error)
            ) from error


def _records_in(
    archive: zipfile.ZipFile, names: list[zipfile.ZipInfo], limits: ReadLimits, open_records: OpenRecords | None
) -> Iterator[bytes] | None:
    """The records of a data set or of a project; None: the archive is neither. A project has no tables."""
    paths = [one.filename for one in names]
    folder = folder_bytes(archive, paths, limits, open_records) if open_records else None
    if folder is not None and has_tables(paths):
        return folder
    project = project_bytes(archive, names, limits)
    return folder if project is None else project


def _is_clutter(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rsplit("/", 1)[-1] in (".DS_Store", "Thumbs.db")
