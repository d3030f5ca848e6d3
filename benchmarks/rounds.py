"""Rounds of the whole loop with a small language model: the schedule, the gate, a poisoned round, a rollback.

    python -m benchmarks.rounds --out rounds.jsonl                  three seeds, four rounds each
    python -m benchmarks.rounds --out rounds.jsonl --seeds 7 --rounds 2 --poison 0 --regret 0

Does what `manage.py rehearse` does with the real model, in a world that two cores can afford: a model of half a million
parameters learned reviews that a grammar writes (`benchmarks.frontier.world`). Simulated annotators prefer the kinder
review (the gold reward there) and err in one of twenty judgments. The schedule starts each run, the gate decides by the
figures and asks the annotators for votes. In the poisoned round a crowd that always errs judges first. After the last
round the lead rolls back, which pauses the schedule. A seed that OUT already holds is not run again. Prints a table of
each seed, and what does not hold of it; exit code 1 if something does not.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.frontier.world import gold, make_model, opening
from benchmarks.load.system import environment, new_database
from config.embedded.__main__ import with_services
from config.embedded.var import VarDirectory

MODEL = {"width": 96, "layers": 3, "steps": 800}
TEMPLATE = "{% for message in messages %}{{ message['content'] }} {% endfor %}"
"""The grammar's reviews have no roles: a completion goes on where its prompt ends."""
CONFIG = {"learning_rate": 1e-3, "pairs_per_step": 16, "epochs": 2, "beta": 0.3, "threads": 1}
PROMPTS = 1200
ERRORS = 0.05
KL_BUDGET = 0.25
"""Nats a token. The default, 0.1, is for language models: this one writes nothing but its grammar."""
WORKER = "--worker"


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="file of the reports, a line for each round")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--poison", type=int, default=2, help="the poisoned round; 0: none")
    parser.add_argument("--poisoned-labels", type=int, default=2000, help="how many pairs the crowd decides")
    parser.add_argument("--regret", type=int, default=4, help="the round after which the lead rolls back; 0: none")
    parser.add_argument(WORKER, action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(options)
        return 0
    if set(options.seeds) - set(read(options.out)):
        with_services(lambda: in_database(sys.argv[1:]), ephemeral=True)
    return report(read(options.out), options)


def in_database(arguments: list[str]) -> None:
    """Runs the seeds that are missing in an empty database."""
    url = new_database(os.environ["DATABASE_URL"], "rounds")
    env = environment({"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONWARNINGS": "ignore"})
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], env=env, check=True)
    subprocess.run([sys.executable, "-m", "benchmarks.rounds", *arguments, WORKER], env=env, check=True)


def work(options: argparse.Namespace) -> None:
    """Runs a rehearsal for each missing seed, and writes the report of every round."""
    import django

    django.setup()
    from django.utils import timezone

    from labeling.actions.prompts import PromptDraft
    from training.actions.versions import register_base_version
    from training.rehearsal import PreferenceRule, Rehearsal, RehearsalPlan
    from training.rehearsal.words import table

    def order(first: str, second: str) -> int:
        return int(2 * (gold("", second) - gold("", first)))

    rule = PreferenceRule("kinder", "Prefers the kinder review.", order, lambda text: gold("", text), "AFINN, halved")
    folder = model_folder()
    base = register_base_version(name="reviews", directory=folder, acting_user=None, now=timezone.now())
    for seed in sorted(set(options.seeds) - set(read(options.out))):
        plan = RehearsalPlan(
            rule,
            error_rates=(ERRORS,),
            rounds=options.rounds,
            seed=seed,
            max_tokens=40,
            pairs_per_prompt=3,
            held=0.25,
            least_pairs=50,
            allowed_fall=0.05,  # so many held-out pairs prove a fall of two points, which no text shows
            kl_budget=KL_BUDGET,
            only_new_labels=True,  # they are written by the version that is to improve, which learns most from them
            poison=options.poison or None,
            poisoned_labels=options.poisoned_labels,
            regret=options.regret or None,
            config=CONFIG,
        )
        chance = Random(seed)
        texts = list(dict.fromkeys(opening(chance) for _ in range(4 * PROMPTS)))[:PROMPTS]
        prompts = [PromptDraft([{"role": "user", "content": text}]) for text in texts]
        reports = []
        for each in Rehearsal(plan, base=base, prompts=prompts, say=lambda line: print(line, file=sys.stderr)).rounds():
            reports.append(each)
            print(f"{table(reports)}\n{each['gate']['reason']}", file=sys.stderr, flush=True)
        with options.out.open("a") as out:
            out.writelines(json.dumps(each) + "\n" for each in reports)


def model_folder() -> Path:
    """The small model, made on first use."""
    folder = VarDirectory.from_environment().path / "benchmarks" / "rounds" / "model"
    if not (folder / "config.json").exists():
        import torch

        torch.set_num_threads(1)  # so small a model is no faster with two
        print(f"The small model's loss: {make_model(folder, **MODEL):.3f} nats a token", file=sys.stderr)
        settings = folder / "tokenizer_config.json"
        settings.write_text(json.dumps(json.loads(settings.read_text()) | {"chat_template": TEMPLATE}))
    return folder


def read(path: Path) -> dict[int, list[dict[str, Any]]]:
    """The reports of the rounds by seed."""
    found: dict[int, list[dict[str, Any]]] = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        one = json.loads(line)
        found.setdefault(one["seed"], []).append(one)
    return found


def report(found: dict[int, list[dict[str, Any]]], options: argparse.Namespace) -> int:
    """Prints what was found of the seeds that were asked for; returns the exit code."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from training.rehearsal.words import table

    code = 0
    for seed in options.seeds:
        print(f"\nseed {seed}\n{table(found[seed])}")
        for fault in faults(found[seed], options):
            code = 1
            print(f"NOT AS IT SHOULD BE: {fault}")
    return code


def faults(rounds: list[dict[str, Any]], options: argparse.Namespace) -> Iterator[str]:
    """The sentences about the rounds of one seed that do not hold."""
    best = 0.5
    for one in rounds:
        number, promoted = one["round"], one["gate"]["promoted"]
        rate = one["win_rate"]["base"]["value"]
        if number == options.poison:
            if promoted:
                yield f"round {number} was poisoned and promoted"
            continue
        if not promoted:
            yield f"round {number} was held back: {one['gate']['reason']}"
        elif one["win_rate"]["base"]["low"] <= 0.5:
            yield f"round {number} was promoted, and its win rate over the base is not surely over 0.5"
        if rate < best:
            yield f"round {number}: its win rate over the base fell from {best:.3f} to {rate:.3f}"
        best = rate
        verbs = [event["verb"] for event in one["events"]]
        if number == options.regret and promoted and "retraining_rule.paused" not in verbs:
            yield f"round {number}: the rollback did not pause the schedule ({', '.join(verbs)})"


if __name__ == "__main__":
    sys.exit(main())
