"""Folders of data sets: saved by `datasets`, or as a hub keeps them."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from labeling.exchange import (
    ImportedComparison,
    ImportedPrompt,
    Rejected,
    UnreadableInput,
    packed_folder,
    read_comparisons,
    read_prompts,
)
from labeling.exchange.raw import ReadLimits

ROWS = [
    {"prompt": f"Two plus {number}?", "chosen": f"It is {number + 2}.\nYes.", "rejected": "No."} for number in range(5)
]
LINES = b"".join(json.dumps(row).encode() + b"\n" for row in ROWS)


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def texts(data: bytes) -> list[str]:
    records = list(read_comparisons(io.BytesIO(data)))
    assert all(isinstance(one, ImportedComparison) for one in records), records
    return [one.first.text for one in records if isinstance(one, ImportedComparison)]


CHOSEN = [row["chosen"] for row in ROWS]


def test_a_folder_saved_by_datasets_is_read_split_by_split(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    rows = datasets.Dataset.from_list(ROWS)
    datasets.DatasetDict(train=rows.select(range(3)), test=rows.select(range(3, 5))).save_to_disk(tmp_path / "both")
    rows.save_to_disk(tmp_path / "one", num_shards=2)
    for name in ("both", "one"):
        with packed_folder(tmp_path / name) as packed:
            assert sorted(texts(packed.read())) == CHOSEN
    with packed_folder(tmp_path) as packed:  # the folder that holds them
        assert sorted(set(texts(packed.read()))) == CHOSEN


@pytest.mark.parametrize("suffix", ["parquet", "csv", "json", "jsonl"])
def test_a_folder_of_a_hub_is_read(suffix: str) -> None:
    datasets = pytest.importorskip("datasets")
    files = {"README.md": b"# Pairs", ".gitattributes": b"*.parquet lfs"}
    for name, part in (("train", ROWS[:3]), ("test", ROWS[3:])):
        rows, out = datasets.Dataset.from_list(part), io.BytesIO()
        if suffix == "parquet":
            rows.to_parquet(out)
        elif suffix == "csv":
            rows.to_csv(out)
        else:
            out.write(
                json.dumps(part).encode() if suffix == "json" else b"\n".join(map(str.encode, map(json.dumps, part)))
            )
        files[f"pairs/data/{name}-00000-of-00001.{suffix}"] = out.getvalue()
    assert sorted(texts(zipped(**files))) == CHOSEN


def test_an_arrow_file_alone_is_read() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.Table.from_pylist(ROWS)
    for make in (pyarrow.ipc.new_stream, pyarrow.ipc.new_file):
        out = io.BytesIO()
        with make(out, table.schema) as writer:
            writer.write_table(table)
        assert texts(out.getvalue()) == CHOSEN


def test_an_arrow_file_with_a_damaged_text_is_named() -> None:
    pyarrow = pytest.importorskip("pyarrow")
    out = io.BytesIO()
    table = pyarrow.Table.from_pylist(ROWS)
    with pyarrow.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(UnreadableInput, match="The Arrow file cannot be read"):
        texts(out.getvalue().replace(b"Two plus", b"\xff\xfe\xfd plus"))


def test_files_that_are_no_data_set_are_refused_by_name() -> None:
    with pytest.raises(UnreadableInput, match=r"archive of 4 files \(README.md, a.jsonl, b.jsonl, model.bin\)"):
        texts(zipped(**{"README.md": b"x", "a.jsonl": LINES, "b.jsonl": LINES, "model.bin": b"\0"}))


def test_a_damaged_file_of_a_folder_is_named() -> None:
    with pytest.raises(UnreadableInput, match=r"data/test.parquet: The Parquet file cannot be read"):
        texts(zipped(**{"data/test.parquet": b"PAR1 no", "data/train.jsonl": LINES}))


def test_an_archive_in_an_archive_is_not_opened() -> None:
    inner = zipped(**{"train.jsonl": LINES, "test.jsonl": LINES})
    with pytest.raises(UnreadableInput, match="archive of 2 files"):
        texts(zipped(**{"train.jsonl": inner, "test.jsonl": LINES}))


def test_no_table_beside_lines_is_forgotten() -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    out = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(ROWS[3:]), out)
    first = b"".join(json.dumps(row).encode() + b"\n" for row in ROWS[:3])
    files = {"README.md": b"x", "data/train.jsonl": first, "data/test.parquet": out.getvalue()}
    assert sorted(texts(zipped(**files))) == CHOSEN


def test_a_folder_that_unpacks_to_far_more_is_refused() -> None:
    data = zipped(**{"train.jsonl": LINES * 2000, "test.jsonl": LINES})
    limits = ReadLimits(unpacked_bytes=10_000, unpacked_ratio=20)
    with pytest.raises(UnreadableInput, match="unpacks to more than 20 times"):
        list(read_comparisons(io.BytesIO(data), limits=limits))


def test_a_row_of_a_packed_table_that_does_not_fit_its_header_is_named_so() -> None:
    data = zipped(
        **{"train.csv": b"prompt,chosen,rejected\nQ,a,b\nQ2,a\n", "test.csv": b"prompt,chosen,rejected\nR,a,b\n"}
    )
    codes = [one.code for one in read_comparisons(io.BytesIO(data)) if isinstance(one, Rejected)]
    assert codes == ["cells"]


def test_no_refused_record_of_an_archive_vanishes() -> None:
    header, good = b"prompt,chosen,rejected\n", b'R,"a",b\n'
    quoted = header + rb'Q,"he said \"yes\", twice",b' + b"\n"
    found = {
        "cells": ("quotation marks of the row do not match", quoted + good),
        "too_large": ("has 1,0", json.dumps([{"prompt": "x" * 1000, "chosen": "a", "rejected": "b"}]).encode()),
        "not_json": ("ends too early", json.dumps([ROWS[0]]).encode()[:-1] + b","),
    }
    for code, (reason, data) in found.items():
        suffix = "csv" if code == "cells" else "json"
        packed = zipped(**{f"a-train.{suffix}": data, "b-test.csv": header + good})
        records = list(read_comparisons(io.BytesIO(packed), limits=ReadLimits(record_bytes=500)))
        [refused] = [one for one in records if isinstance(one, Rejected)]
        assert refused.code == code
        assert reason in str(refused.reason)
        assert "record refused" not in refused.excerpt
        assert any(isinstance(one, ImportedComparison) for one in records)


def test_prompts_whose_first_row_is_refused_are_still_a_table() -> None:
    for row in (rb'"he said \"yes\"",b', b"Q1"):
        rows = b"prompt,tags\n" + row + b"\nQ2,c\n"
        data = zipped(**{"a-train.csv": rows, "b-test.csv": b"prompt\nQ3\n"})
        refused, *others = read_prompts(io.BytesIO(data))
        assert isinstance(refused, Rejected)
        assert [one.messages[0]["content"] for one in others if isinstance(one, ImportedPrompt)] == ["Q2", "Q3"]
