"""The rules that simulated annotators judge by. Pure: two texts in, which one is better out.

A rule has to be simple enough for a small model to learn from a few hundred pairs, and never depends on the side.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

LIST_MARK = re.compile(r"^[ \t]*(?:[-*+•]|\d+[.)])[ \t]+\S", re.MULTILINE)
OTHER_MARKS = re.compile(r"\*\*|__|^#{1,6}\s|^\s*\||```", re.MULTILINE)


# Lengths that differ by this share of the longer or less are called equal, as a person would: where both texts were cut
# at the token limit, what is left of the difference says nothing (docs/experiments.md).
JUST_NOTICEABLE = 0.1


@dataclass(frozen=True)
class Rule:
    """What simulated annotators prefer."""

    name: str
    sentence: str
    # Below zero: the first text is better; above: the second; zero: neither.
    compare: Callable[[str, str], int]

    def prefers(self, first: str, second: str) -> str:
        """ "first", "second" or "tie"."""
        order = self.compare(first.strip(), second.strip())
        return "tie" if order == 0 else "first" if order < 0 else "second"


def list_items(text: str) -> int:
    """How many lines of a text are items of a Markdown list."""
    return len(LIST_MARK.findall(text))


def _shorter(first: str, second: str) -> int:
    difference = len(first) - len(second)
    return 0 if abs(difference) <= JUST_NOTICEABLE * max(len(first), len(second)) else difference


def _plain_paragraph(first: str, second: str) -> int:
    # First whether there is a list at all, then how much other markup there is, then the length as a last resort.
    lists = bool(list_items(first)) - bool(list_items(second))
    marks = len(OTHER_MARKS.findall(first)) - len(OTHER_MARKS.findall(second))
    return lists or marks or _shorter(first, second)


RULES = {
    rule.name: rule
    for rule in (
        Rule(
            "shorter",
            "Prefers the text with fewer characters; a difference of a tenth or less is a tie.",
            _shorter,
        ),
        Rule(
            "plain_paragraph",
            "Prefers a text without a Markdown list; among equals the one with less other markup, then the shorter.",
            _plain_paragraph,
        ),
    )
}
