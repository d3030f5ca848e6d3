"""Formulas become safe MathML, or are shown as they were written."""

import pytest

from common.text.formulas import FORMULA_LIMIT
from common.text.rendering import MOST_FORMULAS, render_markdown
from tests.common.text.mathml import mathml
from tests.common.text.page import assert_harmless


@pytest.mark.parametrize(
    "latex",
    [
        r"x^",
        r"\left( x",
        r"\newcommand{\a}{aa}\a",
        r"\def\a{b}",
        r"\phantom{hidden}",
        r"\hspace{-100em} x",
        "{" * 300 + "}" * 300,
        "x" * (FORMULA_LIMIT + 1),
    ],
)
def test_what_cannot_be_a_formula_or_would_hide_something_is_shown_as_it_was_written(latex: str) -> None:
    page = assert_harmless(render_markdown(f"\\({latex}\\)"))
    assert page.text.strip() == f"\\({latex}\\)"


def test_a_percent_sign_hides_nothing() -> None:
    page = assert_harmless(render_markdown(r"\(20% and 5\% are 25%\)"))
    assert page.text.count("%") == 3


def test_formulas_keep_neither_addresses_nor_styles_nor_markup() -> None:
    text = (
        r"$\href{javascript:alert(1)}{a} \style{position:fixed}{b} \class{topbar}{c} \text{<script>alert(1)</script>}$"
    )
    page = assert_harmless(render_markdown(text))
    assert "javascript" not in render_markdown(text)
    assert page.text.strip().endswith("<script>alert(1)</script>")


def test_more_formulas_than_anybody_writes_are_shown_as_they_were_written() -> None:
    page = render_markdown("$x$ " * (MOST_FORMULAS + 3))
    assert (page.count("<math"), page.count("formula-source")) == (MOST_FORMULAS, 3)


def test_matrices_cases_and_aligned_lines_are_tables_of_formulas() -> None:
    for environment in ("pmatrix", "cases", "aligned", "align*", "array"):
        columns = "{cc}" if environment == "array" else ""
        made = mathml(rf"\[\begin{{{environment}}}{columns} a & b \\ c & d \end{{{environment}}}\]")
        assert (made.count("<mtr>"), made.count("<mtd")) == (2, 4), environment
