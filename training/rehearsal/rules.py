"""The rules that simulated annotators judge by. Pure: two texts in, which one is better out.

A rule has to be simple enough for a small model to learn from a few hundred pairs, and never depends on the side.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

LIST_MARK = re.compile(r"^[ \t]*(?:[-*+•]|\d+[.)])[ \t]+\S", re.MULTILINE)
OTHER_MARKS = re.compile(r"\*\*|__|^#{1,6}\s|^\s*\||```", re.MULTILINE)


@dataclass(frozen=True)
class Rule:
    """What simulated annotators prefer: the text with the lower score; equal scores are a tie."""

    name: str
    sentence: str
    score: Callable[[str], tuple[float, ...]]

    def prefers(self, first: str, second: str) -> str:
        """ "first", "second" or "tie"."""
        left, right = self.score(first.strip()), self.score(second.strip())
        if left == right:
            return "tie"
        return "first" if left < right else "second"


def list_items(text: str) -> int:
    """How many lines of a text are items of a Markdown list."""
    return len(LIST_MARK.findall(text))


def _shorter(text: str) -> tuple[float, ...]:
    return (len(text),)


def _plain_paragraph(text: str) -> tuple[float, ...]:
    # First whether there is a list at all, then how much other markup there is, then the length as a last resort.
    return (float(list_items(text) > 0), float(len(OTHER_MARKS.findall(text))), len(text))


RULES = {
    rule.name: rule
    for rule in (
        Rule("shorter", "Prefers the text with fewer characters.", _shorter),
        Rule(
            "plain_paragraph",
            "Prefers a text without a Markdown list; among equals the one with less other markup, then the shorter.",
            _plain_paragraph,
        ),
    )
}
