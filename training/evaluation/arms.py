"""The arms of a trial: ways to choose which comparisons people judge next.

Literature disagrees about whether any of them beats chance for preferences (arXiv 2603.09692 against 2604.02766), so a
campaign measures it: `arm_worth`.

Chance keeps a part of the comparisons to itself: those on held-out prompts, and its share of the others by a hash. The
arms choose among the rest. So the held-out pairs stay a fair sample of what the campaign could ask, whatever the arms
do, and so do the pairs that chance chose to train on.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RANDOM, NOVELTY = "random", "novelty"
BY_MARGIN, BY_TWO_MARGINS, BY_TEXT = ("uncertainty", "gap"), ("disagreement",), (NOVELTY,)
ARMS = (*BY_MARGIN, *BY_TWO_MARGINS, *BY_TEXT)
"""Beside chance. The first two need the implicit rewards of a trained version, the third those of two."""
LEAST_RANDOM = 0.2


FEATURES = 1024
LONGEST_TEXT = 4000
"""Characters of a comparison that count for its novelty."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A comparison that nobody was given. lot: from 0 to 1, by its hash. text: of the prompt and both completions.

    margin: the implicit reward of a less that of b, by the serving version; before: by the version before it; None: not
    known.
    """

    key: int
    lot: float
    is_held_out: bool
    text: str
    margin: float | None = None
    before: float | None = None


def choose(
    candidates: Sequence[Candidate],
    shares: Mapping[str, float],
    count: int,
    *,
    held_out: float,
    known: Sequence[str],
    generator: np.random.Generator,
) -> list[tuple[int, str]]:
    """Up to so many comparisons, each with the arm that chose it, in random order.

    shares: of each arm in what is chosen to train on; the rest is chance's. held_out: the share of prompts that is held
    out. known: texts of comparisons that people judged. An arm that misses its margins leaves its places to chance, and
    its part of the comparisons too: else chance would find no more of its own, and nobody would take the others.
    """
    held = [one for one in candidates if one.is_held_out]
    shares = _able(shares, [one for one in candidates if not one.is_held_out])
    random_share = 1.0 - sum(shares.values())
    own = [one for one in candidates if not one.is_held_out and one.lot < random_share]
    free = [one for one in candidates if not one.is_held_out and one.lot >= random_share]
    places = _places({RANDOM: random_share, **shares}, (1.0 - held_out) * count, generator)
    chosen: list[tuple[int, str]] = []
    for arm in generator.permutation(sorted(shares)):
        picked = _pick(str(arm), free, places[arm], known)
        chosen += [(one.key, str(arm)) for one in picked]
        taken = {one.key for one in picked}
        free = [one for one in free if one.key not in taken]
    for pool, size in ((own, places[RANDOM]), (held, round(held_out * count))):
        drawn = generator.permutation(len(pool))[:size]
        chosen += [(pool[int(number)].key, RANDOM) for number in drawn]
    return [chosen[int(number)] for number in generator.permutation(len(chosen))]


def lot_of(pair_hash: str) -> float:
    """The lot of a comparison, from 0 to 1. Other digits than those that decide its overlap."""
    return int(pair_hash[8:16], 16) / 2**32


def _places(shares: Mapping[str, float], total: float, generator: np.random.Generator) -> dict[str, int]:
    """Whole places for each arm, right on average: each rounds at one common random number ("systematic sampling")."""
    start, upto, found = float(generator.random()), 0.0, dict[str, int]()
    for arm, share in shares.items():
        before, upto = upto, upto + share * total
        found[arm] = int(np.floor(upto + start) - np.floor(before + start))
    return found


def _able(shares: Mapping[str, float], pool: Sequence[Candidate]) -> dict[str, float]:
    """The arms that can judge something of what chance leaves them, with their shares."""
    able = dict(shares)
    while True:
        free = [one for one in pool if one.lot >= 1.0 - sum(able.values())]
        # The base model itself prefers nothing: all its margins are zero.
        unable = [arm for arm in able if arm not in BY_TEXT and not any(one.margin for one in _rated(arm, free))]
        if not unable:
            return able
        able = {arm: share for arm, share in able.items() if arm not in unable}


def _pick(arm: str, pool: Sequence[Candidate], count: int, known: Sequence[str]) -> list[Candidate]:
    """The pool's best by an arm."""
    if arm in BY_TEXT:
        return [pool[place] for place in farthest([one.text for one in pool], known, count)]
    return sorted(_rated(arm, pool), key=_SCORES[arm], reverse=True)[:count]


def _rated(arm: str, pool: Sequence[Candidate]) -> list[Candidate]:
    """Those with the margins that an arm needs."""
    return [one for one in pool if one.margin is not None and (arm in BY_MARGIN or one.before is not None)]


_SCORES: Mapping[str, Callable[[Candidate], float]] = {
    "uncertainty": lambda one: -abs(one.margin or 0.0),
    "gap": lambda one: abs(one.margin or 0.0),
    # The more they contradict each other: large margins of opposite signs.
    "disagreement": lambda one: -(one.margin or 0.0) * (one.before or 0.0),
}


def farthest(texts: Sequence[str], known: Sequence[str], count: int) -> list[int]:
    """The places of the texts farthest from all known ones, one after another, each counted as known from then on.

    Gonzalez 1985, "Clustering to minimize the maximum intercluster distance"; Sener and Savarese 2018 take it for
    active learning ("core-set"). The nearness of two texts is the cosine of their hashed words and pairs of words.
    """
    if not texts:
        return []
    features = hashed(texts)
    nearness = (features @ hashed(known).T).max(axis=1) if known else np.zeros(len(texts))
    found: list[int] = []
    for _time in range(min(count, len(texts))):
        place = int(np.argmin(nearness))
        found.append(place)
        nearness = np.maximum(nearness, features @ features[place])
        nearness[found] = np.inf
    return found


def hashed(texts: Sequence[str]) -> Floats:
    """Words and pairs of words, hashed into unit vectors; shape (texts, FEATURES). Weinberger et al. 2009."""
    rows = np.zeros((len(texts), FEATURES))
    for row, text in zip(rows, texts, strict=True):
        words = re.findall(r"\w+", text[:LONGEST_TEXT].casefold())
        for term in (*words, *map(" ".join, pairwise(words))):
            number = crc32(term.encode())
            row[number % FEATURES] += 1.0 if number & 0x80000000 else -1.0
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)
