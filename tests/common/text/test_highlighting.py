"""Highlighting colours code and never changes it."""

from time import thread_time

import pytest

from common.text.highlighting import CODE_LIMIT, highlighted
from common.text.rendering import render_markdown
from tests.common.text.page import Page


@pytest.mark.parametrize("code", ["a\tb\r\n  c  \n\n\n", "\n\n x", "'unclosed", "def f(:\n\x0b", "é\u2028b"])
def test_colouring_never_changes_the_code(code: str) -> None:
    text = Page(highlighted(code, "python")).text
    assert text == code


def test_code_in_no_language_or_an_unknown_one_or_very_long_has_one_colour() -> None:
    for text in ("```\nif x\n```", "```klingon\nif x\n```", "```python\n" + "if x\n" * 3000 + "```"):
        assert "hl-" not in render_markdown(text)


@pytest.mark.parametrize(("language", "piece"), [("c#", "a \n"), ("c", "\n"), ("cpp", "\n"), ("c++", "\n")])
def test_a_block_that_a_lexer_does_not_get_through_is_shown_without_colours(language: str, piece: str) -> None:
    code = (piece * CODE_LIMIT)[: CODE_LIMIT - 1]
    started = thread_time()
    shown = highlighted(code, language)
    assert thread_time() - started < 5  # Pygments needs seconds, and the limit is a tenth of one
    assert Page(shown).text == code


def test_many_such_blocks_in_one_text_share_the_time() -> None:
    block = "```c#\n" + ("a \n" * 12_000)[:5_000] + "\n```\n"
    started = thread_time()
    render_markdown(block * 9 + "```python\nif x\n```")
    assert thread_time() - started < 5
