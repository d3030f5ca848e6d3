"""Which of an annotator's answers is the preference between two texts: by the name of its question and its form.

One annotation may say which text is better, which is worse, and which is the more fluent one. Labeling tools write all
of these alike; only the question's name tells them apart.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from labeling.exchange.preference_words import OUTCOMES
from labeling.exchange.records import Preference

WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[^\W\d_a-zA-Z]+")


@lru_cache(4096)
def _words(name: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in WORD.findall(name))


TIED = ("tie", "both_bad")
"""The choices that our labeling interface has beside its Pairwise tag."""

NEITHER = "neither"
"""The name of its tag with these choices."""

USUAL = (*OUTCOMES, "pw", "pairwise", "pref", "verdict", "vote", "preference_label")
"""Usual names of a question for the preferred text."""

BETTER = _words(
    "prefer prefers preferred preferable preference preferences better best winner winning wins win chosen choice "
    "choose selected select picked pick comparison compare pairwise pw favorite favourite overall"
)
BESIDE = _words(
    "which what is are the a an of one do does you your i we final human user annotator gold model models response "
    "responses answer answers completion completions output outputs text texts option options reply candidate side or "
    "and question between two"
)
"""Words of a question for the preferred text: one of the former, and no others than the latter. "Better grammar" is
about something else."""

WORSE = re.compile(
    r"(?:wors|reject|dislik|disprefer|unprefer|nonprefer|inferior|harm(?!less)|toxic|unsafe|hallucinat|incorrect|wrong|"
    r"offens|bias).*|los(?:e|er|es|ing)|bad|badly|least|less|poorer|weaker|not|non"
)
"""Words of a question for the other text."""

STRENGTHS = _words("strength much degree margin intensity magnitude extent")
"""Words of a question for the size of a preference."""

OTHER_CHOICES = ("choices_apart",)
"""The warning of a record with a choice that names a side, and may say anything about it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that names a side or a tie. question: its name.

    is_pairwise: its form compares both texts, as an order or a scale between them does. A label may say anything.
    """

    question: Any
    choice: Preference
    is_pairwise: bool = False


def preferred(answers: Sequence[Answer]) -> Answer | None:
    """The answer that is the preference. None: no question asks for it, or several do, and the answers differ.

    A question for the preferred text goes before any other comparison, and one for the worse text is never it.
    """
    named = [one for one in answers if asks_for_better(one.question, one.choice)]
    exact = [one for one in named if str(one.question).casefold() == USUAL[0]]
    found = exact or named or [one for one in answers if one.is_pairwise and not asks_for_worse(one.question)]
    return found[0] if len({one.choice for one in found}) == 1 else None


def preferred_order(orders: Mapping[str, Any]) -> str:
    """The question whose order of more than two texts is the preference, as in `preferred`. Empty: none is."""
    found = [name for name in orders if asks_for_better(name)] or [name for name in orders if not asks_for_worse(name)]
    return found[0] if found and all(orders[name] == orders[found[0]] for name in found) else ""


def asks_for_better(name: Any, choice: Preference | None = None) -> bool:
    """Whether a question of this name asks which text is preferred. choice: its answer, if it is known."""
    return _asks_for_better(str(name)) or (choice in TIED and str(name).casefold() == NEITHER)


def asks_for_worse(name: Any) -> bool:
    """Whether a question of this name asks for the text that is not preferred."""
    return _asks_for_worse(str(name))


def asks_how_much(name: Any) -> bool:
    """Whether a question of this name asks how strong the preference is."""
    return not _words(str(name)).isdisjoint(STRENGTHS)


@lru_cache(4096)
def _asks_for_better(name: str) -> bool:
    words = _words(name)
    return name.casefold() in USUAL or (not words.isdisjoint(BETTER) and words <= BETTER | BESIDE)


@lru_cache(4096)
def _asks_for_worse(name: str) -> bool:
    return any(map(WORSE.fullmatch, _words(name)))
