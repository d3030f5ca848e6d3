"""Lines are sorted in runs on disk, whatever fits in memory."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeling.exchange.sorting import sorted_lines

lines = st.lists(st.binary(max_size=12).map(lambda text: text.replace(b"\n", b" ") + b"\n"), max_size=60)


@given(lines, st.integers(1, 200))
def test_the_lines_come_out_in_byte_order_however_small_the_runs(unsorted: list[bytes], run_bytes: int) -> None:
    with TemporaryDirectory() as folder:
        assert list(sorted_lines(unsorted, Path(folder), run_bytes=run_bytes)) == sorted(unsorted)


@pytest.mark.parametrize(("run_bytes", "runs"), [(4, 2), (1000, 0)])
def test_runs_are_written_only_when_memory_is_full(tmp_path: Path, run_bytes: int, runs: int) -> None:
    unsorted = [b"cc\n", b"b\n", b"aa\n", b"a\n", b"b\n"]
    assert list(sorted_lines(unsorted, tmp_path, run_bytes=run_bytes)) == sorted(unsorted)
    assert len(list(tmp_path.iterdir())) == runs
