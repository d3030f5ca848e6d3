"""One short run of the engine: it trains on some pairs, is measured on held-out ones, and leaves nothing but that."""

import itertools
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from common.storage import artifacts
from labeling.exchange import TEST, folded_hash, read_pairs
from training.jobs.engine import engine_command, run_engine
from training.models import ModelVersion

MOST_HELD_OUT = 1000
"""Held-out pairs that are used: with so many, an accuracy is known to 2.6 points."""
FEWEST_PROMPTS = 2
"""Of the held-out pairs: one prompt tells nothing about others."""

SMALL = {"evaluate_every": 0, "patience": 0, "probe_prompts": 0, "kl_budget": 0.0, "checkpoint_every": 0}
"""No figure but the last one is needed, and a short run is started again rather than resumed."""


@dataclass(frozen=True, slots=True)
class ShortRun:
    """From where a short run starts, which is its reference too, with which settings, and its seed."""

    base: ModelVersion
    config: dict[str, Any]
    seed: int


@dataclass(frozen=True, slots=True)
class Measured:
    """The held-out pairs of a short run. right: 1, h (neither) or 0 for each. prompts: the number of each one's prompt,
    from 0; pairs of one prompt are not independent."""

    right: str
    prompts: list[int]


def trained_shortly(
    run: ShortRun, data: Path, held_out: Path, out: Path, *, should_stop: Callable[[], bool]
) -> Measured | None:
    """Which held-out pairs came out right. None: it was stopped. Raises EngineFailed.

    out: a folder for its files, which are removed again.
    """
    artifacts.fetch(Path(run.base.base_dir))  # a copy that nothing used for hours may have made room for others
    config = out.with_suffix(".json")
    config.write_text(json.dumps({**run.config, **SMALL, "final_margins": True, "seed": run.seed}))
    command = engine_command("train", run.base)
    command += ["--data", str(data), "--eval", str(held_out), "--out", str(out), "--config", str(config)]
    if settings.TRAINING_GPUS and "processes" not in run.config:
        command += ["--set", f"processes={settings.TRAINING_GPUS}"]
    command += ["--reference-cache", str(settings.VAR_DIR / "reference")]
    if should_stop() or not run_engine(command, should_stop=should_stop):
        return None
    measured = _measured(out / "margins.jsonl", held_out)
    shutil.rmtree(out)  # dozens of adapters would fill the disk
    return measured


def write_held_out(snapshot: Path, path: Path) -> int:
    """Writes the first held-out pairs of a snapshot's folder, MOST_HELD_OUT at most; returns on how many prompts."""
    with (snapshot / TEST).open("rb") as file:
        path.write_bytes(b"".join(itertools.islice(file, MOST_HELD_OUT)))
    return len(set(_prompts(path).values()))


def _measured(margins: Path, held_out: Path) -> Measured:
    lines = (json.loads(line) for line in margins.read_text(encoding="utf-8").splitlines())
    # The engine leaves pairs out that are too long, so they are found by their names.
    rows = [(str(line["id"]), float(line["margin"])) for line in lines if line["split"] == "test"]
    prompts, numbers = _prompts(held_out), dict[str, int]()
    return Measured(
        "".join("1" if margin > 0 else "h" if margin == 0 else "0" for _id, margin in rows),
        [numbers.setdefault(prompts[pair], len(numbers)) for pair, _margin in rows],
    )


def _prompts(held_out: Path) -> dict[str, str]:
    """The prompt of each pair, as a hash, by the name of the pair."""
    return {pair.id: folded_hash(pair.prompt) for pair in read_pairs(held_out.parent, held_out.name)}
