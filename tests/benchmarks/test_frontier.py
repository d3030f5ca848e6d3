"""The frontier's small world and its table."""

import random

import pytest

from benchmarks.frontier.__main__ import FULL, SMALL, prompts_of
from benchmarks.frontier.report import as_markdown, at_kl
from benchmarks.frontier.runs import Settings, all_runs
from benchmarks.frontier.world import gold, opening, rest, tokenizer


def test_the_gold_reward_is_the_sum_of_the_words_scores_halved() -> None:
    assert gold("i saw the superb film .", "the plot was superb and the acting was bad .") == pytest.approx(1.0)
    assert gold("", "the plot was long .") == 0.0


def test_the_tokenizer_knows_every_word_of_the_grammar_and_gives_the_text_back() -> None:
    words, chance = tokenizer(), random.Random(3)
    for _ in range(200):
        text = f"{opening(chance)} {rest(chance)}"
        ids = words(text)["input_ids"]
        assert words.unk_token_id not in ids
        assert words.decode(ids) == text


@pytest.mark.parametrize("size", [FULL, SMALL])
def test_held_out_prompts_are_no_training_prompts(size: Settings) -> None:
    prompts, held_out = prompts_of(size)
    assert len({*prompts, *held_out}) == size["prompts"] + size["held_out"]
    assert prompts_of(size) == (prompts, held_out)


def test_every_run_has_a_folder_of_its_own() -> None:
    names = [run.name for run in all_runs(FULL, 3)]
    assert len(set(names)) == len(names)
    assert all(name.replace("-", "").replace(".", "").isalnum() for name in names)


def test_frontiers_are_compared_at_the_same_kl() -> None:
    frontier = [(0.0, 1.0), (4.0, 3.0), (2.0, 2.5)]
    assert at_kl(frontier, 1.0) == pytest.approx(1.75)
    assert at_kl(frontier, 3.0) == pytest.approx(2.75)
    assert at_kl(frontier, 5.0) is None


def test_the_table_has_means_over_seeds_and_compares_with_dpo() -> None:
    points = [
        [{"method": "start", "setting": "", "gold": 0.0, "kl": 0.0}],
        *([{"method": "DPO", "setting": "beta=1", "seed": seed, "gold": 1.0 + seed, "kl": 2.0}] for seed in range(2)),
        [{"method": "PPO, gold", "setting": "beta=1", "gold": 1.0, "kl": 1.0, "held": 3}],
    ]
    table = as_markdown(points)
    assert "| DPO | beta=1 | 2.00 ± 0.00 | 1.50 ± 0.71 |" in table
    assert "- PPO, gold beta=1: +0.25 against DPO at the same KL" in table
