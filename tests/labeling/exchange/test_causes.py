"""Damaged files say what is wrong in words of our own, whatever a library says."""

import bz2
import gzip
import io
import lzma
from typing import Any

import pyarrow
import pytest

from common.phrases import Phrase
from labeling.exchange import Rejected, UnreadableInput, read_comparisons
from labeling.exchange.causes import CHANGED
from tests.labeling.exchange.test_containers import DATA, zipped

ENCRYPTED, UNKNOWN_METHOD = 0x1, 97


def changed(data: bytes, at: int, length: int = 8) -> bytes:
    return data[:at] + bytes(255 - byte for byte in data[at : at + length]) + data[at + length :]


def with_header(data: bytes, *, flag: int | None = None, method: int | None = None) -> bytes:
    """An archive whose headers name other flags or another kind of compression."""
    parts = bytearray(data)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.index(mark) + place
        if flag is not None:
            parts[at] |= flag
        if method is not None:
            parts[at + 2] = method
    return bytes(parts)


HUNGRY = lzma.compress(DATA, filters=[{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": 1 << 29}])
FILES = {
    "gzip": (changed(gzip.compress(DATA), 20), CHANGED),
    "bzip2": (changed(bz2.compress(DATA), 20), CHANGED),
    "xz": (changed(lzma.compress(DATA), 30), CHANGED),
    "xz of much memory": (HUNGRY, "it needs more memory to unpack than is allowed"),
    "zstandard": (changed(pyarrow.compress(DATA, codec="zstd", asbytes=True), 8), CHANGED),
    "zip": (changed(zipped(("a.jsonl", DATA)), 45), CHANGED),
    "cut zip": (zipped(("a.jsonl", DATA))[:-30], "its list of files is missing, so its end is probably cut off"),
    "encrypted zip": (with_header(zipped(("a.jsonl", DATA)), flag=ENCRYPTED), "it is encrypted"),
    "zip of another kind": (
        with_header(zipped(("a.jsonl", DATA)), method=UNKNOWN_METHOD),
        "it is packed in a way that is not known here",
    ),
    "half of a character": ("\ufeffWhy?\n".encode("utf-16-le") + b"\x00", "it ends in the middle of a character"),
    "no character": (b"\xff\xfe" + b"W\x00" * 5 + b"\x00\xdc\x00\xdc", "it holds bytes that are no character"),
    "number": (b'{"prompt": ' + b"1" * 5000 + b"}\n", "a number has too many digits"),
}


def values_of(phrase: Phrase) -> list[Any]:
    return [
        inner
        for one in phrase.values.values()
        for inner in ([one, *values_of(one)] if isinstance(one, Phrase) else [one])
    ]


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_says_why_in_words_that_are_translated(name: str) -> None:
    data, words = FILES[name]
    try:
        (refused,) = [one for one in read_comparisons(io.BytesIO(data), dialect="trl") if isinstance(one, Rejected)]
        phrase = refused.reason
    except UnreadableInput as error:
        phrase = error.phrase
    assert words in [one.template for one in values_of(phrase) if isinstance(one, Phrase)], phrase
