"""The lines of a whole campaign: their order, and files that are something else."""

import gzip
import io
import json

import pytest

from labeling.exchange import FULL_FORMAT, DropReport, UnreadableInput, read_full, writer

CAMPAIGN = {"type": "campaign", "format": FULL_FORMAT, "name": "Sums"}
COMPARISON = {"type": "comparison", "assignments": [{"judgments": [{}, {}]}]}


def data(*lines: object) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def test_lines_are_written_and_read_again_plain_and_compressed() -> None:
    report = DropReport()
    written = b"".join(writer("full").write([CAMPAIGN, COMPARISON], report))
    assert (report.kept, report.judgments) == (1, 2)
    for packed in (written, gzip.compress(written)):
        assert list(read_full(io.BytesIO(packed))) == [(1, CAMPAIGN), (2, COMPARISON)]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (data(COMPARISON), "Line 1: it is not the first line of a whole campaign"),
        (data(CAMPAIGN, CAMPAIGN), "Line 2: the first line"),
        (data(CAMPAIGN, COMPARISON, {"type": "prompt"}), "Line 3: the first line"),
        (data(CAMPAIGN | {"format": "other"}), "Line 1: it is not the first line of a whole campaign"),
        (data(CAMPAIGN | {"format": "chosen-full/9"}), "Line 1: the field 'format' is 'chosen-full/9'"),
        (data(CAMPAIGN, {"type": ["prompt"]}), "Line 2: it is of an unknown type"),
        (data(CAMPAIGN) + b"{", "Line 2: Not valid JSON"),
    ],
)
def test_a_file_of_something_else_is_refused_by_line(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableInput, match=reason):
        list(read_full(io.BytesIO(content)))
