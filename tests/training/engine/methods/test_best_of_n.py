"""Best-of-n against every way to draw n samples, its KL against the exact one, and its pairs."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.engine.workshop import lines
from training.engine.cli import main
from training.engine.data.records import read_token_pairs
from training.engine.data.text import TextEncoder
from training.engine.methods.best_of_n import BELOW, WORST, BestOfN, best_of, kl_of_best, pair_of
from training.engine.methods.samples import Sample


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=7), st.integers(1, 7))
def test_the_expected_best_is_the_mean_over_every_way_to_draw(drawn: list[int], count: int) -> None:
    count = min(count, len(drawn))
    ways = [max(way) for way in itertools.combinations(drawn, count)]
    assert best_of(np.array(drawn, dtype=float), count) == pytest.approx(np.mean(ways), abs=1e-12)


def test_samples_can_be_chosen_by_one_reward_and_judged_by_another() -> None:
    proxy, gold = np.array([1.0, 2.0, 2.0]), np.array([9.0, 1.0, 5.0])
    ways = [np.mean(gold[[0]]), np.mean(gold[[1, 2]])]
    assert best_of(proxy, 3, gold) == pytest.approx(ways[1])
    assert best_of(proxy, 1, gold) == pytest.approx(5.0)
    assert best_of(proxy, 2, gold) == pytest.approx((1.0 + 5.0 + 3.0) / 3)


@pytest.mark.parametrize("count", [1, 2, 4, 16])
def test_the_kl_is_that_of_the_best_of_n_uniform_draws(count: int) -> None:
    """The best of n draws from m equally likely samples has the k-th lowest with ``(k/m)^n - ((k-1)/m)^n``."""
    of_best = np.diff((np.arange(20_001) / 20_000) ** count)
    exact = float((of_best * np.log(np.maximum(of_best, 1e-300) * 20_000)).sum())
    assert kl_of_best(count) == pytest.approx(exact, abs=1e-3)


def test_the_rejected_sample_is_the_worst_or_the_one_at_two_deviations_below_the_mean() -> None:
    rewards = np.array([0.0, 0.1, -0.1, 3.0, -9.0, 0.0, -4.6, 0.0])
    assert rewards.mean() - 2 * rewards.std() == pytest.approx(-8.294, abs=1e-3)
    assert pair_of(rewards, WORST) == (3, 4)
    assert pair_of(rewards, BELOW) == (3, 4)
    many = np.array([*np.linspace(-1, 1, 40), -8.0])
    assert pair_of(many, WORST) == (39, 40)
    assert many[pair_of(many, BELOW)[1]] == -1.0


def test_equal_samples_make_no_pair(encoder: TextEncoder) -> None:
    one, two = Sample((1,), (2,)), Sample((1,), (3,))
    found = BestOfN([[one, one], [one, two], [one, two]], np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 2.0]]))
    pairs = found.pairs("abc", WORST, encoder)
    assert [(pair["id"], pair["chosen_ids"], pair["rejected_ids"]) for pair in pairs] == [("c", [3], [2])]


def test_the_command_writes_the_best_and_pairs(
    model_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    prompts, out, pairs = (tmp_path / name for name in ("prompts.jsonl", "best.jsonl", "pairs.jsonl"))
    prompts.write_text('{"prompt": "Hello", "id": "greeting"}\n{"prompt": "Why"}\n')
    arguments = ["best-of-n", "--model", model_folder, "--data", prompts, "--out", out, "--pairs", pairs]
    reward = ["--reward", "tests.training.engine.methods.test_rlhf:length", "--rejected", "below"]
    settings = ["samples_per_prompt=6", "max_tokens=5", "dtype=float32", "device=cpu", "threads=1"]
    assert main([*map(str, arguments), *reward, *(f"--set={each}" for each in settings)]) == 0
    said = json.loads(capfd.readouterr().out)
    assert [point["n"] for point in said["curve"]] == [1, 2, 4, 6]
    rewards = [point["reward"] for point in said["curve"]]
    assert rewards == sorted(rewards)
    best = lines(out)
    assert [each["id"] for each in best] == ["greeting", "line-2"]
    assert rewards[-1] == pytest.approx(math.fsum(each["reward"] for each in best) / 2)
    assert said["pairs"] == len(lines(pairs))
    read = read_token_pairs(pairs, TextEncoder.from_directory(model_folder), max_length=100)
    assert [list(each.chosen_ids) for each in read.pairs] == [each["chosen_ids"] for each in lines(pairs)]
    assert read.pairs
    for pair in lines(pairs):
        [own] = [each for each in best if each["id"] == pair["id"]]
        assert (pair["prompt_ids"], pair["chosen_ids"]) == (own["prompt_ids"], own["completion_ids"])
        assert pair["rejected_ids"] != pair["chosen_ids"]
