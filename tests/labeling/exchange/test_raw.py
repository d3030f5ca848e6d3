"""Cutting a stream into records: the same however it arrives, and never more than one record in memory."""

import gzip
import io
import json
import tracemalloc
import zlib
from collections.abc import Iterator
from itertools import chain, repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.exchange import ImportedComparison, ReadLimits, Rejected, UnreadableInput, read_comparisons
from labeling.exchange.opening import open_records
from tests.labeling.exchange.builders import as_lines, read, trl

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.text(max_size=6), json_values, max_size=4)


class Trickle:
    """A stream that hands out its pieces one by one, as a slow network would."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces = pieces

    def read(self, size: int, /) -> bytes:
        piece = next(self.pieces, b"")
        assert len(piece) <= size
        return piece


def trickle(data: bytes, size: int) -> Trickle:
    return Trickle(data[at : at + size] for at in range(0, len(data), size))


@settings(max_examples=200, deadline=None)
@given(st.lists(objects, max_size=5), st.integers(1, 40), st.sampled_from([None, 1]), st.booleans())
def test_an_array_is_cut_into_its_elements_however_it_arrives(
    values: list[object], size: int, indent: int | None, ascii_only: bool
) -> None:
    data = json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    framing, records = open_records(trickle(data, size), ReadLimits())
    elements = list(records)
    assert framing == "array"
    assert [json.loads(one.data.decode("utf-8", "surrogatepass")) for one in elements] == values
    assert [one.problem for one in elements] == [None] * len(values)


@settings(max_examples=100, deadline=None)
@given(st.lists(objects, max_size=5), st.integers(1, 40))
def test_lines_are_cut_however_they_arrive(values: list[object], size: int) -> None:
    framing, records = open_records(trickle(as_lines(values), size), ReadLimits())
    lines = list(records)
    assert framing == "lines"
    assert [json.loads(one.data) for one in lines] == values
    assert [one.place.line for one in lines] == list(range(1, len(values) + 1))


def test_the_line_of_an_element_is_the_line_where_it_starts() -> None:
    _, records = open_records(io.BytesIO(b'\n[\n{"a":\n1},\n\n {"b": "x\\ny"}, {}\n]\n'), ReadLimits())
    assert [(one.place.line, one.place.record) for one in records] == [(3, 1), (6, 2), (6, 3)]


@pytest.mark.parametrize("framing", ["lines", "array"])
def test_a_record_over_the_limit_is_named_with_its_size_and_the_rest_is_kept(framing: str) -> None:
    records = [json.dumps(one) for one in (trl(), trl(chosen="x" * 10_000_000), trl())]
    data = "\n".join(records) if framing == "lines" else "[" + ",\n".join(records) + "]"
    first, large, last = read(data.encode())
    assert isinstance(first, ImportedComparison)
    assert isinstance(last, ImportedComparison)
    assert isinstance(large, Rejected)
    assert (large.line, large.code) == (2, "too_large")
    assert large.reason == f"The record has {len(records[1]):,} bytes; 1,048,576 are allowed."
    assert large.excerpt.startswith('{"prompt": "Why?", "chosen": "xxx')


def test_the_limit_is_exact_and_can_be_chosen() -> None:
    record = json.dumps(trl()).encode()
    for allowed, kind in ((len(record), ImportedComparison), (len(record) - 1, Rejected)):
        limits = ReadLimits(record_bytes=allowed)
        [record_read] = read_comparisons(io.BytesIO(record + b"\n"), dialect="trl", limits=limits)
        assert type(record_read) is kind


@pytest.mark.parametrize("start", [b"", b"["])
def test_a_record_of_256_megabytes_is_skipped_without_being_loaded(start: bytes) -> None:
    good = json.dumps(trl()).encode() + (b",\n" if start else b"\n")
    piece = b"x" * (1 << 16)
    pieces = chain([start + good, b'{"prompt": "'], repeat(piece, 4096), [b'"}' + (b"]" if start else b"\n")])
    tracemalloc.start()
    try:
        records = list(read_comparisons(Trickle(iter(pieces))))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [type(one) for one in records] == [ImportedComparison, Rejected]
    assert peak < 8 << 20


def test_memory_does_not_grow_with_the_number_of_records() -> None:
    def peak(records: int) -> int:
        block = as_lines([trl(chosen="word " * 200)] * 20)
        tracemalloc.start()
        try:
            count = sum(1 for _ in read_comparisons(Trickle(repeat(block, records // 20))))
            assert count == records
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(20_000) < peak(200) + (1 << 20)


def test_gzip_is_undone_also_in_several_members_and_with_padding() -> None:
    data = as_lines([trl()])
    packed = gzip.compress(data) + gzip.compress(data) + b"\x00" * 7
    assert [type(one) for one in read(packed)] == [ImportedComparison] * 2
    assert [type(one) for one in read_comparisons(trickle(packed, 3))] == [ImportedComparison] * 2


def test_a_gzip_bomb_costs_no_memory() -> None:
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join([packer.compress(b"x" * (1 << 20)) for _ in range(128)]) + packer.flush()
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableInput, match="unpacks to more than 200 times its size"):
            read(packed, "trl")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


def test_damaged_gzip_is_named() -> None:
    packed = gzip.compress(as_lines([trl()] * 50))
    with pytest.raises(UnreadableInput, match="ends too early"):
        read(packed[:-12])
    with pytest.raises(UnreadableInput, match="damaged"):
        read(packed[:20] + b"\xff" * 20 + packed[40:])
