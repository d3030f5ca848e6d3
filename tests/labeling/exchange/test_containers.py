"""Packed files are opened in bounded memory; files that hold no records are named for what they are."""

import bz2
import gzip
import io
import lzma
import pickle
import zipfile

import pytest

from labeling.exchange import (
    ImportedComparison,
    ImportedPrompt,
    ReadLimits,
    UnreadableInput,
    read_comparisons,
    read_prompts,
)
from tests.labeling.exchange.builders import as_lines, read, trl

DATA = as_lines([trl(), trl("Why not?")])


def zipped(*files: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return packed.getvalue()


def misplaced(archive: bytes) -> bytes:
    """The archive, of which the list of files says that the first is at a place before the beginning."""
    at = archive.index(b"PK\x01\x02") + 42
    end = archive.index(b"PK\x05\x06") + 16
    start = int.from_bytes(archive[end : end + 4], "little") + 40
    return archive[:at] + archive[at:end] + start.to_bytes(4, "little") + archive[end + 4 :]


def zstandard(data: bytes) -> bytes:
    pyarrow = pytest.importorskip("pyarrow")
    return bytes(pyarrow.compress(data, codec="zstd", asbytes=True))


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(DATA),
        bz2.compress(DATA),
        bz2.compress(DATA[:40]) + bz2.compress(DATA[40:]),
        lzma.compress(DATA),
        zipped(("good.jsonl.gz", gzip.compress(DATA))),
        zipped(("good.jsonl.xz", lzma.compress(DATA)), (".DS_Store", b"x")),
        zipped(("data/good.jsonl", DATA), ("__MACOSX/good.jsonl", b"x"), (".DS_Store", b"x")),
    ],
)
def test_packed_files_are_opened(packed: bytes) -> None:
    assert [type(one) for one in read(packed)] == [ImportedComparison] * 2


def test_zstandard_is_opened() -> None:
    assert [type(one) for one in read(zstandard(DATA))] == [ImportedComparison] * 2
    with pytest.raises(UnreadableInput, match="Zstandard data is damaged"):
        read(zstandard(DATA)[:-9])


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "Git LFS pointer"),
        (b"- prompt: Name a fruit.\n  chosen: Plum\n  rejected: Potato\n", "is YAML"),
        (b"---\n- prompt: Name a fruit.\n  chosen: Plum\n", "is YAML"),
        (b"[[records]]\nprompt = 'Name a fruit.'\n", "is TOML"),
        (b"<!DOCTYPE html>\n<html><body>404</body></html>", "HTML page"),
        (b"<?xml version='1.0'?><a/>", "XML"),
        (b"{'prompt': 'a', 'chosen': 'b', 'rejected': 'c'}", "Python's notation"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"PK\x05\x06" + bytes(18), "an archive without files"),
        (b"\x80\x04\x95\x10", "pickle"),
        (b"ARROW1\x00\x00", "Arrow file cannot be read"),
        (b"\xff\xff\xff\xff\x10", "Arrow file cannot be read"),
        (b"\x89PNG\r\n", "image"),
        (b"GIF89a\x01\x00", "image"),
        (pickle.dumps([1], 2), "pickle"),
        (pickle.dumps({"a": 1}, 3), "pickle"),
        (pickle.dumps(("a",), 4), "pickle"),
        (b"\x93NUMPY\x01\x00v\x00{'descr'", "NumPy"),
        (b"\x04\x22\x4d\x18dp\xb9", "LZ4"),
        (b"ORC\x0a\x00\x00", "ORC"),
        (b"{\\rtf1\\ansi Name a fruit.}", "RTF"),
        (b"<!-- 404 -->\n<html><body>404</body></html>", "HTML page"),
        (b'<div class="error"><p>Gone</p></div>\n', "HTML page"),
        (b"<script>location = '/'</script>", "HTML page"),
        (b"Entry not found", "what a server answered"),
        (b"404: Not Found\n", "what a server answered"),
        (b"x" * 257 + b"ustar" + b"\x00" * 250, "tar archive"),
        (zipped(("a.jsonl", DATA), ("b.jsonl", DATA)), r"archive of 2 files \(a.jsonl, b.jsonl\)"),
        (zipped(("[Content_Types].xml", b"x"), ("xl/workbook.xml", b"x")), "Office document"),
        (zipped(("a.jsonl", DATA))[:-30], "ZIP archive cannot be opened"),
        (misplaced(zipped(("data/train.jsonl", DATA), ("data/test.jsonl", DATA))), "ZIP archive cannot be opened"),
        (b"PAR1 no parquet", "Parquet file cannot be read"),
        (bz2.compress(DATA)[:-8], "bzip2 data ends too early"),
        (lzma.compress(DATA)[:-8], "xz data"),
    ],
)
def test_other_files_are_named(data: bytes, name: str) -> None:
    for reader in (read_comparisons, read_prompts):
        with pytest.raises(UnreadableInput, match=name):
            list(reader(io.BytesIO(data)))


@pytest.mark.parametrize("text", ["ORCs are strong?", "<div> centres what?", "<b>Bold</b>", "Not found: why?", "GIFs?"])
def test_prompts_that_begin_like_such_files_are_read(text: str) -> None:
    (prompt,) = list(read_prompts(io.BytesIO(text.encode())))
    assert isinstance(prompt, ImportedPrompt)
    assert prompt.messages[0]["content"] == text


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(pack: object) -> None:
    packed = pack((b"x" * 1023 + b"\n") * (1 << 12))  # type: ignore[operator]
    limits = ReadLimits(unpacked_bytes=1 << 20, refused_records=1 << 30)
    with pytest.raises(UnreadableInput, match="unpacks to more than 200 times"):
        list(read_comparisons(io.BytesIO(packed), dialect="trl", limits=limits))


def test_reading_stops_after_many_records_of_which_none_is_right() -> None:
    with pytest.raises(UnreadableInput, match="None of the first 20,000 records"):
        list(read_comparisons(io.BytesIO(b"x\n" * 100_000), dialect="trl"))


def test_one_good_record_does_not_buy_millions_of_wrong_ones() -> None:
    good = as_lines([{"prompt": "2+2?", "chosen": "4", "rejected": "5"}])
    with pytest.raises(UnreadableInput, match="More than half of the first 20,001 records"):
        list(read_comparisons(io.BytesIO(good + b"x\n" * 100_000)))
    limits = ReadLimits(refused_records=10)
    entries = list(read_comparisons(io.BytesIO((good + b"x\n") * 20), limits=limits))
    assert len(entries) == 40, "As many right as wrong ones are read to the end."


def test_wrong_records_among_groups_count_as_well() -> None:
    limits = ReadLimits(refused_records=10)
    with pytest.raises(UnreadableInput, match="None of the first 10 records"):
        list(read_comparisons(io.BytesIO(b"x\n" * 100), dialect="oasst", limits=limits))


def test_reading_stops_after_the_last_record_that_is_allowed() -> None:
    good = as_lines([{"prompt": "2+2?", "chosen": "4", "rejected": "5"}])
    with pytest.raises(UnreadableInput, match="more than 3 records"):
        list(read_comparisons(io.BytesIO(good * 5), limits=ReadLimits(records=3)))
    assert len(list(read_comparisons(io.BytesIO(good * 3), limits=ReadLimits(records=3)))) == 3
