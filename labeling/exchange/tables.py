"""Verdicts as flat tables, CSV and Parquet: the same columns in both, one row for each comparison."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any

from common.phrases import gettext_noop
from labeling.exchange.dropping import DropReport
from labeling.exchange.errors import UnknownDialect
from labeling.exchange.manifest import Split
from labeling.exchange.options import WriteOptions
from labeling.exchange.records import VerdictRecord, canonical_json, harmless_cell

CHOICES = ("a", "b", "tie", "both_bad")

COLUMNS = {
    "pair": "string",  # the name of the prompt and both texts: the same in every installation
    "comparison": "int64",
    "external_id": "string",
    "tags": "string",  # JSON
    "source": "string",
    "metadata": "string",  # JSON: other fields of the imported record, by what has them
    "prompt": "string",  # JSON
    "chosen": "string",  # empty: no winner
    "rejected": "string",
    "a": "string",
    "b": "string",
    "status": "string",  # settled, conflict or open
    "winner": "string",
    "confidence": "float64",
    "weight": "float64",
    "judgments": "int64",  # without skips
    "votes_a": "int64",
    "votes_b": "int64",
    "votes_tie": "int64",
    "votes_both_bad": "int64",
    "skips": "int64",
    "agreement": "float64",  # the share of judgments that agree with the verdict; without one, of the largest choice
    "strength": "float64",  # the mean of the judgments that agree with the verdict, 1..3
    "settled_by": "string",
    "model_a": "string",
    "model_b": "string",
    "votes": "string",  # JSON: every judgment with all that was said in it
    "turns_a": "string",  # JSON: the messages of a completion of several turns or with calls, of which a is the text
    "turns_b": "string",
    "split": "string",  # of prompts, as in the campaign's next snapshot
}
OWN_ROW = frozenset({"pair", "prompt", "a", "b", "votes"})
"""The columns by which a row is known as ours. Each has a value: readers leave empty cells out."""
ROWS_AT_ONCE = 1000
ESCAPED = "escaped"
"""The last column of a CSV for spreadsheets. Its cells tell readers to remove the apostrophe that begins a text."""


def table_row(record: VerdictRecord, split: Split) -> dict[str, Any]:
    """The row of one comparison."""
    is_pair = record.winner in ("a", "b")
    votes = [vote for vote in record.votes if vote.choice != "skip"]
    counts = {choice: sum(vote.choice == choice for vote in votes) for choice in CHOICES}
    agreeing = [vote for vote in votes if vote.choice == record.winner]
    strengths = [vote.strength for vote in agreeing if vote.strength is not None]
    held_out = record.is_held_out
    if held_out is None:
        held_out = split.holds_out(record.prompt)
    return {
        "pair": record.pair,
        "comparison": record.comparison,
        "external_id": record.external_id,
        "tags": canonical_json(list(record.tags)).decode(),
        "source": record.source,
        "metadata": canonical_json(dict(record.metadata)).decode() if record.metadata else "",
        "prompt": canonical_json(list(record.prompt)).decode(),
        "chosen": record.chosen.text if is_pair else "",
        "rejected": record.rejected.text if is_pair else "",
        "a": record.a.text,
        "b": record.b.text,
        "status": record.status,
        "winner": record.winner or "",
        "confidence": record.confidence if record.winner else None,
        "weight": record.weight,
        "judgments": len(votes),
        **{f"votes_{choice}": number for choice, number in counts.items()},
        "skips": len(record.votes) - len(votes),
        "agreement": (len(agreeing) if record.winner else max(counts.values())) / len(votes) if votes else None,
        "strength": sum(strengths) / len(strengths) if strengths else None,
        "settled_by": record.settled_by,
        "model_a": record.a.model,
        "model_b": record.b.model,
        "turns_a": canonical_json(list(record.a.turns)).decode() if record.a.turns else "",
        "turns_b": canonical_json(list(record.b.turns)).decode() if record.b.turns else "",
        "votes": canonical_json([vote.as_dict() for vote in record.votes]).decode(),
        "split": "test" if held_out else "train",
    }


def write_csv(verdicts: Iterable[VerdictRecord], report: DropReport, options: WriteOptions) -> Iterator[bytes]:
    """CSV (RFC 4180) with a header. Texts are exact.

    For spreadsheets, no cell is a formula, since completions are hostile input. A column `escaped` then says so, and
    the report counts the changed cells.
    """
    yield _line([*COLUMNS, ESCAPED] if options.spreadsheet else COLUMNS)
    for record in verdicts:
        row = table_row(record, options.split)
        cells = ["" if row[name] is None else row[name] for name in COLUMNS]
        if options.spreadsheet:
            harmless = [harmless_cell(cell) if isinstance(cell, str) else cell for cell in cells]
            report.escaped += sum(one != other for one, other in zip(cells, harmless, strict=True))
            cells = [*harmless, "apostrophe"]
        yield _line(cells)


def write_parquet(verdicts: Iterable[VerdictRecord], report: DropReport, options: WriteOptions) -> Iterator[bytes]:
    """Parquet, with a row group for every thousand rows. Raises UnknownDialect at once if pyarrow does not load."""
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError as error:
        text = gettext_noop(
            "Parquet cannot be written: pyarrow does not load on this server. Install requirements.txt again."
        )
        raise UnknownDialect(text) from error
    schema = arrow.schema([(name, getattr(arrow, kind)()) for name, kind in COLUMNS.items()])

    def pieces() -> Iterator[bytes]:
        output = _PieceFile()
        with parquet.ParquetWriter(arrow.PythonFile(output, mode="w"), schema, compression="zstd") as writer:
            rows: list[dict[str, Any]] = []
            for record in verdicts:
                rows.append(table_row(record, options.split))
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
