"""The names of reference log-probabilities: everything that determines them counts, and nothing else."""

import dataclasses
from typing import Any

from tests.training.engine import tiny
from training.engine.learning.reference import cache_key, pairs_hash


def test_every_ingredient_counts() -> None:
    ingredients: dict[str, Any] = {"model": "a", "dtype": "b", "settings": {"seed": 1}}
    changed = [{**ingredients, "model": "x"}, {**ingredients, "settings": {"seed": 2}}, {"model": "a", "dtype": "b"}]
    assert len({cache_key(each) for each in [ingredients, *changed]}) == 4
    assert cache_key(ingredients) == cache_key(dict(reversed(ingredients.items())))


def test_every_token_counts_and_nothing_else_does() -> None:
    pairs = tiny.random_pairs(3)
    first = pairs[0]
    moved = dataclasses.replace(
        first, prompt_ids=first.prompt_ids + first.chosen_ids[:1], chosen_ids=first.chosen_ids[1:]
    )
    assert pairs_hash(pairs) != pairs_hash([moved, *pairs[1:]])
    assert pairs_hash(pairs) != pairs_hash(pairs[::-1])
    assert pairs_hash(pairs) == pairs_hash([dataclasses.replace(first, weight=9.0, confidence=0.5, id="x"), *pairs[1:]])
