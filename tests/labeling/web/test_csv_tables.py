"""Tables as CSV files."""

import csv
from typing import Any

from labeling.stats import Estimate
from labeling.web.csv_tables import csv_file, csv_lines


def test_no_cell_is_a_formula_and_every_line_can_be_read_back() -> None:
    cells: list[list[Any]] = [["=1+1", Estimate(None, None, None, 0, "@x").reason], ['say "a",\nb', 0.1]]
    table = ("version", "=reason"), cells
    rows = list(csv.reader("".join(csv_lines(table)).splitlines(keepends=True)))
    assert rows == [["version", "'=reason"], ["'=1+1", "'@x"], ['say "a",\nb', "0.1"]]


def test_a_file_has_its_name_and_is_read_row_by_row() -> None:
    response = csv_file("sums-days", (("day",), ([number] for number in range(2))))
    assert response["Content-Disposition"] == 'attachment; filename="sums-days.csv"'
    assert response.getvalue() == b"day\r\n0\r\n1\r\n"
