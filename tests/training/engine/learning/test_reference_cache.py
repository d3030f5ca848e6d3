"""Reference log-probabilities that runs share: looked up where they are the same, computed where they might not be."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.training.engine import tiny, workshop
from tests.training.engine.workshop import Events
from training.engine import versions
from training.engine.config import RunConfig
from training.engine.learning import reference
from training.engine.learning.reference import cache_key, reference_ingredients
from training.engine.learning.reference_cache import ReferenceCache
from training.engine.measuring.scoring import score_rows
from training.engine.model.forward import SequentialForward

PAIRS = tiny.random_pairs(4)
VALUES = np.arange(8.0).reshape(4, 2)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    workshop.write_pairs(tmp_path / "test.jsonl", 5, first=100)
    return workshop.write_pairs(tmp_path / "train.jsonl", 11)


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pairs each pass of the reference scored."""
    counted: list[int] = []

    def counting(policy: Any, pairs: Any, rows: Any, *more: Any) -> Any:
        counted.append(len(pairs))
        return score_rows(policy, pairs, rows, *more)

    monkeypatch.setattr(reference, "score_rows", counting)
    return counted


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.safetensors"))


def test_a_completion_is_known_by_its_tokens_and_its_prompts_alone(tmp_path: Path) -> None:
    ReferenceCache(tmp_path, "scope").add(PAIRS, VALUES)
    cache = ReferenceCache(tmp_path, "scope")
    assert np.array_equal(cache.find(PAIRS[::-1]), VALUES[::-1])
    crossed = [tiny.pair([*PAIRS[0].prompt_ids], [*PAIRS[0].rejected_ids], [9, 9])]
    assert np.array_equal(cache.find(crossed), [[VALUES[0, 1], np.nan]], equal_nan=True)
    first = PAIRS[0]
    moved = dataclasses.replace(
        first, prompt_ids=first.prompt_ids + first.chosen_ids[:1], chosen_ids=first.chosen_ids[1:]
    )
    assert np.isnan(cache.find([moved])[0, 0])
    assert np.isnan(ReferenceCache(tmp_path, "other").find(PAIRS)).all()


def test_what_is_known_is_not_written_again_and_what_is_new_is_added(tmp_path: Path) -> None:
    cache = ReferenceCache(tmp_path, "scope")
    cache.add(PAIRS[:2], VALUES[:2])
    cache.add(PAIRS[:2], VALUES[:2] + 1)
    assert len(files(tmp_path)) == 1
    cache.add(PAIRS, VALUES)
    assert len(files(tmp_path)) == 2
    assert np.array_equal(ReferenceCache(tmp_path, "scope").find(PAIRS), VALUES)


def test_a_hole_is_refused_and_a_torn_or_altered_file_is_a_miss(tmp_path: Path) -> None:
    cache = ReferenceCache(tmp_path, "scope")
    with pytest.raises(ValueError, match="is missing"):
        cache.add(PAIRS, np.where(VALUES == 3, np.nan, VALUES))
    assert not files(tmp_path)
    cache.add(PAIRS, VALUES)
    (path,) = files(tmp_path)
    whole = path.read_bytes()
    for damaged in (b"", whole[:9], whole[: len(whole) // 2], whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1])):
        path.write_bytes(damaged)
        assert np.isnan(ReferenceCache(tmp_path, "scope").find(PAIRS)).all()
    path.write_bytes(whole)
    assert np.array_equal(ReferenceCache(tmp_path, "scope").find(PAIRS), VALUES)


def test_changing_any_ingredient_is_a_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    built = tiny.model()
    config = RunConfig(lora_rank=4, target_modules=tiny.SHAPE.target_modules)
    inputs = {"model_sha256": "m", "adapter_sha256": None}
    base = tiny.policy_of(built, dtype=torch.float32)
    keys = {
        "": cache_key(reference_ingredients(base, config, inputs)),
        "model": cache_key(reference_ingredients(base, config, {**inputs, "model_sha256": "n"})),
        "adapter": cache_key(reference_ingredients(base, config, {**inputs, "adapter_sha256": "a"})),
        "dtype": cache_key(reference_ingredients(tiny.policy_of(built), config, inputs)),
        "sharing": cache_key(reference_ingredients(base, dataclasses.replace(config, share_prefix=False), inputs)),
        "rank": cache_key(reference_ingredients(base, dataclasses.replace(config, lora_rank=5), inputs)),
    }
    alone = tiny.policy_of(built, dtype=torch.float32)
    alone.forward = SequentialForward(alone.model, alone.head)
    keys["attention"] = cache_key(reference_ingredients(alone, config, inputs))
    torch.set_num_threads(2)
    keys["threads"] = cache_key(reference_ingredients(base, config, inputs))
    torch.set_num_threads(1)
    for library in versions.library_versions():
        changed = {**versions.library_versions(), library: "another"}
        monkeypatch.setattr(reference, "library_versions", lambda changed=changed: changed)
        keys[library] = cache_key(reference_ingredients(base, config, inputs))
    assert len(set(keys.values())) == len(keys) == 12


def test_as_labels_grow_only_new_pairs_are_scored_and_the_first_rewards_are_still_exactly_zero(
    model_folder: Path, data: Path, tmp_path: Path, passes: list[int]
) -> None:
    cache = tmp_path / "cache"
    workshop.run(model_folder, data, tmp_path / "first", reference_cache=cache)
    assert passes == [11, 5]
    workshop.write_pairs(data, 17)  # the eleven of before, and six more
    passes.clear()
    events = Events()
    workshop.run(model_folder, data, tmp_path / "grown", events, reference_cache=cache)
    # The first step's four pairs, new ones that are not among them, the first held-out row.
    step_one, new, tested = passes
    assert (step_one, tested) == (4, 5)
    assert 2 <= new <= 6
    first = events.of("progress")[0]
    assert (first["margin"], first["chosen_logratio"], first["rejected_logratio"]) == (0.0, 0.0, 0.0)
    workshop.run(model_folder, data, tmp_path / "plain")
    cached, computed = (load_file(tmp_path / name / "reference.safetensors") for name in ("grown", "plain"))
    for split in ("train", "test"):
        torch.testing.assert_close(cached[split], computed[split], atol=1e-4, rtol=0)


def test_another_learning_rate_on_the_same_pairs_finds_them_all(
    model_folder: Path, data: Path, tmp_path: Path, passes: list[int]
) -> None:
    for number, rate in enumerate((1e-3, 2e-3)):
        workshop.run(
            model_folder, data, tmp_path / str(number), reference_cache=tmp_path / "cache", learning_rate=rate, epochs=1
        )
    assert passes == [11, 5, 4, 5]


def test_a_cache_that_differs_by_more_than_rounding_is_not_used(
    model_folder: Path, data: Path, tmp_path: Path, passes: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    workshop.run(model_folder, data, tmp_path / "first", reference_cache=cache, epochs=1)
    find = ReferenceCache.find
    monkeypatch.setattr(ReferenceCache, "find", lambda self, pairs: find(self, pairs) + 0.01)
    passes.clear()
    workshop.run(model_folder, data, tmp_path / "again", reference_cache=cache, epochs=1)
    assert passes == [4, 11, 5, 5]
    names = ("reference.safetensors", "adapter/adapter_model.safetensors")
    assert all((tmp_path / "again" / name).read_bytes() == (tmp_path / "first" / name).read_bytes() for name in names)
