"""The frontier's small world and its table."""

import json
import random
from pathlib import Path

import pytest

from benchmarks.frontier.__main__ import FULL, SMALL, draw_pairs, prompts_of
from benchmarks.frontier.looking import Place, figures
from benchmarks.frontier.report import as_markdown, at_kl
from benchmarks.frontier.runs import Files, Peak, Run, Settings, all_runs, carry_out, train_reward_model
from benchmarks.frontier.world import gold, make_model, opening, rest, tokenizer


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


def test_a_policy_of_pairs_and_one_of_a_learned_reward_become_points_with_the_cost_of_all_attempts(
    tmp_path: Path,
) -> None:
    files = Files(tmp_path)
    make_model(files.model, width=32, layers=1, steps=2)
    size: Settings = {
        **SMALL,
        "prompts": 4,
        "held_out": 2,
        "run": {**SMALL["run"], "pairs_per_step": 8, "epochs": 1, "device": "cpu"},
        "reward": {},
        "rlhf": {**SMALL["rlhf"], "steps": 2, "prompts_per_step": 2, "samples_per_prompt": 2, "max_tokens": 8},
    }
    prompts, held_out = prompts_of(size)
    files.prompts.write_text("".join(json.dumps({"prompt_ids": list(ids)}) + "\n" for ids in prompts))
    draw_pairs(Place(files.model, prompts, 8), files, 0)
    train_reward_model(files, 0, size)
    place = Place(files.model, held_out, 8)
    start = place.samples(None, 2, seed=1)
    learned = {"algorithm": "ppo", "beta": 0.05, **size["rlhf"]}
    for run in (Run("DPO", "beta=0.05", 0, {"beta": 0.05}), Run("PPO, learned", "beta=0.05", 0, learned, "learned", 3)):
        carry_out(files, run, size)
        point = figures(place, tmp_path / run.name / "adapter", files.reward_model(0), start, seed=2)
        assert point["kl"] > 0
        assert 0 <= point["win_rate"] <= 1
        cost = files.cost(run.name)
        meta = json.loads((tmp_path / run.name / "meta.json").read_text())
        assert cost["seconds"] == round(meta["seconds"], 1)
        carry_out(files, run, size)  # finds it finished, and adds nothing
        assert files.cost(run.name) == cost


def test_an_attempt_that_is_stopped_leaves_its_memory_at_its_last_checkpoint(tmp_path: Path) -> None:
    peak = Peak(tmp_path / "run.peak.json")
    peak.before -= 1000
    peak.hear({"event": "progress"})
    assert not peak.path.exists()
    peak.hear({"event": "checkpoint"})
    again = Peak(peak.path)
    again.keep()
    assert json.loads(peak.path.read_text())["mib"] == again.most >= 1000


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
