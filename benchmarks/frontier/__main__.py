"""Reward against exact KL: DPO, IPO, preferred fine-tuning, unlikelihood, best-of-n, RLOO and PPO, learned and gold.

    python -m benchmarks.frontier --out DIR             5.6 million parameters, three seeds
    python -m benchmarks.frontier --out DIR --small     0.2 million and fewer betas, for a busy machine
    python -m benchmarks.frontier --out DIR --report    what is there so far

A small language model learns reviews that a grammar writes. It writes four pairs of completions for each prompt; a
crowd prefers by Bradley-Terry, p = sigma(r1 - r2) with the gold reward r of ``world.py``, another crowd for each seed.
Every method learns from the same pairs, or from the reward model that learned from them, or (marked gold) from the gold
reward itself. Held-out prompts give the gold reward, the exact KL to the start, and wins against the start. The same
command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.frontier.looking import Place, best_of_n_points, figures
from benchmarks.frontier.report import as_markdown
from benchmarks.frontier.runs import (
    Files,
    Run,
    Settings,
    all_runs,
    carry_out,
    make_start,
    measured,
    reward_name,
    train_reward_model,
)
from benchmarks.frontier.world import opening, tokenizer
from training.engine.data.text import TextEncoder
from training.engine.methods.best_of_n import BestOfN, pair_record
from training.engine.methods.samples import Ids

RUN = {"dtype": "float32", "learning_rate": 2e-3, "final_margins": False, "lora_rank": 8, "lora_alpha": 16.0}
RLHF = {"prompts_per_step": 16, "samples_per_prompt": 4, "max_tokens": 32, "passes": 1, "whiten": True}
SHARED: Settings = {
    "betas": (0.05, 0.2, 1.0),
    "ipo_betas": (0.3, 1.0),
    "rl_betas": (0.05, 0.3),
    "reward": {"epochs": 3},
    "run": {**RUN, "pairs_per_step": 32, "epochs": 2},
}
FULL: Settings = {
    **SHARED,
    "model": {"width": 256, "layers": 7, "steps": 900},
    "prompts": 256,
    "held_out": 64,
    "rlhf": {**RLHF, "steps": 40, "learning_rate": 2e-3},
}
SMALL: Settings = {
    **SHARED,
    "ipo_betas": (0.3,),
    "rl_betas": (0.1,),
    "model": {"width": 64, "layers": 3, "steps": 500},
    "prompts": 384,
    "held_out": 32,
    "run": {**SHARED["run"], "threads": 1},
    "rlhf": {**RLHF, "steps": 40, "learning_rate": 5e-3},
}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of models, runs and figures; resumed")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--report", action="store_true", help="print the table of what is there, and measure nothing")
    options = parser.parse_args()
    points = options.out / "points"
    if not options.report:
        measure(options.out, SMALL if options.small else FULL, options.seeds)
    print(as_markdown([json.loads(path.read_text()) for path in sorted(points.glob("*.json"))]))


def measure(folder: Path, size: Settings, seeds: int) -> None:
    """Everything that is not there yet. Each result is a file of ``points``."""
    files, points = Files(folder), folder / "points"
    points.mkdir(parents=True, exist_ok=True)
    once(folder / "model.json", lambda: measured(make_start, files, size["model"]))
    prompts, held_out = prompts_of(size)
    files.prompts.write_text("".join(json.dumps({"prompt_ids": list(ids)}) + "\n" for ids in prompts))
    longest = size["rlhf"]["max_tokens"]
    everywhere = Place(files.model, prompts, longest)
    for seed in range(seeds):
        once(folder / f"pairs-{seed}.json", partial(draw_pairs, everywhere, files, seed))
        once(folder / f"reward-{seed}.json", partial(costs, reward_name(seed), files, train_reward_model, seed, size))
    place = Place(files.model, held_out, longest)
    start = place.samples(None, 32, seed=1000)
    few = BestOfN([row[:4] for row in start.samples], start.rewards[:, :4])
    reward_models = [files.reward_model(seed) for seed in range(seeds)]
    first = {"method": "start", "setting": "", "gold": float(start.rewards.mean()), "kl": 0.0, "win_rate": 0.5}
    once(points / "start.json", lambda: [first])
    once(points / "best-of-n.json", lambda: best_of_n_points(place, start, reward_models))
    for run in all_runs(size, seeds):
        once(points / f"{run.name}.json", partial(point_of, run, files, size, place, few))


def point_of(run: Run, files: Files, size: Settings, place: Place, start: BestOfN) -> list[dict[str, Any]]:
    """Train by one method, and look at what it does."""
    cost = costs(run.name, files, carry_out, run, size)
    print(f"{run.name}: {cost['seconds']} s", file=sys.stderr, flush=True)
    adapter, judge = files.folder / run.name / "adapter", files.reward_model(run.seed)
    found = figures(place, adapter, judge, start, seed=2000 + run.seed)
    return [{"method": run.method, "setting": run.setting, "seed": run.seed, **found, **cost, "held": run.held}]


def costs(name: str, files: Files, work: Callable[..., None], *arguments: Any) -> dict[str, float]:
    """Train in a fresh process, or finish what another one began; returns the cost of the whole run."""
    measured(work, files, *arguments)
    return files.cost(name)


def once(path: Path, make: Callable[[], Any]) -> None:
    """Write what ``make`` returns, unless the file is there."""
    if not path.exists():
        text = json.dumps(make())
        temporary = path.with_suffix(".tmp")
        temporary.write_text(text)
        temporary.replace(path)


def prompts_of(size: Settings) -> tuple[list[Ids], list[Ids]]:
    """Training prompts and held-out ones, all different."""
    words, chance = tokenizer(), random.Random(7)
    texts: dict[str, None] = {}
    while len(texts) < size["prompts"] + size["held_out"]:
        texts[opening(chance)] = None
    ids = [tuple(words(text)["input_ids"]) for text in texts]
    chance.shuffle(ids)
    return ids[: size["prompts"]], ids[size["prompts"] :]


def draw_pairs(place: Place, files: Files, seed: int) -> dict[str, Any]:
    """Eight completions of every prompt, in four pairs, each preferred with Bradley-Terry's probability."""
    encoder = TextEncoder.from_directory(place.model)
    found, chance, lines, right = place.samples(None, 8, seed=seed), random.Random(seed), [], 0
    for number, (samples, rewards) in enumerate(zip(found.samples, found.rewards, strict=True)):
        for one, two in ((0, 1), (2, 3), (4, 5), (6, 7)):
            if samples[one].completion_ids == samples[two].completion_ids:
                continue
            likely = 1.0 / (1.0 + math.exp(rewards[two] - rewards[one]))
            chosen, other = (one, two) if chance.random() < likely else (two, one)
            right += rewards[chosen] > rewards[other]
            lines.append(pair_record(f"{number}-{one}", samples[chosen], samples[other], encoder))
    files.pairs(seed).write_text("".join(json.dumps(line) + "\n" for line in lines))
    return {"pairs": len(lines), "right": right / len(lines), "reward_sd": float(np.std(found.rewards))}


if __name__ == "__main__":
    main()
