"""The training loop: reference pass, optimizer steps, evaluations, checkpoints."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.engine.checkpoint import Progress, save_checkpoint
from training.engine.config import RunConfig
from training.engine.errors import Cancelled, Diverged
from training.engine.events import Emit, StopRequest, log
from training.engine.losses import Pairs, pair_losses, weighted_sum
from training.engine.metrics import PairScores, summarise
from training.engine.packing import PackedRow, pack_rows
from training.engine.policy import Policy
from training.engine.records import TokenPair
from training.engine.reference import cache_key, load_reference, pairs_hash, save_reference
from training.engine.run_folder import RunFolder, write_atomically
from training.engine.schedule import Schedule
from training.engine.scoring import (
    SideLogProbs,
    check_finite,
    losses_of,
    margin_lines,
    pair_scores,
    rows_by_length,
    score_rows,
)
from training.engine.selection import Selection

_STEP_FIGURES = ("loss", "margin", "reward_accuracy", "chosen_logratio", "rejected_logratio")


class Trainer:
    """One run's state. Built with the adapter at its start, which is what the reference log-probabilities belong to."""

    def __init__(
        self,
        config: RunConfig,
        policy: Policy,
        train_pairs: list[TokenPair],
        test_pairs: list[TokenPair],
        folder: RunFolder,
        base_model: Path,
        inputs: dict[str, Any],
        *,
        emit: Emit,
        stop: StopRequest,
    ) -> None:
        self.config, self.policy, self.folder, self.inputs = config, policy, folder, inputs
        self.train_pairs, self.test_pairs = train_pairs, test_pairs
        self.base_model = str(base_model)
        self.emit, self.stop = emit, stop
        self.schedule = Schedule(config, len(train_pairs))
        self.parameters = list(policy.adapter.parameters().values())
        self.optimizer = make_optimizer(self.parameters, config)
        self.selection = Selection(
            folder, policy.adapter, self.base_model, keep=config.keep_best, patience=config.patience
        )
        self.progress = Progress(step=0, seconds=0.0)
        self.test_rows = rows_by_length(test_pairs, policy, config)
        self.reference: dict[str, SideLogProbs] = {}

    def make_reference(self) -> None:
        """Log-probabilities of all pairs under the starting model, from the cache in the folder or computed.

        The training pairs are scored in the very rows of the first epoch: matrix products may round differently in
        another row, and this way the first step's rewards are exactly zero.
        """
        key = cache_key(self._reference_ingredients())
        path = self.folder.path / "reference.safetensors"
        lengths = {"train": len(self.train_pairs), "test": len(self.test_pairs)}
        cached = load_reference(path, key, **lengths)
        if cached is not None:
            self.reference = cached
            return
        total = sum(lengths.values())
        log(f"reference pass over {total} pairs")
        first_epoch = (row for step in range(1, self.schedule.steps_per_epoch + 1) for row in self.rows(step))
        parent = self.inputs["adapter_sha256"] is not None
        with nullcontext() if parent else self.policy.adapter.switched_off():
            told = _Scoring(self.emit, "reference", total)
            self.reference = {
                "train": score_rows(self.policy, self.train_pairs, first_epoch, self._after_row(told)),
                "test": score_rows(
                    self.policy, self.test_pairs, self.test_rows, self._after_row(told, lengths["train"])
                ),
            }
        save_reference(path, key, **self.reference)

    def _reference_ingredients(self) -> dict[str, Any]:
        settings = ("seed", "pairs_per_step", "tokens_per_row", "share_prefix", "lora_rank", "target_modules")
        return {
            "model": self.inputs["model_sha256"],
            "adapter": self.inputs["adapter_sha256"],
            "train": pairs_hash(self.train_pairs),
            "test": pairs_hash(self.test_pairs),
            "dtype": str(self.policy.dtype),
            "device": str(self.policy.device),
            "torch": torch.__version__,
            "settings": {name: self.config.as_dict()[name] for name in settings},
        }

    def rows(self, step: int) -> list[PackedRow]:
        """The packed rows of a step."""
        return pack_rows(
            self.train_pairs,
            self.schedule.indices(step),
            tokens_per_row=self.config.tokens_per_row,
            share=self.config.share_prefix and self.policy.packs,
        )

    def run(self) -> dict[str, Any]:
        """All steps that are left. Returns what the meta says about the training; raises Cancelled after a signal,
        with a checkpoint of the last whole step written."""
        clock = _Clock(self.progress)
        self._evaluate_if_due(self.progress.step)
        for step in range(self.progress.step + 1, self.schedule.steps + 1):
            self._cancel_if_asked()
            if self.selection.stalled:
                log(f"stopped before step {step}: {self.config.patience} evaluations brought no lower held-out loss")
                break
            figures = self.take_step(step)
            self.progress = Progress(step=step, seconds=clock.seconds())
            self._report(step, figures, clock)
            self._evaluate_if_due(step)
            self._save_if_due(step)
        self._cancel_if_asked()
        return self._result(clock)

    def _result(self, clock: _Clock) -> dict[str, Any]:
        """What the meta says; the best adapter takes its place, and the final margins are written."""
        result: dict[str, Any] = {"steps": self.progress.step, "seconds": round(clock.seconds(), 3)}
        if self.test_pairs:
            if not self.selection.stalled:
                self.evaluate(self.progress.step)
            best = self.selection.finish()
            result |= {"best_step": best.step, "stopped_early": self.selection.stalled, "test": best.figures}
        if self.config.final_margins:
            self._write_margins()
        return result

    def _write_margins(self) -> None:
        """Per pair: how the finished adapter sees it. Where it disagrees strongly, the label may be wrong."""
        lines = []
        for split, pairs, rows in (
            ("train", self.train_pairs, rows_by_length(self.train_pairs, self.policy, self.config)),
            ("test", self.test_pairs, self.test_rows),
        ):
            told = _Scoring(self.emit, f"final_{split}", len(pairs))
            values = score_rows(self.policy, pairs, rows, self._after_row(told))
            lines += margin_lines(split, pairs, pair_scores(pairs, values, self.reference[split]), self.config.beta)
        write_atomically(self.folder.path / "margins.jsonl", "".join(lines).encode())

    def take_step(self, step: int) -> dict[str, Any]:
        """One optimizer step; returns what is reported about it."""
        indices = self.schedule.indices(step)
        pairs = [self.train_pairs[index] for index in indices]
        values = self.accumulate_gradient(step)
        learning_rate = self.schedule.learning_rate(step)
        norm = self._apply_gradient(learning_rate, pairs)
        scores = pair_scores(pairs, values, self.reference["train"][indices])
        summary = self._summary(scores)
        return {
            **{name: summary[name] for name in _STEP_FIGURES},
            "grad_norm": norm,
            "learning_rate": learning_rate,
            "pairs": len(pairs),
        }

    def accumulate_gradient(self, step: int) -> SideLogProbs:
        """Leave the gradient of ``sum w_i loss_i / sum w_i`` over all pairs of the step in the parameters, however the
        pairs are spread over rows. Returns the pairs' log-probabilities (pairs, 2), in the step's order."""
        indices = self.schedule.indices(step)
        total_weight = math.fsum(self.train_pairs[index].weight for index in indices)
        scored: dict[int, SideLogProbs] = {}
        for row in self.rows(step):
            scored.update(zip(row.pairs, self._backward(row, total_weight), strict=True))
        return np.stack([scored[index] for index in indices])

    def _backward(self, row: PackedRow, total_weight: float) -> SideLogProbs:
        """Add a row's share of the gradient; returns its log-probabilities (pairs, 2)."""
        pairs = [self.train_pairs[index] for index in row.pairs]
        sides = self.policy.side_log_probs(row).view(-1, 2)
        values: SideLogProbs = sides.detach().cpu().numpy()
        check_finite(values, pairs)
        columns = Pairs(
            policy=sides,
            reference=torch.from_numpy(self.reference["train"][list(row.pairs)]).to(sides.device),
            tokens=sides.new_tensor([(len(pair.chosen_ids), len(pair.rejected_ids)) for pair in pairs]),
            confidence=sides.new_tensor([pair.confidence for pair in pairs]),
        )
        losses = pair_losses(columns, self.config.loss_settings)
        weight = sides.new_tensor([pair.weight for pair in pairs])
        torch.autograd.backward(weighted_sum(losses, weight, total_weight))
        return values

    def _apply_gradient(self, learning_rate: float, pairs: list[TokenPair]) -> float:
        """Clip, step, clear; returns the norm before clipping."""
        norm = torch.nn.utils.get_total_norm([each.grad for each in self.parameters if each.grad is not None])
        if not bool(torch.isfinite(norm)):
            names = ", ".join(f"{pair.id!r} (line {pair.line})" for pair in pairs)
            raise Diverged(f"the gradient is not finite after the pairs {names}")
        if self.config.max_grad_norm:
            torch.nn.utils.clip_grads_with_norm_(self.parameters, self.config.max_grad_norm, norm)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return float(norm)

    def evaluate(self, step: int) -> dict[str, Any]:
        """Score the held-out pairs, report, and return the figures."""
        told = _Scoring(self.emit, "held_out", len(self.test_pairs))
        values = score_rows(self.policy, self.test_pairs, self.test_rows, self._after_row(told))
        figures = self._summary(pair_scores(self.test_pairs, values, self.reference["test"]))
        record = {"event": "evaluated", "step": step, "split": "test", **figures}
        self.selection.note(step, figures)
        self.folder.append_metrics(record)
        self.emit(record)
        return figures

    def _summary(self, scores: PairScores) -> dict[str, Any]:
        return summarise(scores, losses_of(scores, self.config.loss_settings), self.config.beta)

    def _report(self, step: int, figures: dict[str, Any], clock: _Clock) -> None:
        pairs = figures.pop("pairs")
        rate, remaining = clock.rate(pairs, self.schedule.steps - step)
        record = {
            "event": "progress",
            "step": step,
            "steps": self.schedule.steps,
            "epoch": round(step / self.schedule.steps_per_epoch, 4),
            **figures,
            "pairs_per_second": rate,
            "remaining_seconds": remaining,
        }
        self.folder.append_metrics(record)
        self.emit(record)

    def _evaluate_if_due(self, step: int) -> None:
        """The evaluations between steps; the one after the last step belongs to ``run``."""
        every = self.config.evaluate_every
        if self.test_pairs and every and 0 < step < self.schedule.steps and step % every == 0:
            self.evaluate(step)

    def _save_if_due(self, step: int) -> None:
        every = self.config.checkpoint_every
        if every and step < self.schedule.steps and step % every == 0:
            self.save()

    def save(self) -> None:
        """Write a checkpoint of the present step, unless there is one."""
        target = self.folder.checkpoint_path(self.progress.step)
        if self.progress.step == 0 or target.exists():
            return
        save_checkpoint(
            target,
            adapter=self.policy.adapter,
            optimizer=self.optimizer,
            progress=self.progress,
            base_model=self.base_model,
        )
        self.folder.remove_old_checkpoints(self.config.keep_checkpoints)
        self.emit({"event": "checkpoint", "step": self.progress.step, "path": str(target)})

    def _after_row(self, told: _Scoring, before: int = 0) -> Callable[[int], None]:
        """What happens between the rows of a scoring pass: say how far it is, stop if asked."""

        def after_row(scored: int) -> None:
            told.say(before + scored)
            self._cancel_if_asked()

        return after_row

    def _cancel_if_asked(self) -> None:
        if self.stop.requested:
            self.save()
            raise Cancelled(f"cancelled after step {self.progress.step} of {self.schedule.steps}")


def make_optimizer(parameters: list[torch.nn.Parameter], config: RunConfig) -> torch.optim.Optimizer:
    """The optimizer of the config over the adapter's parameters; the learning rate is set before every step."""
    shared: dict[str, Any] = {"eps": config.adam_epsilon, "weight_decay": config.weight_decay, "foreach": True}
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=config.learning_rate, alpha=config.adam_beta2, **shared)
    betas = (config.adam_beta1, config.adam_beta2)
    return torch.optim.AdamW(parameters, lr=config.learning_rate, betas=betas, **shared)


class _Scoring:
    """A pass over pairs without learning, as progress events: it may take as long as an epoch."""

    def __init__(self, emit: Emit, what: str, total: int) -> None:
        self.emit, self.what, self.total = emit, what, total
        self.start = time.monotonic()

    def say(self, scored: int) -> None:
        """``scored`` pairs of all are done."""
        rate = scored / max(time.monotonic() - self.start, 1e-9)
        self.emit(
            {
                "event": "scoring",
                "what": self.what,
                "pairs": scored,
                "of": self.total,
                "pairs_per_second": round(rate, 3),
                "remaining_seconds": round((self.total - scored) / rate, 1),
            }
        )


class _Clock:
    """Training time over all processes, and the rate of the steps of this one."""

    def __init__(self, progress: Progress) -> None:
        self.before = progress.seconds
        self.start = self.last = time.monotonic()
        self.steps = 0

    def seconds(self) -> float:
        """Seconds of training so far."""
        return self.before + time.monotonic() - self.start

    def rate(self, pairs: int, steps_left: int) -> tuple[float, float]:
        """Pairs per second of the step that just ended, and seconds left at the mean pace of this process."""
        now = time.monotonic()
        self.steps += 1
        rate = pairs / max(now - self.last, 1e-9)
        self.last = now
        return round(rate, 3), round((now - self.start) / self.steps * steps_left, 1)
