"""Whether lines that begin with no bracket are texts, or a file of another kind that must not be taken for texts."""

import csv
import json
import re
from collections.abc import Sequence

from common.phrases import gettext_noop
from labeling.exchange.errors import UnreadableInput
from labeling.exchange.raw import RawRecord

FIRST = 50
"""The lines that are looked at."""

_NAME = re.compile(r"[A-Za-z_][\w.-]{0,40}")


def are_json_texts(lines: Sequence[RawRecord]) -> bool:
    """Whether two or more lines are texts as JSON, each in quotation marks, as `jq -c` writes them."""
    return len(lines) > 1 and all(map(_is_json_text, lines))


def refuse_unknown_table(lines: Sequence[RawRecord]) -> None:
    """Raises UnreadableInput if the lines are a table whose header names no known column.

    Its header and its rows, with their commas, would become prompts. A text with commas has spaces after them.
    """
    texts = [line.data.decode("utf-8", "replace") for line in lines]
    for delimiter in ",\t;":
        try:
            rows = list(csv.reader([f"{text}\n" for text in texts], delimiter=delimiter, strict=True))
        except csv.Error:
            continue
        header = [name.strip('"') for name in rows[0]] if rows else []
        cells = [cell for row in rows[1:] for cell in row[1:]]
        is_table = len(header) > 1 and len(rows) > 2 and all(len(row) == len(header) for row in rows)
        if is_table and all(map(_NAME.fullmatch, header)) and not any(cell.startswith(" ") for cell in cells):
            text = gettext_noop(
                "The file is a table with the columns %(names)s, and none is known to hold a prompt. Map one: "
                "prompt=COLUMN."
            )
            raise UnreadableInput(text, names=", ".join(header)[:200])


def _is_json_text(line: RawRecord) -> bool:
    if not line.data.startswith(b'"'):
        return False
    try:
        return isinstance(json.loads(line.data), str)
    except (ValueError, RecursionError):
        return False
