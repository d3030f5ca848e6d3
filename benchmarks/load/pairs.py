"""Synthetic pairs from a word list, the same for every system and every run."""

import random
from collections.abc import Iterator
from typing import Any

WORDS = (
    "answer because before bread bridge careful change city clear cold country day early evening every example few "
    "first food forest friend garden glass good green hand heavy hour house idea island kitchen language large late "
    "letter light little long market minute morning mountain music name never number often open paper people place "
    "plain question quiet rain reason river road school sea second short simple small sometimes story street strong "
    "summer table thing think time today together train tree under until use useful village walk warm water way week "
    "well white why window winter wood word work write year young"
)
CHOICES = tuple(WORDS.split())


def pairs(count: int, *, seed: int = 0) -> Iterator[dict[str, Any]]:
    """`count` records with a prompt of about 30 words and two completions of 40 to 200 words."""
    chance = random.Random(seed)
    for number in range(count):
        prompt = f"Question {number}: {_text(chance, 30)}?"
        yield {
            "id": f"pair-{number}",
            "prompt": prompt,
            "first": _text(chance, chance.randint(40, 200)),
            "second": _text(chance, chance.randint(40, 200)),
        }


def _text(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(CHOICES, k=words)).capitalize() + "."
