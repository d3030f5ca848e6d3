"""Runs in this process on a tiny model: data that can be learned, a place to collect events, ways to stop."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.engine.config import RunConfig
from training.engine.data.records import read_token_pairs
from training.engine.data.text import TextEncoder
from training.engine.events import Caller, StopRequest
from training.engine.learning.run import TrainingKind, load_start, train
from training.engine.learning.trainer import RunOrigin, Trainer, TrainingData
from training.engine.model.policy import Policy
from training.engine.run_folder import RunFolder, TrainFiles

SETTINGS: dict[str, Any] = {
    "lora_rank": 2,
    "lora_alpha": 4.0,
    "learning_rate": 5e-3,
    "epochs": 2,
    "pairs_per_step": 4,
    "checkpoint_every": 2,
    "evaluate_every": 3,
    "dtype": "float32",
    "device": "cpu",
    "threads": 1,
}


class Killed(BaseException):
    """Stands for SIGKILL: nothing between where it is raised and the test may tidy up."""


@dataclass
class Events:
    """Collects events; stops the run when a certain one comes."""

    stop: StopRequest = field(default_factory=StopRequest)
    seen: list[dict[str, Any]] = field(default_factory=list)
    kill_at: tuple[str, int] | None = None
    stop_at: int | None = None

    def __call__(self, event: dict[str, Any]) -> None:
        self.seen.append(json.loads(json.dumps(event, allow_nan=False)))
        if event["event"] == "progress" and event["step"] == self.stop_at:
            self.stop.ask()
        if (event["event"], event.get("step")) == self.kill_at:
            raise Killed

    def of(self, kind: str) -> list[dict[str, Any]]:
        """All events of a kind."""
        return [event for event in self.seen if event["event"] == kind]


def write_pairs(path: Path, count: int, *, first: int = 0) -> Path:
    """Pairs in which the chosen completion is made of a's and the rejected one of z's, after various prompts."""
    lines = [
        json.dumps(
            {
                "id": f"pair-{number}",
                "prompt": [{"role": "user", "content": f"say {number}"}],
                "chosen": "a" * (1 + number % 4),
                "rejected": "z" * (1 + number % 3),
                "confidence": 0.9 if number % 2 else 1.0,
                "weight": 1.0 + number % 3,
            }
        )
        for number in range(first, first + count)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def run(
    model: Path,
    data: Path,
    out: Path,
    events: Events | None = None,
    *,
    adapter: Path | None = None,
    reference_cache: Path | None = None,
    kind: TrainingKind = TrainingKind.POLICY,
    **settings: Any,
) -> dict[str, Any]:
    """Train in this process; returns the meta."""
    events = events or Events()
    held_out = data.with_name("test.jsonl")
    files = TrainFiles(model, data, out, held_out if held_out.exists() else None, adapter, reference_cache)
    return train(files, RunConfig(**{**SETTINGS, **settings}), caller=Caller(events, events.stop), kind=kind)


def lines(path: Path) -> list[dict[str, Any]]:
    """A JSON-lines file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def without_times(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records without the fields that depend on the machine's speed."""
    times = ("pairs_per_second", "tokens_per_second", "remaining_seconds", "after_seconds")
    return [{name: value for name, value in record.items() if name not in times} for record in records]


def trainer_of(model: Path, data: Path, out: Path, **settings: Any) -> Trainer:
    """A trainer before its first step."""
    config = RunConfig(**{**SETTINGS, **settings})
    pairs = read_token_pairs(data, TextEncoder.from_directory(model), max_length=100).pairs
    return Trainer(
        config=config,
        model=load_start(Policy, model, None, config),
        data=TrainingData(pairs, []),
        origin=RunOrigin(model, {"model_sha256": "m", "adapter_sha256": None}),
        folder=RunFolder(out),
        caller=Caller(Events(), StopRequest()),
    )
