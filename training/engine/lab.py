"""``lab``: DPO in slow motion. The policy takes steps on request, and its figures are reported after each.

Commands come as JSON lines on stdin, ``{"steps": N}``; the end of stdin ends the program. Every step is over all pairs
of the file, at a constant learning rate. The same data and settings give the same numbers.
"""

from __future__ import annotations

import json
import os
import select
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.engine.config import RunConfig
from training.engine.data.records import TokenPair
from training.engine.data.text import TextEncoder
from training.engine.errors import InputError
from training.engine.events import Emit, StopRequest
from training.engine.learning.reference import ReferenceModel
from training.engine.learning.run import load_start
from training.engine.learning.step import Batch, Optimization
from training.engine.measuring.evaluation import read_all
from training.engine.measuring.probes import Probes
from training.engine.measuring.sampling import sample
from training.engine.measuring.scoring import SideLogProbs, figures_of, pair_scores, rows_by_length, score_rows
from training.engine.model.policy import Policy

_STDIN = 0
_LOOK_SECONDS = 0.5
_READ_BYTES = 1 << 12
SAMPLES = 3
"""Completions per prompt for the drift: a KL from so few is a glimpse, but the draws are the same each time."""


class Lab:
    """A policy, a few pairs to learn from, and a few that are only watched."""

    def __init__(
        self,
        model: Path,
        adapter: Path | None,
        data: Path,
        watched: Path | None,
        config: RunConfig,
    ) -> None:
        """Loads everything and scores it once under the start, which is the reference. Raises InputError."""
        if config.tuning != "lora":
            raise InputError("the lab trains an adapter: tuning must be lora")
        self.config = config
        self.learned = read_all(model, data, config).pairs
        self.watched = [] if watched is None else read_all(model, watched, config).pairs
        self.pairs = [*self.learned, *self.watched]
        self.policy = load_start(Policy, model, adapter, config)
        self.encoder = TextEncoder.from_directory(model)
        self.optimization = Optimization(self.policy, self.policy.weights(model), config)
        self.rows = rows_by_length(self.pairs, self.policy, config)
        self.reference = self._values()
        lesson_rows = rows_by_length(self.learned, self.policy, config)
        self.lesson = Batch(self.learned, self.reference[: len(self.learned)], range(len(self.learned)), lesson_rows)
        start = ReferenceModel(self.policy, self.optimization.parameters, is_base=adapter is None, keep=True)
        prompts = [pair.prompt_ids for pair in self.learned]
        self.probes = Probes(
            self.policy,
            prompts,
            self.encoder,
            max_tokens=config.probe_tokens,
            seed=config.seed,
            as_reference=start.in_place,
        )
        self.steps = 0

    def point(self) -> dict[str, Any]:
        """The policy as it is now: loss, margin and so on over the pairs to learn from, and every pair's figures."""
        values = self._values()
        count = len(self.learned)
        scores = pair_scores(self.learned, values[:count], self.reference[:count])
        figures = figures_of(scores, self.config)
        return {
            "step": self.steps,
            **{name: figures[name] for name in ("loss", "margin", "reward_accuracy", "displacement")},
            "pairs": [
                _figures(pair, policy, reference)
                for pair, policy, reference in zip(self.pairs, values, self.reference, strict=True)
            ],
        }

    def step(self) -> float:
        """One optimizer step over all pairs to learn from; returns the gradient's norm. Raises Diverged."""
        self.optimization.accumulate(self.lesson)
        norm = self.optimization.apply(self.config.learning_rate, self.lesson)
        self.steps += 1
        return norm

    def writes(self) -> dict[str, Any]:
        """Completions of the policy and their KL from the start, in nats per completion.

        SAMPLES of each prompt, with the same draws each time.
        """
        prompts = [prompt for prompt in self.probes.prompts for _ in range(SAMPLES)]
        completions = sample(
            self.policy,
            prompts,
            eos_ids=self.encoder.eos_ids,
            max_tokens=self.config.probe_tokens,
            seed=self.config.seed,
        )
        drifts = [self.probes.drift(prompt, each).kl for prompt, each in zip(prompts, completions, strict=True)]
        texts = [self.encoder.tokenizer.decode(list(each), skip_special_tokens=True) for each in completions]
        return {"step": self.steps, "kl": sum(drifts) / len(drifts), "texts": texts}

    def _values(self) -> SideLogProbs:
        return score_rows(self.policy, self.pairs, self.rows, lambda scored, known=0: None)


def _figures(pair: TokenPair, policy: Any, reference: Any) -> dict[str, Any]:
    """Log-probabilities of both sides under policy and start, in nats, and how many tokens each is the sum over."""
    sides = zip(("chosen", "rejected"), pair.scored_ids, strict=True)
    return {
        "id": pair.id,
        **{
            name: {"logp": float(of_policy), "reference": float(of_reference), "tokens": len(ids)}
            for (name, ids), of_policy, of_reference in zip(sides, policy, reference, strict=True)
        },
    }


def serve(lab: Lab, commands: Iterator[dict[str, Any]], emit: Emit, stop: StopRequest) -> dict[str, Any]:
    """Carries the commands out, one after the other, and reports; returns how many steps were taken."""
    emit({"event": "started", "device": str(lab.policy.device)})
    emit({"event": "point", "grad_norm": None, **lab.point()})
    emit({"event": "wrote", **lab.writes()})
    for command in commands:
        for _ in range(_steps_of(command)):
            stop.check()
            norm = lab.step()
            emit({"event": "point", "grad_norm": norm, **lab.point()})
        emit({"event": "wrote", **lab.writes()})
    return {"steps": lab.steps}


def _steps_of(command: dict[str, Any]) -> int:
    steps = command.get("steps")
    if type(steps) is not int or steps < 1:
        raise InputError(f'a command is {{"steps": N}} with N at least 1, not {command!r}')
    return steps


def commands_from_stdin(stop: StopRequest) -> Iterator[dict[str, Any]]:
    """Each line of stdin as it comes. Ends with stdin; raises Cancelled after a signal, InputError for other lines."""
    waiting = b""
    while True:
        stop.check()
        if not select.select([_STDIN], [], [], _LOOK_SECONDS)[0]:
            continue
        data = os.read(_STDIN, _READ_BYTES)
        if not data:
            return
        *lines, waiting = (waiting + data).split(b"\n")
        for line in lines:
            yield _command(line)


def _command(line: bytes) -> dict[str, Any]:
    try:
        command = json.loads(line)
    except ValueError as error:
        raise InputError(f"a command is a line of JSON, not {line[:80]!r}") from error
    if not isinstance(command, dict):
        raise InputError(f"a command is a JSON object, not {line[:80]!r}")
    return command
