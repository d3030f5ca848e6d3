"""Verdicts as flat tables, CSV and Parquet: the same columns in both, one row for each comparison."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Any

from labeling.exchange.dropping import DropReport, screen
from labeling.exchange.errors import UnknownDialect
from labeling.exchange.hashing import is_held_out
from labeling.exchange.records import VerdictRecord, canonical_json, harmless_cell

COLUMNS = {
    "comparison": "int64",
    "prompt": "string",  # JSON
    "chosen": "string",  # empty: no winner
    "rejected": "string",
    "a": "string",
    "b": "string",
    "winner": "string",
    "confidence": "float64",
    "weight": "float64",
    "judgments": "int64",
    "agreement": "float64",  # the share of judgments that agree with the verdict
    "settled_by": "string",
    "model_a": "string",
    "model_b": "string",
    "split": "string",  # of prompts, as in a snapshot with seed 0
}
TEST_SHARE = 0.1
ROWS_AT_ONCE = 1000


def table_row(record: VerdictRecord) -> dict[str, Any]:
    """The row of one comparison."""
    is_pair = record.winner in ("a", "b")
    agreeing = sum(vote.choice == record.winner for vote in record.votes)
    held_out = is_held_out(record.prompt, seed=0, test_share=TEST_SHARE)
    return {
        "comparison": record.comparison,
        "prompt": canonical_json(list(record.prompt)).decode(),
        "chosen": record.chosen.text if is_pair else "",
        "rejected": record.rejected.text if is_pair else "",
        "a": record.a.text,
        "b": record.b.text,
        "winner": record.winner,
        "confidence": record.confidence,
        "weight": record.weight,
        "judgments": len(record.votes),
        "agreement": agreeing / len(record.votes) if record.votes else None,
        "settled_by": record.settled_by,
        "model_a": record.a.model,
        "model_b": record.b.model,
        "split": "test" if held_out else "train",
    }


def write_csv(winners: Sequence[str], verdicts: Iterable[VerdictRecord], report: DropReport) -> Iterator[bytes]:
    """CSV (RFC 4180) with a header. No cell is a formula to a spreadsheet: completions are hostile input."""
    yield _line(COLUMNS)
    for record in screen(verdicts, report, winners=winners):
        row = table_row(record)
        yield _line("" if row[name] is None else _cell(row[name]) for name in COLUMNS)


def write_parquet(winners: Sequence[str], verdicts: Iterable[VerdictRecord], report: DropReport) -> Iterator[bytes]:
    """Parquet, with a row group for every thousand rows. Raises UnknownDialect at once if pyarrow does not load."""
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError as error:
        text = "Parquet cannot be written: pyarrow does not load on this server. Install requirements.txt again."
        raise UnknownDialect(text) from error
    schema = arrow.schema([(name, getattr(arrow, kind)()) for name, kind in COLUMNS.items()])

    def pieces() -> Iterator[bytes]:
        output = _PieceFile()
        with parquet.ParquetWriter(arrow.PythonFile(output, mode="w"), schema, compression="zstd") as writer:
            rows: list[dict[str, Any]] = []
            for record in screen(verdicts, report, winners=winners):
                rows.append(table_row(record))
                if len(rows) == ROWS_AT_ONCE:
                    writer.write_table(arrow.Table.from_pylist(rows, schema))
                    rows = []
                    yield output.take()
            if rows:
                writer.write_table(arrow.Table.from_pylist(rows, schema))
        yield output.take()

    return pieces()


class _PieceFile:
    """A file whose bytes are taken piece by piece as they are written."""

    closed = False

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0

    def write(self, piece: Any) -> int:
        self.pieces.append(bytes(piece))
        self.size += len(self.pieces[-1])
        return len(self.pieces[-1])

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        """Does nothing: writes are not buffered."""

    def close(self) -> None:
        """Does nothing: the last piece is still to be taken."""

    def take(self) -> bytes:
        """The bytes written since the last call."""
        pieces, self.pieces = b"".join(self.pieces), []
        return pieces


def _line(cells: Iterable[Any]) -> bytes:
    line = StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


def _cell(value: Any) -> Any:
    return harmless_cell(value) if isinstance(value, str) else value
