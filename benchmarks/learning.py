"""Held-out reward accuracy of the engine on real preferences with SmolLM2-135M, with its 95 % interval.

    python -m benchmarks.learning hh                        DPO on 600 pairs of Anthropic HH; tested on unseen prompts
    python -m benchmarks.learning alpacaeval                the same on AlpacaEval's annotations
    python -m benchmarks.learning sweep                     learning rates x betas x epochs, on HH
    python -m benchmarks.learning soft-labels --seeds 5     confidence from a crowd's votes against their hard majority

Each part prints one JSON object per run and a table at the end. `--pairs`, `--tested`, `--longest` make a part smaller,
`--set field=value` changes the engine's settings, `--model DIR` takes another model. Runs of one command share their
reference log-probabilities. Takes minutes (hh) to hours (sweep) on two cores.
"""

import argparse
import gzip
import itertools
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from config.embedded.var import VarDirectory
from labeling.exchange import ImportedComparison, read_comparisons
from labeling.stats import EmSettings, VoteTable, dawid_skene
from training.generation import prepare_model

PROJECT = Path(__file__).resolve().parent.parent
DATA = PROJECT.parent / "shared" / "data"
FILES = {"hh": "hh-harmless-dev.jsonl.gz", "alpacaeval": "alpacaeval-annotations-dev.json.gz"}
LONGEST = {"hh": 2500, "alpacaeval": 6000}
RATES, BETAS, EPOCHS = (1e-4, 2e-4, 5e-4, 1e-3), (0.05, 0.1, 0.3), (1, 2, 3)
FIGURES = ("loss", "reward_accuracy", "reward_accuracy_low", "reward_accuracy_high", "pairs", "displacement")
Record = dict[str, Any]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


class NoData(RuntimeError):
    """A file of preferences is missing beside this checkout; the message names it."""


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="?", choices=list(PARTS), default="hh")
    parser.add_argument("--source", choices=list(FILES), default="hh", help="of sweep and soft-labels")
    parser.add_argument(
        "--rule",
        choices=["people", "shorter"],
        default="people",
        help="the better text: the one that the file's annotators chose, or one by a rule that few pairs teach",
    )
    parser.add_argument("--pairs", type=int, default=600, help="to learn from")
    parser.add_argument("--tested", type=int, default=300, help="held out, of prompts that are not learned from")
    parser.add_argument(
        "--longest", type=int, help="characters of prompt and both sides (default: 2,500 of HH, 6,000 of AlpacaEval)"
    )
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument(
        "--votes", type=int, default=5, help="soft-labels: simulated votes for each pair, an odd number"
    )
    parser.add_argument(
        "--crowd",
        type=float,
        nargs="+",
        default=[0.05] * 2 + [0.5] * 8,
        metavar="ERROR",
        help="soft-labels: how often each annotator errs (default: two of ten are careful, the others click at random)",
    )
    parser.add_argument(
        "--confidence",
        choices=["dawid-skene", "share"],
        default="dawid-skene",
        help="soft-labels: a pair's confidence: the posterior from each annotator's votes, or the majority's share",
    )
    parser.add_argument("--rates", type=float, nargs="+", default=RATES, help="sweep: learning rates")
    parser.add_argument("--betas", type=float, nargs="+", default=BETAS, help="sweep: betas")
    parser.add_argument("--epochs", type=int, nargs="+", default=EPOCHS, help="sweep: epochs")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--set", action="append", default=[], dest="settings", metavar="FIELD=VALUE")
    options = parser.parse_args()
    options.model = options.model or prepare_model(
        VarDirectory.from_environment().path / "models" / "smollm2-135m-instruct"
    )
    with tempfile.TemporaryDirectory(prefix="learning-") as folder:
        print(PARTS[options.part](options, Path(folder)))


def hh(options: argparse.Namespace, folder: Path) -> str:
    """One run per seed on Anthropic HH."""
    return _by_seed("hh", options, folder)


def alpacaeval(options: argparse.Namespace, folder: Path) -> str:
    """One run per seed on AlpacaEval."""
    return _by_seed("alpacaeval", options, folder)


def _by_seed(source: str, options: argparse.Namespace, folder: Path) -> str:
    learned, tested = split(source, options)
    rows = [run(folder, f"{source}-{seed}", learned, tested, options, {"seed": seed}) for seed in range(options.seeds)]
    return table(rows)


def sweep(options: argparse.Namespace, folder: Path) -> str:
    """Every combination of learning rate, beta and epochs."""
    learned, tested = split(options.source, options)
    rows = [
        run(folder, f"{rate:g} {beta:g} {epochs}", learned, tested, options, settings)
        for rate, beta, epochs in itertools.product(options.rates, options.betas, options.epochs)
        for settings in [{"learning_rate": rate, "beta": beta, "epochs": epochs}]
    ]
    return table(sorted(rows, key=lambda row: row["loss"]))


def soft_labels(options: argparse.Namespace, folder: Path) -> str:
    """For each seed a crowd votes on the pairs to learn from. One run uses confidences from those votes, another is
    certain of their majority; both see the same order and are tested on the true labels."""
    learned, tested = split(options.source, options)
    rows, differences = [], []
    for seed in range(options.seeds):
        soft, hard = voted(learned, options, seed)
        pair = [
            run(folder, f"{name}-{seed}", labels, tested, options, {"seed": seed, "final_margins": "false"})
            for name, labels in (("soft", soft), ("hard", hard))
        ]
        rows += pair
        differences.append(pair[0]["reward_accuracy"] - pair[1]["reward_accuracy"])
    return f"{table(rows)}\n\nsoft less hard: {in_words(differences)}"


def in_words(differences: list[float]) -> str:
    """Mean and standard error of paired differences."""
    mean = f"{statistics.fmean(differences):+.4f}"
    if len(differences) < 2:
        return f"{mean} (one seed: no interval)"
    error = statistics.stdev(differences) / math.sqrt(len(differences))
    above = sum(difference > 0 for difference in differences)
    return f"{mean}, standard error {error:.4f}, {above} of {len(differences)} seeds above zero"


def voted(records: list[Record], options: argparse.Namespace, seed: int) -> tuple[list[Record], list[Record]]:
    """The same pairs as a crowd labels them, twice: with confidences from its votes, and with its majority as certain.
    Votes come from annotators drawn for each pair."""
    chance = np.random.default_rng(seed)
    count, errors = len(records), np.array(options.crowd)
    who = np.stack([chance.permutation(len(errors))[: options.votes] for _ in records])
    right = chance.random((count, options.votes)) >= errors[who]
    share = right.mean(axis=1)
    soft = share if options.confidence == "share" else posterior_of_right(who, right, len(errors))
    return (
        [labelled(record, float(p)) for record, p in zip(records, soft, strict=True)],
        [labelled(record, float(p > 0.5)) for record, p in zip(records, share, strict=True)],
    )


def posterior_of_right(who: Ints, right: Bools, annotators: int) -> Floats:
    """P(the true side is better | all votes) for each pair, by Dawid-Skene. Shapes (pairs, votes); returns (pairs,).
    As on the platform chance decides which side is called a, so that no choice is more frequent than the other."""
    pairs, votes = who.shape
    truth = np.arange(pairs) % 2
    said = np.where(right, truth[:, None], 1 - truth[:, None])
    items = np.repeat(np.arange(pairs), votes)
    table = VoteTable(items, who.ravel(), said.ravel(), n_choices=2, n_items=pairs, n_annotators=annotators)
    found = dawid_skene(table, EmSettings(mirror=(1, 0)))
    return np.asarray(found.posteriors[np.arange(pairs), truth])


def labelled(record: Record, p: float) -> Record:
    """With the side that is more probably better as chosen; p is that of the true one."""
    sides = (record["chosen"], record["rejected"]) if p >= 0.5 else (record["rejected"], record["chosen"])
    return {**record, "chosen": sides[0], "rejected": sides[1], "confidence": max(p, 1 - p)}


def split(source: str, options: argparse.Namespace) -> tuple[list[Record], list[Record]]:
    """Pairs to learn from and held-out ones, of other prompts; the same for every seed. Raises NoData."""
    by_prompt: dict[str, list[Record]] = {}
    longest = options.longest or LONGEST[source]
    for record in records_of(source):
        length = sum(len(message["content"]) for message in record["prompt"])
        if length + len(record["chosen"]) + len(record["rejected"]) > longest:
            continue
        if options.rule == "shorter":
            record["chosen"], record["rejected"] = sorted((record["chosen"], record["rejected"]), key=len)
        if len(record["chosen"]) < len(record["rejected"]) or options.rule == "people":
            by_prompt.setdefault(json.dumps(record["prompt"]), []).append(record)
    prompts = sorted(by_prompt)
    random.Random(0).shuffle(prompts)
    learned: list[Record] = []
    tested: list[Record] = []
    for prompt in prompts:
        if len(tested) < options.tested:
            tested += by_prompt[prompt]
        elif len(learned) < options.pairs:
            learned += by_prompt[prompt]
    return learned[: options.pairs], tested[: options.tested]


def records_of(source: str) -> Iterator[Record]:
    """The preferences of a file as the engine's records; ties are left out. Raises NoData."""
    path = DATA / FILES[source]
    if not path.exists():
        raise NoData(f"{path.name} is not in {path.parent}")
    with gzip.open(path) as stream:
        for number, one in enumerate(read_comparisons(stream)):
            if not isinstance(one, ImportedComparison) or one.preference not in ("first", "second"):
                continue
            sides = (one.first.text, one.second.text)
            chosen, rejected = sides if one.preference == "first" else sides[::-1]
            prompt = [dict(message) for message in one.prompt]
            yield {"id": f"{source}-{number}", "prompt": prompt, "chosen": chosen, "rejected": rejected}


def run(
    folder: Path, name: str, learned: list[Record], tested: list[Record], options: argparse.Namespace, settings: Record
) -> Record:
    """One training in a process of its own; its held-out figures."""
    place = folder / name.replace(" ", "-")
    place.mkdir()
    for file, records in (("train.jsonl", learned), ("test.jsonl", tested)):
        (place / file).write_text("".join(json.dumps(record) + "\n" for record in records))
    command = [sys.executable, "-m", "training.engine", "train", "--model", str(options.model), "--data", str(place)]
    command += ["--out", str(place / "out"), "--reference-cache", str(folder / "reference")]
    assignments = [f"{key}={value}" for key, value in settings.items()] + options.settings
    command += [part for assignment in assignments for part in ("--set", assignment)]
    began = time.monotonic()
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"the engine ended with code {done.returncode}: {done.stderr[-2000:]}")
    meta = json.loads((place / "out" / "meta.json").read_text())
    figures = {key: meta["test"][key] for key in FIGURES}
    row = {
        "run": name,
        **figures,
        "learned": meta["pairs"]["train"],
        "best_step": meta["best_step"],
        "seconds": round(time.monotonic() - began, 1),
    }
    print(json.dumps(row), flush=True)
    return row


def table(rows: list[Record]) -> str:
    """As Markdown."""
    lines = ["| run | pairs | held-out loss | held-out reward accuracy | seconds |", "|---|---|---|---|---|"]
    for row in rows:
        interval = f"[{row['reward_accuracy_low']:.3f}, {row['reward_accuracy_high']:.3f}] on {row['pairs']}"
        accuracy = f"{row['reward_accuracy']:.3f} {interval}"
        lines.append(f"| {row['run']} | {row['learned']} | {row['loss']:.4f} | {accuracy} | {row['seconds']} |")
    return "\n".join(lines)


PARTS = {"hh": hh, "alpacaeval": alpacaeval, "sweep": sweep, "soft-labels": soft_labels}


if __name__ == "__main__":
    main()
