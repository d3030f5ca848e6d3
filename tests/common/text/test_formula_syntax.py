"""Formulas are found where people write them, and prices are not formulas."""

import pytest

from common.text.rendering import render_markdown
from tests.common.text.mathml import mathml
from tests.common.text.page import Page


@pytest.mark.parametrize(
    "text",
    [
        "$x^2$",
        "so $x^2$, and",
        "\\(x^2\\)",
        "\\( x^2 \\)",
        "$$x^2$$",
        "\\[\nx^2\n\\]",
        "- one\n  \\[ x^2 \\]",
        "> $$\n> x^2\n> $$",
        "| a |\n|-|\n| $x^2$ |",
        "**$x^2$**",
        "\\begin{equation}\nx^2\n\\end{equation}",
    ],
)
def test_formulas_become_mathml_wherever_they_stand(text: str) -> None:
    assert mathml(text) == "<msup><mi>x</mi><mn>2</mn></msup>"


def test_a_formula_on_lines_of_its_own_is_set_as_one_and_is_not_taken_for_a_list() -> None:
    page = render_markdown("Here:\n\\[\na\n- b\n= c\n\\]\nand on.")
    assert page.count('<math display="block">') == 1
    assert "<ul>" not in page
    assert Page(page).text.split() == ["Here:", "a−b=c", "and", "on."]


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10.",
        "$5-$10 each",
        "US$5/US$6",
        "from $20,000 to $50,000",
        "$HOME/$USER",
        "5$ or 6$",
        "a $ b $ c",
        "He paid $5 to win. Then he bet 3$ more",
        "| $10.99 | $14.99 |",
        "\\$x\\$",
        "`$x$`",
        "```\n$x$ \\[y\\]\n```",
        "see \\[1\\](https://example.org)",
    ],
)
def test_money_code_and_escaped_signs_are_no_formulas(text: str) -> None:
    assert "<math" not in render_markdown(text)
