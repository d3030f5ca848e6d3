"""Plain text as prompts: every line is one, which is wrong for a document. One check for all pages that take files."""

import re
from collections.abc import Iterable
from pathlib import PurePath

TEXT = "text"
"""The format of a file that is no JSON, as its prompts name it."""

DOCUMENTS = {".md", ".rst", ".html", ".htm", ".csv", ".tsv", ".xml", ".yaml", ".yml", ".py", ".log", ".tex"}
MARKUP = re.compile(r"\s*(#{1,6} |```|[-*+] |\||>|</?[a-z!]|\[?!\[|---)")
"""A line of text that starts like this belongs to a document."""


def reads_like_a_document(file_name: str, lines: Iterable[str]) -> bool:
    """Whether a text file looks like a document or a table. lines: its first ones."""
    return PurePath(file_name).suffix.lower() in DOCUMENTS or any(MARKUP.match(line) for line in lines)
