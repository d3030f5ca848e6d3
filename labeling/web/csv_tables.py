"""Tables of pages as CSV files (RFC 4180), with every number in full."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Any

from django.http import StreamingHttpResponse

from labeling.exchange import harmless_cell
from labeling.stats import Estimate

Table = tuple[Sequence[str], Iterable[Sequence[Any]]]
"""The names of the columns, and the rows."""

ESTIMATE = ("value", "low", "high", "comparisons", "votes", "reason")
"""The columns of an estimate."""


def estimate_cells(estimate: Estimate) -> list[Any]:
    """The cells below ESTIMATE."""
    return [getattr(estimate, name) for name in ESTIMATE]


def csv_lines(table: Table) -> Iterator[str]:
    """The header and the rows. No cell is a formula to a spreadsheet."""
    columns, rows = table
    yield _line([harmless_cell(name) for name in columns])
    for row in rows:
        yield _line([harmless_cell(cell) if isinstance(cell, str) else cell for cell in row])


def csv_file(name: str, table: Table) -> StreamingHttpResponse:
    """The table as a download. name: of the file, without its ending."""
    response = StreamingHttpResponse(csv_lines(table), content_type="text/csv")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _line(cells: list[Any]) -> str:
    line = StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
