"""Files in UTF-16 and UTF-32, with and without a mark, are read as those in UTF-8 are."""

import codecs
import gzip
import io
import json

import pytest

from labeling.exchange import ImportedComparison, ImportedPrompt, UnreadableInput, read_comparisons, read_prompts

ROWS = [{"prompt": "Wie groß?", "chosen": f"Größer: 🦉 {number}.", "rejected": "=Klein, „so“"} for number in range(3)]


def cells(delimiter: str) -> str:
    lines = [delimiter.join(ROWS[0])]
    lines += [delimiter.join(f'"{cell}"' for cell in row.values()) for row in ROWS]
    return "\r\n".join(lines) + "\r\n"


FILES = {
    "jsonl": "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS),
    "json": json.dumps(ROWS, ensure_ascii=False, indent=1),
    "csv": cells(","),
    "tsv": cells("\t"),
}
ENCODINGS = {
    "utf-8-sig": lambda text: text.encode("utf-8-sig"),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16-be with a mark": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "utf-16-le": lambda text: text.encode("utf-16-le"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "utf-32": lambda text: text.encode("utf-32"),
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_file_is_read_right_in_every_encoding(encoding: str, kind: str) -> None:
    data = ENCODINGS[encoding](FILES[kind])
    for packed in (data, gzip.compress(data)):
        records = list(read_comparisons(io.BytesIO(packed)))
        assert all(isinstance(one, ImportedComparison) for one in records), records
        assert [(one.first.text, one.second.text) for one in records] == [  # type: ignore[union-attr]
            (row["chosen"], row["rejected"]) for row in ROWS
        ]
        assert records[0].prompt[0]["content"] == "Wie groß?"  # type: ignore[union-attr]


def test_prompts_in_utf_16_are_read_too() -> None:
    records = list(read_prompts(io.BytesIO("Wie groß?\r\nWie klein?\r\n".encode("utf-16"))))
    assert [one.messages[0]["content"] for one in records if isinstance(one, ImportedPrompt)] == [
        "Wie groß?",
        "Wie klein?",
    ]


@pytest.mark.parametrize("kind", FILES)
def test_a_damaged_file_in_utf_16_is_refused_by_name(kind: str) -> None:
    with pytest.raises(UnreadableInput, match="UTF-16 text is damaged"):
        list(read_comparisons(io.BytesIO(FILES[kind].encode("utf-16")[:-1])))


def test_text_in_a_code_page_is_refused_by_line() -> None:
    records = list(read_comparisons(io.BytesIO(FILES["csv"].encode("cp1252", "replace"))))
    assert {one.code for one in records} == {"encoding"}  # type: ignore[union-attr]


def test_binary_data_is_no_text() -> None:
    with pytest.raises(UnreadableInput, match="binary"):
        list(read_comparisons(io.BytesIO(b"\0\1\2\3" * 40)))
