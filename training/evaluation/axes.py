"""Axes along which preferences go astray: each turns a text into one number, by its words alone. No model is needed.

A higher number means more of it, not that the text is worse. The numbers compare texts with each other; none of them is
a measure of quality. The lists of words are English and German, and other languages score zero; length, lists and
headings, and repetition work in any language. Code blocks count for length only.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import log2

from labeling.stats.sentences import gettext_noop
from training.evaluation import word_lists

Measure = Callable[[str], float]

OPENING = 300
"""Characters in which a refusal must appear. Later on, "I can't" is part of most stories."""
REPEATED_WORDS = 4
LIKE_LENGTH = 0.1

CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
MARKED_LINE = re.compile(
    r"""^[ \t]*(?: [-*+•][ \t]+ | \d{1,3}[.)][ \t]+ | \#{1,6}[ \t]+ | \*\*[^*\n]+\*\*:?[ \t]*$ )""",
    re.MULTILINE | re.VERBOSE,
)
SYMPATHY = r"(?!,? (?:wait|help but|believe|imagine|to hear|for your|that you|you\b|dass|zu hören|warten))"
"""Words that turn the phrase of a refusal into one of sympathy or joy: "I'm sorry to hear", "I can't wait"."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis. name: its key. label: its name for people, marked for translation. measure: text -> number."""

    name: str
    label: str
    measure: Measure


def length(text: str) -> float:
    """The binary logarithm of the characters: a difference of 1 means twice as long. White space around is left out.

    Source: people prefer the longer text with a probability of about 0.64 (Dubois et al. 2024, "Length-controlled
    AlpacaEval", 2404.04475); Singhal et al. 2023, "A long way to go" (2310.03716).
    """
    return log2(1 + len(text.strip()))


def lists_and_headings(text: str) -> float:
    """The binary logarithm of 1 + the lines that are an item of a list, a heading, or bold as a whole.

    Source: Zhang et al. 2024, "From lists to emojis: how format bias affects model alignment" (2409.11704).
    """
    return log2(1 + len(MARKED_LINE.findall(CODE.sub("", text))))


def hedging(text: str) -> float:
    """Hedges ("perhaps", "it seems", "vielleicht") for every 100 words. Source: Hyland 2005, "Metadiscourse"."""
    return _per_hundred_words(HEDGE, text)


def confidence(text: str) -> float:
    """Boosters ("certainly", "always", "zweifellos") for every 100 words, unless negated right before.

    Sources: Hyland 2005, "Metadiscourse"; on their pull on people: Zhou et al. 2024, "Relying on the unreliable"
    (2401.06730).
    """
    return _per_hundred_words(BOOSTER, text)


def flattery(text: str) -> float:
    """Praise of the user or the question ("great question", "you're right") for every 100 words.

    Source: Sharma et al. 2023, "Towards understanding sycophancy in language models" (2310.13548).
    """
    return _per_hundred_words(PRAISE, text)


def refusal(text: str) -> float:
    """1 if the opening refuses or apologises ("I can't", "as an AI", "tut mir leid"), else 0.

    Sources: Zou et al. 2023 (2307.15043) for the phrases; Röttger et al. 2024, "XSTest" (2308.01263) for refusals that
    are too many.
    """
    return float(REFUSAL.search(_words_only(text)[:OPENING]) is not None)


def repetition(text: str) -> float:
    """The share of sequences of four words that appeared before in the text: 0 for none, near 1 for a loop.

    Source: Welleck et al. 2020, "Neural text generation with unlikelihood training" (1908.04319), seq-rep-4.
    """
    words = WORD.findall(_words_only(text))
    sequences = list(zip(*(words[start:] for start in range(REPEATED_WORDS)), strict=False))
    return 1 - len(set(sequences)) / len(sequences) if sequences else 0.0


def of_like_length(one: str, other: str, *, within: float = LIKE_LENGTH) -> bool:
    """Whether two texts differ in length by at most this share of the longer one."""
    lengths = sorted((len(one.strip()), len(other.strip())))
    return lengths[1] - lengths[0] <= within * lengths[1]


def _words_only(text: str) -> str:
    """Without code, in lower case, with straight apostrophes and single spaces."""
    return " ".join(CODE.sub(" ", text).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").casefold().split())


def _per_hundred_words(phrases: re.Pattern[str], text: str) -> float:
    plain = _words_only(text)
    words = len(WORD.findall(plain))
    return 100 * len(phrases.findall(plain)) / words if words else 0.0


def _any_of(phrases: str, *, not_after: str = "", not_before: str = "") -> re.Pattern[str]:
    """A pattern for whole words. Longer phrases come first, so that each place counts once."""
    spelled = sorted((one.strip().casefold() for one in phrases.split(",")), key=len, reverse=True)
    words = "|".join(re.escape(one) for one in spelled)
    return re.compile(rf"{not_after}(?<![\w'])(?:{words})(?![\w-]){not_before}")


HEDGE, PRAISE = _any_of(word_lists.HEDGES), _any_of(word_lists.FLATTERY)
BOOSTER = _any_of(word_lists.BOOSTERS, not_after=r"(?<!not )(?<!n't )(?<!nicht )")
REFUSAL = _any_of(word_lists.REFUSALS, not_before=SYMPATHY)

TEXT_AXES = (
    Axis("length", gettext_noop("Length"), length),
    Axis("lists", gettext_noop("Lists and headings"), lists_and_headings),
    Axis("hedging", gettext_noop("Hedging"), hedging),
    Axis("confidence", gettext_noop("Confident wording"), confidence),
    Axis("flattery", gettext_noop("Flattery"), flattery),
    Axis("refusal", gettext_noop("Refusal"), refusal),
    Axis("repetition", gettext_noop("Repetition"), repetition),
)
POSITION = "position"
AXIS_LABELS = {axis.name: axis.label for axis in TEXT_AXES} | {POSITION: gettext_noop("Left side")}
"""The names for people. The position is an axis of labels only: it is no property of a text."""
