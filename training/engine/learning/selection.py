"""The choice of the weights that a run ends with, and of the moment to stop early.

The held-out loss decides: training accuracy does not show over-optimisation, which often starts before the first epoch
is over (arXiv 2406.02900).
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.engine.events import log
from training.engine.model.parallel import ALONE, Ranks
from training.engine.model.weights import Weights
from training.engine.run_folder import RunFolder, broken_seal, building, seal_folder
from training.language_models.folders import publish_folder


@dataclass(frozen=True)
class EvaluatedStep:
    """The held-out figures after a step."""

    step: int
    figures: dict[str, Any]

    def drift(self, budget: float) -> float:
        """Nats per completion by which the policy has drifted beyond the budget; 0 within it, and without one."""
        return max(0.0, self.figures["kl"] - budget) if budget else 0.0


class Selection:
    """The evaluations of a run, and the weights of the best of them in ``best/step-000010/``.

    The evaluations are read back from the metrics file, so a resumed run decides as an undisturbed one.
    """

    def __init__(
        self,
        folder: RunFolder,
        weights: Weights,
        *,
        keep: int,
        patience: int,
        kl_budget: float = 0.0,
        ranks: Ranks = ALONE,
    ) -> None:
        """Of several processes the first one writes, and decides which weights on disk are whole."""
        self.folder, self.weights, self.ranks = folder, weights, ranks
        self.keep, self.patience, self.kl_budget = keep, patience, kl_budget
        self.evaluations: list[EvaluatedStep] = []
        self.damaged: list[int] = []  # steps that were better than the one the run ended with

    def restore(self) -> None:
        """Read back the evaluations of earlier processes."""
        self.evaluations = [
            EvaluatedStep(record["step"], {key: value for key, value in record.items() if key not in _NOT_FIGURES})
            for record in self._records()
            if record["event"] == "evaluated"
        ]

    def _records(self) -> list[dict[str, Any]]:
        path = self.folder.metrics_path
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    def note(self, step: int, figures: dict[str, Any]) -> None:
        """Record an evaluation of the present weights, and keep them if they are among the best."""
        self.evaluations.append(EvaluatedStep(step, figures))
        kept = {each.step for each in self._best()}
        if step in kept:
            self._write(step)
        for path in self._root.glob("step-*") if self.ranks.main else ():
            if path.name not in {_name(each) for each in kept}:
                shutil.rmtree(path)

    @property
    def reason_to_stop(self) -> str | None:
        """Why the run should stop early, or None: the policy has drifted beyond its budget, or ``patience`` evaluations
        in a row were no better (never with a patience of 0)."""
        if not self.evaluations:
            return None
        if self.evaluations[-1].drift(self.kl_budget):
            return f"the KL of {self.evaluations[-1].figures['kl']:.3g} nats is beyond the budget of {self.kl_budget:g}"
        best = self._best()[0]
        if self.patience and len([each for each in self.evaluations if each.step > best.step]) >= self.patience:
            return f"{self.patience} evaluations in a row had no lower held-out loss"
        return None

    def finish(self, leave: Callable[[], None]) -> EvaluatedStep:
        """Replace the present weights by the best that are whole; returns their evaluation. Where better ones were
        damaged on disk, the log says which, and with which the run ends instead. ``leave`` is called just before the
        present weights are gone."""
        number, path, self.damaged = self.ranks.from_main(self._best_whole() if self.ranks.main else None)
        if path is not None:
            state = self.weights.read(path)  # first: it may be a checkpoint, which a newer one replaces
            leave()
            self.weights.load(state)
        chosen: EvaluatedStep = self.evaluations[number]
        return chosen

    def _best_whole(self) -> tuple[int, Path | None, list[int]]:
        """The number of the best evaluation whose weights are whole; their folder, which was kept or is a checkpoint of
        that step, or None for the present weights, which were evaluated last; and the better steps that are damaged."""
        kept = {each.step for each in self._best()}
        damaged: list[int] = []
        for each in self._ranked():
            found = each.step == self.evaluations[-1].step
            folders = [] if found else [self._root / _name(each.step), self.folder.checkpoint_path(each.step)]
            path = next((path for path in folders if self._is_whole(path)), None)
            if found or path is not None:
                if damaged:
                    steps = ", ".join(map(str, damaged))
                    log(f"the weights of step {steps} were better and are damaged: the run ends with step {each.step}")
                return self.evaluations.index(each), path, damaged
            damaged += [each.step] if each.step in kept else []
        raise AssertionError("the present weights are always whole")

    @staticmethod
    def _is_whole(path: Path) -> bool:
        damage = broken_seal(path) if path.is_dir() else ""
        if damage:
            log(f"the weights in {path} are damaged: {damage}")
        return damage is None

    def _best(self) -> list[EvaluatedStep]:
        """The best evaluations, best first: those within the KL budget (then the least drift beyond it); among them the
        lowest held-out loss; of two equal ones the earlier, which moved less."""
        return self._ranked()[: self.keep]

    def _ranked(self) -> list[EvaluatedStep]:
        return sorted(self.evaluations, key=lambda each: (each.drift(self.kl_budget), each.figures["loss"], each.step))

    @property
    def _root(self) -> Path:
        return self.folder.path / "best"

    def _write(self, step: int) -> None:
        state = self.weights.state()
        if not self.ranks.main:
            return
        with building(self._root / _name(step)) as temporary:
            self.weights.write(temporary, state)
            seal_folder(temporary)
            publish_folder(temporary, self._root / _name(step), replace=True)


_NOT_FIGURES = ("event", "step", "split")


def _name(step: int) -> str:
    return f"step-{step:06d}"
