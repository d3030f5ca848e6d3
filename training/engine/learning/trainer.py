"""The training loop: reference pass, optimizer steps, evaluations, checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.engine.config import RunConfig
from training.engine.data.records import TokenPair
from training.engine.data.schedule import Schedule
from training.engine.data.text import TextEncoder
from training.engine.errors import Cancelled
from training.engine.events import Caller, log
from training.engine.learning.checkpoint import RunProgress, save_checkpoint
from training.engine.learning.held_out import HeldOut, make_probes
from training.engine.learning.pace import Clock, ScoringReport
from training.engine.learning.reference import (
    PairsToScore,
    ReferenceModel,
    cache_key,
    make_reference,
    pairs_hash,
    reference_ingredients,
)
from training.engine.learning.reference_file import PartialReference, resumable, weights_hash
from training.engine.learning.selection import Selection
from training.engine.learning.step import Batch, Optimization
from training.engine.measuring.board import board
from training.engine.measuring.metrics import STEP_FIGURES
from training.engine.measuring.scoring import (
    AfterRow,
    SideLogProbs,
    figures_of,
    margin_lines,
    pair_scores,
    rows_by_length,
    rows_of,
    score_rows,
)
from training.engine.measuring.utilisation import Operations
from training.engine.model.parallel import ALONE, Ranks
from training.engine.model.policy import TrainedModel
from training.engine.run_folder import RunFolder, write_atomically


@dataclass(frozen=True)
class TrainingData:
    """The pairs to learn from, the held-out pairs, and the encoder that made their tokens, which probes need."""

    train: list[TokenPair]
    test: list[TokenPair]
    encoder: TextEncoder | None = None


@dataclass(frozen=True)
class RunOrigin:
    """The start of a run: the base model's folder, and the hashes of everything that was read."""

    base_model: Path
    inputs: dict[str, Any]


class Trainer:
    """One run from its reference pass to its last step. Made with the model at its start, which is the reference."""

    def __init__(
        self,
        *,
        config: RunConfig,
        model: TrainedModel,
        data: TrainingData,
        origin: RunOrigin,
        folder: RunFolder,
        caller: Caller,
        ranks: Ranks = ALONE,
    ) -> None:
        self.config, self.model, self.data = config, model, data
        self.origin, self.folder, self.caller, self.ranks = origin, folder, caller, ranks
        self.schedule = Schedule(config, len(data.train))
        self.weights = model.weights(origin.base_model)
        self.optimization = Optimization(model, self.weights, config, ranks)
        self.selection = Selection(
            folder,
            self.weights,
            keep=config.keep_best,
            patience=config.patience,
            kl_budget=config.kl_budget,
            ranks=ranks,
        )
        self.progress = RunProgress(step=0, seconds=0.0)
        self.holds_last_step = True  # the weights are those of the latest step, not the best ones
        self.clock = Clock(self.progress)
        self.operations = Operations(model)
        self.board: Callable[[dict[str, Any]], None] | None = None
        self.scoring_rate = 0.0  # pairs per second of the latest pass over pairs
        self.reference: dict[str, SideLogProbs] = {}
        from_base = config.tuning == "lora" and (origin.inputs["adapter_sha256"] is None or config.reference == "base")
        self.reference_model = ReferenceModel(
            model, self.optimization.parameters, is_base=from_base, keep=bool(config.probe_prompts)
        )
        probes = make_probes(model, data.test, config, data.encoder, self.reference_model.in_place)
        self.held_out = HeldOut(model, data.test, config, probes=probes, ranks=ranks)

    def make_reference(self, shared: Path | None = None) -> None:
        """Log-probabilities of all pairs under the starting model: from the run's folder, or from the folder ``shared``
        that runs share, or computed.

        The training pairs are scored in the very rows of the first epoch: matrix products may round differently in
        another row, and this way the first step's rewards are exactly zero.
        """
        lengths = {"train": len(self.data.train), "test": len(self.data.test)}
        if not self.model.has_reference:
            self.reference = {name: np.zeros((length, 2)) for name, length in lengths.items()}
            return
        first_epoch = (row for step in range(1, self.schedule.steps_per_epoch + 1) for row in self._rows(step))
        test_rows = self.held_out.rows
        splits = (
            PairsToScore("train", self.data.train, first_epoch, self.schedule.indices(1)),
            PairsToScore("test", self.data.test, test_rows, test_rows[0].pairs if test_rows else ()),
        )
        with self.reference_model.in_place():
            self.reference = make_reference(
                self.model,
                self.config,
                self.origin.inputs,
                splits,
                self._after_row("reference", sum(lengths.values())),
                path=self.folder.path / "reference.safetensors",
                shared=shared,
                ranks=self.ranks,
            )

    def run(self) -> dict[str, Any]:
        """All steps that are left. Returns the training's part of the meta. Raises Cancelled after a signal, with a
        checkpoint of the last whole step written."""
        clock = self.clock = Clock(self.progress)
        self._evaluate_if_due(self.progress.step)
        for step in range(self.progress.step + 1, self.schedule.steps + 1):
            self._cancel_if_asked()
            if reason := self.selection.reason_to_stop:
                log(f"stopped before step {step}: {reason}")
                break
            figures = self.take_step(step)
            self.progress = RunProgress(step=step, seconds=clock.seconds())
            self._report(step, figures, clock)
            self._evaluate_if_due(step)
            if self.schedule.saves_after(step):
                self.save()
        self._cancel_if_asked()
        if self.config.checkpoint_every and not torch.are_deterministic_algorithms_enabled():
            self.save()  # steps that are taken again would end elsewhere
        return self._result(clock)

    def batch(self, step: int) -> Batch:
        """The pairs of a step, packed."""
        return Batch(self.data.train, self.reference["train"], self.schedule.indices(step), self._rows(step))

    def _rows(self, step: int) -> Any:
        return rows_of(self.data.train, self.schedule.indices(step), self.model, self.config, self.ranks)

    def take_step(self, step: int) -> dict[str, Any]:
        """One optimizer step; returns its figures."""
        batch, learning_rate = self.batch(step), self.schedule.learning_rate(step)
        values = self.optimization.accumulate(batch)
        norm = self.optimization.apply(learning_rate, batch)
        scores = pair_scores(batch.step_pairs, values, batch.reference[batch.indices])
        summary = figures_of(scores, self.config, has_reference=self.model.has_reference)
        return {
            **{name: value for name, value in summary.items() if name in STEP_FIGURES},
            "grad_norm": norm,
            "learning_rate": learning_rate,
            "pairs": len(batch.indices),
            "tokens": self.optimization.tokens,
            "scored": sum(len(ids) for pair in batch.step_pairs for ids in pair.scored_ids),
        }

    def evaluate(self, step: int) -> None:
        """Score the held-out pairs, report, and keep the weights if they are among the best."""
        with self.clock.evaluation(), self._resumable("held_out", {"test": self.data.test}) as kept:
            figures = self.held_out.figures(
                self.reference["test"],
                self._after_row("held_out", len(self.data.test), lambda: self._seconds_after(step)),
                lambda prompts: (
                    ScoringReport(self.caller.emit, "probes", prompts, lambda: self._seconds_after(step)).update
                ),
                None if kept is None else kept.of("test"),
            )
        self.selection.note(step, figures)
        self._record({"event": "evaluated", "step": step, "split": "test", **figures})

    def _evaluate_if_due(self, step: int) -> None:
        if self.data.test and self.schedule.evaluates_after(step):
            self.evaluate(step)

    def save(self) -> None:
        """Write a checkpoint of the present step, unless there is one."""
        target = self.folder.checkpoint_path(self.progress.step)
        if self.progress.step == 0 or target.exists():
            return
        save_checkpoint(
            target,
            weights=self.weights,
            optimizer=self.optimization.optimizer,
            progress=self.progress,
            writes=self.ranks.main,
        )
        self.folder.remove_old_checkpoints(self.config.keep_checkpoints)
        self.caller.emit({"event": "checkpoint", "step": self.progress.step, "path": str(target)})

    def _result(self, clock: Clock) -> dict[str, Any]:
        """Puts the best weights in place and writes the final margins; returns the training's part of the meta."""
        result: dict[str, Any] = {"steps": self.progress.step, "seconds": round(clock.seconds(), 3)}
        if self.data.test:
            reason = self.selection.reason_to_stop
            if reason is None:
                self.evaluate(self.progress.step)
            self.ranks.wait()  # for the best to be on disk
            best = self.selection.finish(self._leave_weights)
            result |= {"best_step": best.step, "stopped_early": reason is not None, "test": best.figures}
            result |= {"stopped_because": reason, "damaged_steps": self.selection.damaged}
        if self.config.final_margins:
            splits = {"train": self.data.train, "test": self.data.test}
            with self._resumable("margins", splits) as kept:
                lines = [line for name in splits for line in self._margin_lines(name, splits[name], kept)]
                if self.ranks.main:
                    write_atomically(self.folder.path / "margins.jsonl", "".join(lines).encode())
        return result

    def _leave_weights(self) -> None:
        """The best weights are about to replace those of the last step: a stop from now on writes no checkpoint, which
        would hold the wrong ones. There is one already; with a ``checkpoint_every`` of 0 there is none, and such a stop
        costs the steps."""
        if self.config.checkpoint_every:
            self.save()
        self.holds_last_step = False

    def _resumable(
        self, name: str, splits: dict[str, list[TokenPair]]
    ) -> AbstractContextManager[PartialReference | None]:
        """The values so far of a pass under the present weights, to go on from. None for all weights: a long hash."""
        if self.config.tuning == "full":
            return nullcontext()
        ingredients = reference_ingredients(self.model, self.config, self.origin.inputs)
        hashes = {split: pairs_hash(pairs) for split, pairs in splits.items()}
        trained = {"trained": weights_hash(self.weights.state()), "processes": self.ranks.size}
        key = cache_key({**ingredients, **hashes, **trained})
        lengths = {split: len(pairs) for split, pairs in splits.items()}
        return resumable(self.folder.path / f"{name}.partial.safetensors", key, lengths, self.ranks)

    def _margin_lines(self, name: str, pairs: list[TokenPair], kept: PartialReference | None) -> Iterator[str]:
        """A line per pair with its margin under the finished weights. Strong disagreement may be a wrong label."""
        rows = rows_by_length(pairs, self.model, self.config, self.ranks)
        known = None if kept is None else kept.of(name)
        values = score_rows(self.model, pairs, rows, self._after_row(f"final_{name}", len(pairs)), self.ranks, known)
        yield from margin_lines(
            name, pairs, pair_scores(pairs, values, self.reference[name]), self.config.loss_settings
        )

    def _report(self, step: int, figures: dict[str, Any], clock: Clock) -> None:
        pairs, tokens, scored = (figures.pop(name) for name in ("pairs", "tokens", "scored"))
        rate, remaining, took = clock.rate(pairs, self.schedule.steps - step)
        self._record(
            {
                "event": "progress",
                "step": step,
                "steps": self.schedule.steps,
                "epoch": round(step / self.schedule.steps_per_epoch, 4),
                **figures,
                "pairs": pairs,
                "tokens": tokens,
                "pairs_per_second": rate,
                "tokens_per_second": round(tokens / took, 1),
                **self.operations.share(self.operations.of_step(tokens, scored), took, self.ranks.size),
                "remaining_seconds": remaining,
                "after_seconds": round(self._seconds_evaluating(step) + self._seconds_at_the_end(), 1),
            }
        )

    def _seconds_after(self, step: int) -> float | None:
        """Seconds from the end of this step's evaluation to the end of the run; None before the first step."""
        steps = self.clock.steps_take(self.schedule.steps - step)
        return None if steps is None else steps + self._seconds_evaluating(step) + self._seconds_at_the_end()

    def _seconds_evaluating(self, step: int) -> float:
        """Seconds of the evaluations after this step's, with the last one, when the steps are done."""
        if not self.data.test:
            return 0.0
        return self.clock.evaluations_take(self.schedule.evaluations_after(step) + 1)

    def _seconds_at_the_end(self) -> float:
        """Seconds of the final margins; 0 where nothing is known about scoring."""
        if not self.config.final_margins or not self.scoring_rate:
            return 0.0
        return (len(self.data.train) + len(self.data.test)) / self.scoring_rate

    def _record(self, record: dict[str, Any]) -> None:
        """Append a record to the metrics and emit it."""
        self.folder.append_metrics(record)
        if self.config.tensorboard and self.ranks.main:
            self.board = self.board or board(self.folder.path, after=record["step"] - 1)
            self.board(record)
        self.caller.emit(record)

    def _after_row(self, what: str, total: int, after: Callable[[], float | None] = lambda: None) -> AfterRow:
        """A function to call between the rows of a scoring pass over ``total`` pairs: it reports and honours a stop."""
        report = ScoringReport(self.caller.emit, what, total, after)

        def after_row(scored: int, known: int = 0) -> None:
            report.update(scored, known)
            self.scoring_rate = report.rate
            self._cancel_if_asked()

        return after_row

    def _cancel_if_asked(self) -> None:
        if self.ranks.any(self.caller.stop.requested):
            if self.holds_last_step:
                self.save()
            self.ranks.wait()  # a launcher ends the others as soon as one has left
            raise Cancelled(f"cancelled after step {self.progress.step} of {self.schedule.steps}")
