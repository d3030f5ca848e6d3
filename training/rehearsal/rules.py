"""The rules by which simulated annotators judge: pure functions of two texts.

A rule is simple enough for a small model to learn from a few hundred pairs, and never depends on the side.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

LIST_MARK = re.compile(r"^[ \t]*(?:[-*+•]|\d+[.)])[ \t]+\S", re.MULTILINE)
OTHER_MARKS = re.compile(r"\*\*|__|^#{1,6}\s|^\s*\||```", re.MULTILINE)


# Lengths count as equal if they differ by at most this share of the longer one, as a person would see it. If both texts
# were cut at the token limit, the remaining difference means nothing (docs/experiments.md).
JUST_NOTICEABLE = 0.1


@dataclass(frozen=True)
class PreferenceRule:
    """A preference of simulated annotators. compare: below zero, the first text is better; above, the second."""

    name: str
    sentence: str
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
    # First whether there is a list, then how much other markup there is, then the length.
    lists = bool(list_items(first)) - bool(list_items(second))
    marks = len(OTHER_MARKS.findall(first)) - len(OTHER_MARKS.findall(second))
    return lists or marks or _shorter(first, second)


def _plain_sentences(first: str, second: str) -> int:
    return first.count(",") - second.count(",")


PREFERENCE_RULES = {
    rule.name: rule
    for rule in (
        PreferenceRule(
            "shorter",
            "Prefers the text with fewer characters; a difference of a tenth or less is a tie.",
            _shorter,
        ),
        PreferenceRule(
            "plain_paragraph",
            "Prefers a text without a Markdown list; among equals the one with less other markup, then the shorter.",
            _plain_paragraph,
        ),
        PreferenceRule(
            "plain_sentences",
            "Prefers plain sentences: the text with fewer commas.",
            _plain_sentences,
        ),
    )
}
