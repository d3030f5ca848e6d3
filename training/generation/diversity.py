"""How much two texts differ, and so whether comparing them is worthwhile. Texts in, numbers out."""

import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise

NEARLY_THE_SAME = 0.9
"""Texts at least this similar are not worth a person's time: they differ in a word of twenty."""

_WORD = re.compile(r"\w+|[^\w\s]", re.UNICODE)


@lru_cache(maxsize=16)  # each measure of a pair needs them
def word_sequence(text: str) -> tuple[str, ...]:
    """The words and punctuation marks of a text in lower case, without spacing and a full stop at the end."""
    return tuple(_WORD.findall(text.casefold().rstrip(" \t\r\n.!…")))


def similarity(first: str, second: str) -> float:
    """How much two texts share, from 0 (nothing) to 1 (the same words in the same order).

    Dice's coefficient over the multisets of word pairs, the text's borders being words: 2 |A & B| / (|A| + |B|). Order
    counts, length counts, and it takes time linear in the length, unlike an edit distance.
    """
    one, other = (Counter(pairwise(["", *word_sequence(text), ""])) for text in (first, second))
    return 2 * (one & other).total() / (one.total() + other.total())


def distinct_pairs(first: str, second: str) -> float:
    """Distinct word pairs over all word pairs of both texts (distinct-2): low where they repeat each other or
    themselves. 1 for texts of one word."""
    both = [*pairwise(word_sequence(first)), *pairwise(word_sequence(second))]
    return len(set(both)) / len(both) if both else 1.0
