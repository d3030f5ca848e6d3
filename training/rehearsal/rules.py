"""The rules by which simulated annotators judge: pure functions of two texts, and a grade of each text.

The grade is the gold reward: people know only which of two texts is better, a rehearsal knows how good each is. A rule
is simple enough for a small model to learn from a few hundred pairs, and never depends on the side.
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
    """A preference of simulated annotators. compare: below zero, the first text is better; above, the second.

    graded: the gold reward of one text, more is better; unit: what it counts.
    """

    name: str
    sentence: str
    compare: Callable[[str, str], int]
    graded: Callable[[str], float]
    unit: str

    def prefers(self, first: str, second: str) -> str:
        """ "first", "second" or "tie"."""
        order = self.compare(first.strip(), second.strip())
        return "tie" if order == 0 else "first" if order < 0 else "second"

    def grade(self, text: str) -> float:
        """The gold reward of a text. It never speaks against `prefers`, which may call a small difference a tie."""
        return self.graded(text.strip())


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


def _length_grade(text: str) -> float:
    return -len(text) / 100


def _paragraph_grade(text: str) -> float:
    # In the order of `_plain_paragraph`: each part stays below the smallest step of the one before it.
    marks, length = len(OTHER_MARKS.findall(text)), len(text)
    return -2.0 * bool(list_items(text)) - marks / (1 + marks) - length / (1 + length) / ((1 + marks) * (2 + marks))


def _sentences_grade(text: str) -> float:
    return -float(text.count(","))


PREFERENCE_RULES = {
    rule.name: rule
    for rule in (
        PreferenceRule(
            "shorter",
            "Prefers the text with fewer characters; a difference of a tenth or less is a tie.",
            _shorter,
            _length_grade,
            "hundreds of characters, negative",
        ),
        PreferenceRule(
            "plain_paragraph",
            "Prefers a text without a Markdown list; among equals the one with less other markup, then the shorter.",
            _plain_paragraph,
            _paragraph_grade,
            "lists and markup, negative",
        ),
        PreferenceRule(
            "plain_sentences",
            "Prefers plain sentences: the text with fewer commas.",
            _plain_sentences,
            _sentences_grade,
            "commas, negative",
        ),
    )
}
