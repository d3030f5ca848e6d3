"""One short run of the engine: it trains on some pairs, is measured on held-out ones, and leaves nothing but that."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from common.storage import artifacts
from training.jobs.engine import engine_command, run_engine
from training.models import ModelVersion

SMALL = {"evaluate_every": 0, "patience": 0, "probe_prompts": 0, "kl_budget": 0.0, "checkpoint_every": 0}
"""No figure but the last one is needed, and a short run is started again rather than resumed."""


@dataclass(frozen=True, slots=True)
class ShortRun:
    """From where a short run starts, which is its reference too, with which settings, and its seed."""

    base: ModelVersion
    config: dict[str, Any]
    seed: int


def trained_shortly(
    run: ShortRun, data: Path, held_out: Path, out: Path, *, should_stop: Callable[[], bool]
) -> str | None:
    """Which held-out pairs came out right: 1, h (neither) or 0 for each. None: it was stopped. Raises EngineFailed.

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
    right = right_of(out / "margins.jsonl")
    shutil.rmtree(out)  # dozens of adapters would fill the disk
    return right


def right_of(margins: Path) -> str:
    """1 for each held-out pair with a margin above zero, h for one of exactly zero, else 0."""
    lines = (json.loads(line) for line in margins.read_text(encoding="utf-8").splitlines())
    held_out = [float(line["margin"]) for line in lines if line["split"] == "test"]
    return "".join("1" if margin > 0 else "h" if margin == 0 else "0" for margin in held_out)
