"""Highlighting colours code and never changes it."""

import pytest

from common.text.highlighting import highlighted
from common.text.rendering import render_markdown
from tests.common.text.page import Page


@pytest.mark.parametrize("code", ["a\tb\r\n  c  \n\n\n", "\n\n x", "'unclosed", "def f(:\n\x0b", "é\u2028b"])
def test_colouring_never_changes_the_code(code: str) -> None:
    text = Page(highlighted(code, "python")).text
    assert text == code


def test_code_in_no_language_or_an_unknown_one_or_very_long_has_one_colour() -> None:
    for text in ("```\nif x\n```", "```klingon\nif x\n```", "```python\n" + "if x\n" * 3000 + "```"):
        assert "hl-" not in render_markdown(text)
