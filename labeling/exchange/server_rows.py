"""The answer of the datasets server: `{"features": [...], "rows": [{"row_idx": 0, "row": {...}}]}`."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace

from labeling.exchange.cutting import object_records
from labeling.exchange.raw import Place, RawRecord

FEATURES = re.compile(r'"features"\s*:\s*\[')
ROWS = re.compile(r'"rows"\s*:\s*\[\s*\{\s*(?:"row_idx"\s*:\s*\d+\s*,\s*)?"row"\s*:\s*\{')


def is_server_answer(head: str) -> bool:
    """Whether a text begins like an answer of the server. In a text of a record, quotes would have backslashes."""
    return head.startswith("{") and FEATURES.search(head) is not None and ROWS.search(head) is not None


def server_records(chunks: Iterator[bytes], limit: int) -> Iterator[RawRecord]:
    """The rows, without what describes them and the columns. A row that the server has shortened is marked."""
    number = 0
    for raw in object_records(chunks, limit, inside=True):
        try:
            value = json.loads(raw.data)
        except (ValueError, RecursionError):
            value = None
        row = value.get("row") if isinstance(value, dict) else None
        if value is not None and not isinstance(row, dict):
            continue  # the description of a column
        number += 1
        raw = replace(raw, place=Place(raw.place.line, number))
        if isinstance(row, dict):
            data = json.dumps(row, ensure_ascii=False).encode("utf-8", "surrogatepass")
            raw = replace(raw, data=data, size=len(data), problem="shortened" if value.get("truncated_cells") else None)
        yield raw
