"""The points of a run at which gradients are taken: its start, the checkpoints that are left, and its end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from training.engine.config import RunConfig
from training.engine.data.schedule import Schedule
from training.engine.errors import InputError
from training.engine.measuring.scoring import SideLogProbs
from training.language_models.folders import file_hash

START = "start"


@dataclass(frozen=True)
class Point:
    """The adapter after a step. ``rate``: the sum of the learning rates of the steps that this point stands for: those
    since the point before. ``folder``: None for the start of a run that began with a new adapter."""

    step: int
    folder: Path | None
    rate: float

    @property
    def name(self) -> str:
        """For people and files."""
        return f"step {self.step}" if self.step else START


@dataclass(frozen=True)
class RunRecord:
    """The record that a finished run left in its folder."""

    folder: Path
    settings: dict[str, Any]
    inputs: dict[str, Any]
    last_step: int

    @classmethod
    def read(cls, folder: Path) -> RunRecord:
        """Raises InputError for a folder that is not one of a finished run."""
        try:
            settings, inputs, meta = (
                json.loads((folder / name).read_bytes()) for name in ("config.json", "inputs.json", "meta.json")
            )
        except FileNotFoundError as error:
            raise InputError(
                f"{folder} is not the folder of a finished run: it has no {Path(error.filename).name}"
            ) from error
        except ValueError as error:
            raise InputError(f"{folder} is damaged: {error}") from error
        return cls(folder, settings, inputs, int(meta.get("best_step", meta["steps"])))

    def check_data(self, train: Path) -> None:
        """Raises InputError where the run learned from other pairs."""
        if self.inputs["train_sha256"] != file_hash(train):
            raise InputError(f"the run in {self.folder} did not learn from {train}: give it the file it learned from")

    def adapters(self) -> dict[int, Path]:
        """The adapters that are on disk, by their step; none is later than the one the run ended with."""
        found = {
            int(path.name.removeprefix("step-")): path
            for kind in ("checkpoints", "best")
            for path in sorted((self.folder / kind).glob("step-*"))
            if not path.suffix
        }
        return {step: path for step, path in found.items() if step < self.last_step} | {
            self.last_step: self.folder / "adapter"
        }

    def reference(self, splits: Mapping[str, tuple[Path | None, int]]) -> dict[str, SideLogProbs]:
        """The reference log-probabilities of the splits (a file and how many usable pairs it has) that the run read,
        (pairs, 2) each; without those of which it has none."""
        read = {
            name for name, (path, _) in splits.items() if path and self.inputs.get(f"{name}_sha256") == file_hash(path)
        }
        try:
            with safe_open(self.folder / "reference.safetensors", framework="pt") as stream:
                values = {name: stream.get_tensor(name).numpy() for name in read & set(stream.keys())}
        except (OSError, SafetensorError):
            return {}
        return {
            name: each
            for name, each in values.items()
            if each.shape == (splits[name][1], 2) and np.isfinite(each).all()
        }


def points_of(
    run: RunRecord | None, adapter: Path | None, start: Path | None, config: RunConfig, *, pairs: int, most: int
) -> list[Point]:
    """At most ``most`` points, in order: the start of the run, then its end, then checkpoints evenly between.

    Without a run and an adapter there is the start alone; of an adapter without its run there are two.
    """
    adapters: dict[int, Path | None] = {0: start}
    adapters |= {} if run is None else run.adapters()
    end = 1 if run is None else run.last_step
    if adapter is not None:
        adapters[end] = adapter
    end = max(adapters)
    between = sorted(step for step in adapters if 0 < step < end)
    kept = [0, end][:most]
    if most > 2 and between:
        places = np.linspace(0, len(between) - 1, min(most - 2, len(between))).round().astype(int)
        kept += [between[place] for place in places]
    steps = sorted(set(kept))
    rates = _rates(steps, config, pairs) if run is not None else [config.learning_rate] * len(steps)
    return [Point(step, adapters[step], rate) for step, rate in zip(steps, rates, strict=True)]


def _rates(steps: Sequence[int], config: RunConfig, pairs: int) -> list[float]:
    """For each step the sum of the learning rates of the steps nearest to it; a lone point stands for all."""
    schedule = Schedule(config, pairs)
    taken = np.arange(1, max(steps[-1], 1) + 1)
    nearest = np.abs(taken[:, None] - np.array(steps)[None, :]).argmin(axis=1)
    rates = np.array([schedule.learning_rate(int(step)) for step in taken])
    return [float(rates[nearest == place].sum()) for place in range(len(steps))]
