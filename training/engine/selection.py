"""Which evaluated adapter a run ends with, and when it stops looking for a better one.

Training accuracy says nothing about it, and over-optimisation often starts before the first epoch is over (arXiv
2406.02900): the held-out loss decides.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.engine.adapter_format import read_state, write_adapter
from training.engine.lora import Adapter
from training.engine.run_folder import RunFolder, publish_folder


@dataclass(frozen=True)
class Evaluation:
    """The held-out figures after a step."""

    step: int
    figures: dict[str, Any]

    @property
    def rank(self) -> tuple[float, int]:
        """Lowest is best; of two equal ones the earlier, which moved less."""
        return self.figures["loss"], self.step


class Selection:
    """The evaluations of a run, and the adapters of the best of them in ``best/step-000010/``.

    What it knows comes from the metrics file, so a resumed run decides as an undisturbed one.
    """

    def __init__(self, folder: RunFolder, adapter: Adapter, base_model: str, *, keep: int, patience: int) -> None:
        self.folder, self.adapter, self.base_model = folder, adapter, base_model
        self.keep, self.patience = keep, patience
        self.evaluations: list[Evaluation] = []

    def restore(self) -> None:
        """Read back what an earlier process evaluated."""
        self.evaluations = [
            Evaluation(record["step"], {key: value for key, value in record.items() if key not in _NOT_FIGURES})
            for record in self._records()
            if record["event"] == "evaluated"
        ]

    def _records(self) -> list[dict[str, Any]]:
        path = self.folder.metrics_path
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    def note(self, step: int, figures: dict[str, Any]) -> None:
        """Remember an evaluation of the present adapter, and keep the adapter if it is among the best."""
        self.evaluations.append(Evaluation(step, figures))
        kept = {each.step for each in self._best()}
        if step in kept:
            self._write(step)
        for path in self._root.glob("step-*"):
            if path.name not in {_name(each) for each in kept}:
                shutil.rmtree(path)

    @property
    def stalled(self) -> bool:
        """Whether ``patience`` evaluations in a row brought nothing better; never with a patience of 0."""
        if not self.patience or not self.evaluations:
            return False
        best = min(self.evaluations, key=lambda each: each.rank)
        return len([each for each in self.evaluations if each.step > best.step]) >= self.patience

    def finish(self) -> Evaluation:
        """Put the best adapter in the place of the present one; returns its evaluation."""
        best = min(self.evaluations, key=lambda each: each.rank)
        if best.step != self.evaluations[-1].step:
            self.adapter.load(read_state(self._root / _name(best.step)))
        return best

    def _best(self) -> list[Evaluation]:
        return sorted(self.evaluations, key=lambda each: each.rank)[: self.keep]

    @property
    def _root(self) -> Path:
        return self.folder.path / "best"

    def _write(self, step: int) -> None:
        temporary = self._root / f"{_name(step)}.tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        write_adapter(temporary, self.adapter, base_model=self.base_model)
        publish_folder(temporary, self._root / _name(step))


_NOT_FIGURES = ("event", "step", "split")


def _name(step: int) -> str:
    return f"step-{step:06d}"
