"""The cache of reference log-probabilities: anything changed is a miss, anything missing is a miss."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from tests.training.engine import tiny
from training.engine.learning.reference import cache_key, load_reference, pairs_hash, save_reference

VALUES = np.arange(6.0).reshape(3, 2)


def test_what_was_saved_is_loaded_to_the_last_bit(tmp_path: Path) -> None:
    save_reference(tmp_path / "r", "key", train=VALUES, test=VALUES[:0])
    loaded = load_reference(tmp_path / "r", "key", train=3, test=0)
    assert loaded is not None
    assert np.array_equal(loaded["train"], VALUES)
    assert loaded["test"].shape == (0, 2)


def test_another_key_another_length_and_another_split_are_misses(tmp_path: Path) -> None:
    save_reference(tmp_path / "r", "key", train=VALUES)
    assert load_reference(tmp_path / "r", "other", train=3) is None
    assert load_reference(tmp_path / "r", "key", train=2) is None
    assert load_reference(tmp_path / "r", "key", train=3, test=0) is None
    assert load_reference(tmp_path / "absent", "key", train=3) is None


def test_a_torn_file_and_a_hole_are_misses(tmp_path: Path) -> None:
    holed = VALUES.copy()
    holed[1, 1] = np.nan
    save_reference(tmp_path / "holed", "key", train=holed)
    assert load_reference(tmp_path / "holed", "key", train=3) is None
    save_reference(tmp_path / "r", "key", train=VALUES)
    whole = (tmp_path / "r").read_bytes()
    for length in (0, 4, len(whole) // 2, len(whole) - 1):
        (tmp_path / "r").write_bytes(whole[:length])
        assert load_reference(tmp_path / "r", "key", train=3) is None


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
