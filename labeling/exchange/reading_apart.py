"""Reads the comparisons of a large file in a second process: one core reads and checks while another stores.

The process gets the bytes of the stream and returns the same records, with the same places, that `read_comparisons`
yields. Pipes and a queue of bounded size lie between, so no side runs far ahead of the other.
"""

import gc
import json
import logging
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from threading import Condition, Thread
from typing import IO, Any

from common.phrases import gettext_noop
from labeling.exchange.errors import ExchangeError, UnreadableInput
from labeling.exchange.mapping import ColumnMapping
from labeling.exchange.raw import ByteStream, ReadLimits
from labeling.exchange.reading import AUTO, read_comparisons
from labeling.exchange.records import ImportedComparison, Rejected

LARGE = 8 << 20
"""A smaller file is read before a second process has even started."""

PIECE = 1 << 18
BLOCK = 50
"""Records that the process sends together."""

QUEUED = 8 << 20
"""Bytes of blocks that may wait for the side that stores: more records than it stores at once, if they are short."""

log = logging.getLogger(__name__)

Records = Iterator[ImportedComparison | Rejected]


def read_comparisons_apart(
    stream: ByteStream,
    *,
    dialect: str = AUTO,
    mapping: ColumnMapping | None = None,
    remembered: ColumnMapping | None = None,
    limits: ReadLimits | None = None,
) -> Records:
    """Yields what `read_comparisons` does, and raises what it raises. A large stream is read by a second process.

    The stream is then read by another thread, until the last record or until the iterator is closed.
    """
    choices: dict[str, Any] = {"dialect": dialect, "mapping": mapping, "remembered": remembered}
    limits = limits or ReadLimits()
    read_comparisons(BytesIO(), **choices, limits=limits)  # raises for an unknown dialect, at once
    return _records(stream, choices, limits)


def _records(stream: ByteStream, choices: dict[str, Any], limits: ReadLimits) -> Records:
    head = bytearray()
    while len(head) < LARGE and (piece := stream.read(PIECE)):
        head += piece
    whole = _Resumed(bytes(head), stream)
    if len(head) < LARGE:
        yield from read_comparisons(whole, **choices, limits=limits)
    else:
        del head
        yield from _Apart(whole, choices | {"limits": asdict(limits)}).records()


class _Resumed:
    """A stream whose beginning was read already."""

    def __init__(self, head: bytes, rest: ByteStream) -> None:
        self.head: BytesIO | None = BytesIO(head)
        self.rest = rest

    def read(self, size: int, /) -> bytes:
        if self.head is not None:
            if piece := self.head.read(size):
                return piece
            self.head = None
        return self.rest.read(size)


class _Blocks:
    """A queue of blocks that is bounded by their bytes. Once it is closed, no one waits for room."""

    def __init__(self) -> None:
        self.changed = Condition()
        self.waiting: deque[bytes] = deque()
        self.bytes = 0
        self.is_closed = False

    def put(self, block: bytes) -> None:
        with self.changed:
            self.changed.wait_for(lambda: self.is_closed or self.bytes <= QUEUED)
            self.waiting.append(block)
            self.bytes += len(block)
            self.changed.notify_all()

    def get(self) -> bytes:
        with self.changed:
            self.changed.wait_for(lambda: self.waiting)
            block = self.waiting.popleft()
            self.bytes -= len(block)
            self.changed.notify_all()
            return block

    def close(self) -> None:
        with self.changed:
            self.is_closed = True
            self.changed.notify_all()


class _Apart:
    """The second process, and the two threads that write to it and read from it."""

    def __init__(self, stream: ByteStream, choices: dict[str, Any]) -> None:
        self.stream = stream
        self.blocks = _Blocks()
        self.error: BaseException | None = None
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import main; main()", json.dumps(choices)],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.threads = [Thread(target=one, daemon=True) for one in (self._feed, self._collect)]
        for thread in self.threads:
            thread.start()

    def records(self) -> Records:
        is_whole = False
        try:
            while block := self.blocks.get():
                content = pickle.loads(block)  # noqa: S301 - our own process wrote it
                if isinstance(content, ExchangeError):
                    raise content
                is_whole = content is None
                yield from content or ()
            if self.error is not None:
                raise self.error
            if not is_whole:
                text = gettext_noop(
                    "The process that reads the file was ended (%(code)s). Import the file again: records that were "
                    "kept are not added twice."
                )
                raise UnreadableInput(text, code=self.process.wait())
        finally:
            self._close()

    def _feed(self) -> None:
        """Writes the stream to the process. It may end before the stream does, for a reason that it sends."""
        target: IO[bytes] = self.process.stdin  # type: ignore[assignment]
        try:
            while not self.blocks.is_closed and (piece := self.stream.read(PIECE)):
                with suppress(BrokenPipeError):
                    target.write(piece)
                    continue
                break
        except BaseException as error:
            self.error = error
            self.process.kill()
        finally:
            with suppress(BrokenPipeError):
                target.close()

    def _collect(self) -> None:
        source: IO[bytes] = self.process.stdout  # type: ignore[assignment]
        while not self.blocks.is_closed and (size := source.read(4)):
            length = int.from_bytes(size, "big")
            if len(block := source.read(length)) < length:  # the process was killed
                break
            self.blocks.put(block)
        self.blocks.put(b"")

    def _close(self) -> None:
        self.blocks.close()
        self.process.kill()
        for thread in self.threads:
            thread.join()
        self.process.stdout.close()  # type: ignore[union-attr]
        self.process.wait()


def _read(choices: dict[str, Any], source: ByteStream, target: IO[bytes]) -> None:
    """Records from `source` to `target`, in blocks that their sizes precede; None is the end."""

    def send(content: Any) -> None:
        block = pickle.dumps(content, pickle.HIGHEST_PROTOCOL)
        target.write(len(block).to_bytes(4, "big") + block)
        target.flush()

    block: list[ImportedComparison | Rejected] = []
    end: ExchangeError | None = None
    try:
        for record in read_comparisons(source, **choices | {"limits": ReadLimits(**choices["limits"])}):
            block.append(record)
            if len(block) == BLOCK:
                send(block)
                block.clear()
    except ExchangeError as error:
        end = error
    except Exception:
        log.exception("Reading stopped after %s", block[-1:])
        end = ExchangeError(gettext_noop("The file has a shape that cannot be read."))
    send(block)
    send(end)


def main() -> None:
    """The second process."""
    gc.freeze()  # the loaded code stays, so the collector need not look at it
    with suppress(BrokenPipeError):  # nobody wants the records any longer
        _read(json.loads(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer)
