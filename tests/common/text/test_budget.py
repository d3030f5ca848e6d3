"""A budget of processor time: texts after it are shown as they are, with nothing lost."""

from math import inf

from common.text.budget import budget, seconds_left
from common.text.highlighting import highlighted
from common.text.rendering import render_markdown, render_plain

CODE = "x = [" + "'a', " * 900 + "]"
SLOW = "\n".join(f"```python\n{CODE}\n```" for _ in range(3))


def test_without_a_budget_there_is_no_end() -> None:
    assert seconds_left() == inf


def test_a_text_after_the_budget_is_shown_as_it_is() -> None:
    with budget(0):
        assert render_markdown("**a**") == render_plain("**a**")
        assert highlighted("x = 1", "python") == "x = 1"
    assert "<strong>" in render_markdown("**a**")


def test_a_budget_within_another_never_lasts_longer() -> None:
    with budget(0):
        with budget(100):
            assert seconds_left() <= 0
        assert seconds_left() <= 0
    with budget(100):
        with budget(0):
            assert seconds_left() <= 0
        assert seconds_left() > 0


def test_a_slow_text_that_was_cut_short_is_not_remembered_so() -> None:
    with budget(0):
        render_markdown(SLOW)
    assert "hl-" in render_markdown(SLOW)
