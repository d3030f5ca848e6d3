"""A large file is read by a second process: the same records, refusals and errors as in one process."""

import io
import json
import subprocess
from collections.abc import Iterator
from threading import Thread
from typing import Any

import psutil
import pytest

from labeling.exchange import ExchangeError, UnknownDialect, read_comparisons, read_comparisons_apart
from labeling.exchange import reading_apart as apart

FILLING = "word " * 20


def lines(count: int) -> bytes:
    """Records of several kinds, some of them wrong; one line is no UTF-8 and one has a field twice."""
    wrong = [b'{"prompt": "p"}', b"{", b"\xff\xfe", b'{"prompt": "p", "prompt": "q"}', b"", b"[1]"]
    written = []
    for number in range(count):
        chosen = f"Ja, ü {number}. {FILLING}"
        one: dict[str, Any] = {"prompt": f"Question {number}?", "chosen": chosen, "rejected": FILLING}
        if number % 5 == 0:
            one |= {"annotator": "ann", "tags": {"a": [number]}, "id": number}
        written.append(json.dumps(one, ensure_ascii=number % 2 == 0).encode())
        if number % 97 == 0:
            written.append(wrong[number % len(wrong)])
    return b"\n".join(written)


@pytest.fixture
def _early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "LARGE", 1000)


def outcome(records: Iterator[Any]) -> tuple[list[Any], str]:
    """All that is yielded, and the error that ends it."""
    seen: list[Any] = []
    try:
        for one in records:
            seen.append(one)
    except ExchangeError as error:
        return seen, f"{type(error).__name__}: {error}"
    return seen, ""


FILES = {
    "lines": lines(3000),
    "array": b"[" + b",\n".join(line for line in lines(500).split(b"\n") if line.startswith(b'{"prompt": "Q')) + b", {",
    "damaged": b"\x1f\x8b\x08\x00" + b"\x00" * 5000,
    "none": b'{"nothing": "' + b"x" * 3000 + b'"}\n',
}


@pytest.mark.usefixtures("_early")
@pytest.mark.parametrize("name", FILES)
def test_both_ways_of_reading_give_the_same_records_places_and_errors(name: str) -> None:
    here, there = (outcome(read(io.BytesIO(FILES[name]))) for read in (read_comparisons, read_comparisons_apart))
    assert there == here
    assert here[0] or here[1]


@pytest.mark.usefixtures("_early")
def test_a_mapping_reaches_the_second_process() -> None:
    data = "\n".join(json.dumps({"q": f"Why {n}?", "good": f"Yes {n}.", "bad": FILLING}) for n in range(100)).encode()
    mapping = {"prompt": "q", "a": "good", "b": "bad"}
    here, there = (list(read(io.BytesIO(data), mapping=mapping)) for read in (read_comparisons, read_comparisons_apart))
    assert there == here
    assert len(here) == 100


def test_a_small_file_needs_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)
    assert len(list(read_comparisons_apart(io.BytesIO(lines(10))))) == 11
    with pytest.raises(UnknownDialect):
        read_comparisons_apart(io.BytesIO(b""), dialect="none")


class Broken(io.BytesIO):
    """A connection that is lost after some bytes."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 200_000:
            raise ConnectionResetError("gone")
        return super().read(50_000)


@pytest.mark.usefixtures("_early")
def test_a_lost_connection_and_an_iterator_that_is_closed_end_the_process() -> None:
    with pytest.raises(ConnectionResetError):
        list(read_comparisons_apart(Broken(lines(5000))))
    records = read_comparisons_apart(io.BytesIO(lines(20000)))
    assert next(records).line == 1
    records.close()  # type: ignore[attr-defined] # it waits for the process and for both threads


class Killing(io.BytesIO):
    """A stream in whose middle the system kills the process that reads it."""

    killed = False

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 500_000 and not self.killed:
            self.killed = True
            (reader,) = (one for one in psutil.Process().children() if "reading_apart" in " ".join(one.cmdline()))
            reader.kill()
        return super().read(50_000)


@pytest.mark.usefixtures("_early")
def test_a_killed_process_ends_in_a_sentence_and_keeps_the_records_before() -> None:
    records, error = outcome(read_comparisons_apart(Killing(lines(20_000))))
    assert records
    assert "Import the file again" in error


def test_a_full_queue_waits_for_room_until_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "QUEUED", 10)
    blocks = apart._Blocks()
    blocks.put(b"x" * 11)
    second, third = (Thread(target=blocks.put, args=(one,)) for one in (b"y" * 11, b"z"))
    for thread, free in ((second, blocks.get), (third, blocks.close)):
        thread.start()
        thread.join(0.05)
        assert thread.is_alive()
        free()
        thread.join(10)
        assert not thread.is_alive()
    assert [blocks.get(), blocks.get()] == [b"y" * 11, b"z"]
