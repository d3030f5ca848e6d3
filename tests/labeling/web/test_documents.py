"""Plain text as prompts: a document is told from a list."""

import pytest

from labeling.web.documents import reads_like_a_document


@pytest.mark.parametrize(
    ("name", "lines", "is_document"),
    [
        ("README.md", ["Why?"], True),
        ("notes.txt", ["# A heading"], True),
        ("table.txt", ["| a | b |"], True),
        ("prompts.txt", ["Why is it so?", "2 - 1 = ?"], False),
        ("prompts", [], False),
    ],
)
def test_names_and_markup_tell_a_document_from_a_list(name: str, lines: list[str], is_document: bool) -> None:
    assert reads_like_a_document(name, lines) is is_document
