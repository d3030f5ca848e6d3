"""Formulas as MathML."""

import re

from common.text.rendering import render_markdown
from tests.common.text.page import assert_harmless


def mathml(text: str) -> str:
    """The formulas in a text, without their outermost row."""
    page = render_markdown(text)
    assert_harmless(page)
    return " ".join(re.findall(r"<math[^>]*><mrow>(.*?)</mrow></math>", page))
