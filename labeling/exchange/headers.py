"""Whether a text begins with the header of a table, and which delimiter stands between its names."""

import csv
import re
from collections.abc import Collection

from labeling.exchange.twice_named import refuse_twice_named

COLUMNS = frozenset(
    {
        "prompt",
        "prompts",
        "chosen",
        "rejected",
        "instruction",
        "question",
        "messages",
        "conversations",
        "conversation",
        "query",
        "turns",
        "output_1",
        "response_a",
        "response_b",
        "response1",
        "response_1",
        "answer1",
        "completion",
        "conversation_a",
        "human_ref_A",
    }
)
"""Names of columns by which a header is recognised, in any case."""

CASED = {name.casefold(): name for name in COLUMNS}
_BESIDE: tuple[str, ...] = (
    "category",
    "tags",
    "id",
    "system",
    "system_prompt",
    "input",
    "context",
    "history",
    "preference",
    "winner",
)
_BESIDE += ("label", "annotator", "response_2", "response2", "answer2", "output_2", "conversation_b", "human_ref_B")
USUAL = CASED | {name.casefold(): name for name in _BESIDE}
ALONE = ("prompt", "question", "instruction", "query")
"""Names of columns of which one is enough for a header."""

SEPARATOR_LINE = re.compile(rb"(?:\xef\xbb\xbf)?sep=(.)\r?\n")
"""The line before the header by which Excel is told the delimiter."""

_HEADER_CELL = re.compile(r"[^\W\d][\w.:/()\[\]-]{0,60}(?: [\w.:/()\[\]-]{1,30}){0,2}")

_QUESTION_CELL = re.compile(r"[^\W\d][^\n,;|\t]{0,80}\?")
"""A name of a column that is a question: "Which is better?"."""


def delimiter_of(head: bytes, known: Collection[str] = COLUMNS, *, any_table: bool = False) -> str | None:
    """The delimiter of a table with a header; None: it is none.

    known: the names of columns, of which the header has one. any_table: without such a name, the second line with as
    many cells as the header is enough.
    """
    stated = SEPARATOR_LINE.match(head)
    lines = head[stated.end() if stated else 0 :].decode("utf-8-sig", "replace").lstrip("\r\n").splitlines()
    first = lines[0] if lines else ""
    if not first or first[0] in "{[<":
        return None
    for delimiter in (stated.group(1).decode("latin-1"),) if stated else ("\t", ",", ";", "|"):
        try:
            cells = next(csv.reader([first], delimiter=delimiter), [])
        except csv.Error:
            continue
        named = [cell.strip() for cell in cells]
        filled = [cell for cell in named if cell]
        if not filled or not _are_names(cells, known):
            continue
        if len(set(filled)) != len(filled):
            if _is_known(filled, known):
                refuse_twice_named(filled)
            continue
        if len(filled) < len(named) and not _is_known(filled, known):
            continue
        if len(named) == 1 and named[0].casefold() not in ALONE and named[0] not in known:
            continue
        if _is_known(named, known):
            return delimiter
        second = next(csv.reader(lines[1:2], delimiter=delimiter), []) if any_table else []
        is_header = len(named) > 2 or (len(named) == 2 and not any(" " in cell for cell in cells))
        if is_header and len(second) == len(named):
            return delimiter
    return None


def _are_names(cells: Collection[str], known: Collection[str]) -> bool:
    """Whether cells may be names of columns, or questions beside a known name. A text has spaces after its commas."""
    named = [cell.strip() for cell in cells if cell.strip()]
    others = [name for name in named if name not in known and not _HEADER_CELL.fullmatch(name)]
    if not others:
        return True
    is_spaced = any(cell.startswith(" ") for cell in cells)
    return not is_spaced and _is_known(named, known) and all(map(_QUESTION_CELL.fullmatch, others))


def _is_known(names: Collection[str], known: Collection[str]) -> bool:
    return any(name in known or name.casefold() in CASED for name in names)
