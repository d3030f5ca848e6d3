"""The training loop: reference pass, optimizer steps, evaluations, checkpoints."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.engine.config import RunConfig
from training.engine.data.packing import PackedRow
from training.engine.data.records import TokenPair
from training.engine.data.schedule import Schedule
from training.engine.data.text import TextEncoder
from training.engine.errors import Cancelled, Diverged
from training.engine.events import Emit, StopRequest, log
from training.engine.learning.checkpoint import Progress, save_checkpoint
from training.engine.learning.pace import Clock, ScoringReport
from training.engine.learning.reference import ReferenceModel, Split, make_reference
from training.engine.learning.selection import Selection
from training.engine.losses import Pairs, pair_losses, weighted_sum
from training.engine.measuring.metrics import PairScores, summarise, without_reference
from training.engine.measuring.probes import Probes
from training.engine.measuring.scoring import (
    SideLogProbs,
    check_finite,
    losses_of,
    margin_lines,
    pair_scores,
    rows_by_length,
    rows_of,
    score_rows,
)
from training.engine.model.parallel import ALONE, Ranks, gathered
from training.engine.model.policy import Policy
from training.engine.run_folder import RunFolder, write_atomically

Gradients = Sequence[torch.Tensor | None]  # one for each parameter; empty where they lie in the parameters already

_STEP_FIGURES = (
    "loss",
    "margin",
    "reward_accuracy",
    "chosen_logratio",
    "rejected_logratio",
    "chosen_reward",
    "rejected_reward",
)


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
        encoder: TextEncoder | None = None,
        ranks: Ranks = ALONE,
    ) -> None:
        self.config, self.policy, self.folder, self.inputs = config, policy, folder, inputs
        self.train_pairs, self.test_pairs = train_pairs, test_pairs
        self.emit, self.stop, self.ranks = emit, stop, ranks
        self.schedule = Schedule(config, len(train_pairs))
        self.weights = policy.weights(base_model)
        self.parameters = list(self.weights.parameters().values())
        self.optimizer = make_optimizer(self.parameters, config)
        self.selection = Selection(
            folder,
            self.weights,
            keep=config.keep_best,
            patience=config.patience,
            kl_budget=config.kl_budget,
            writes=ranks.main,
        )
        self.progress = Progress(step=0, seconds=0.0)
        self.test_rows = rows_by_length(test_pairs, policy, config, ranks)
        self.reference: dict[str, SideLogProbs] = {}
        from_base = config.tuning == "lora" and (inputs["adapter_sha256"] is None or config.reference == "base")
        self.reference_model = ReferenceModel(
            policy, self.parameters, is_base=from_base, keep=bool(config.probe_prompts)
        )
        self.probes = self._make_probes(encoder)

    def _make_probes(self, encoder: TextEncoder | None) -> Probes | None:
        prompts = list(dict.fromkeys(pair.prompt_ids for pair in self.test_pairs))[: self.config.probe_prompts]
        if encoder is None or not prompts:
            return None
        return Probes(
            self.policy,
            prompts,
            encoder,
            max_tokens=self.config.probe_tokens,
            seed=self.config.seed,
            as_reference=self.reference_model.in_place,
        )

    def make_reference(self, shared: Path | None = None) -> None:
        """Log-probabilities of all pairs under the starting model: from the run's folder, or from the folder ``shared``
        that runs share, or computed.

        The training pairs are scored in the very rows of the first epoch: matrix products may round differently in
        another row, and this way the first step's rewards are exactly zero.
        """
        lengths = {"train": len(self.train_pairs), "test": len(self.test_pairs)}
        if not self.policy.has_reference:
            self.reference = {name: np.zeros((length, 2)) for name, length in lengths.items()}
            return
        first_epoch = (row for step in range(1, self.schedule.steps_per_epoch + 1) for row in self.rows(step))
        splits = (
            Split("train", self.train_pairs, first_epoch, self.schedule.indices(1)),
            Split("test", self.test_pairs, self.test_rows, self.test_rows[0].pairs if self.test_rows else ()),
        )
        told = ScoringReport(self.emit, "reference", sum(lengths.values()))
        with self.reference_model.in_place():
            self.reference = make_reference(
                self.policy,
                self.config,
                self.inputs,
                splits,
                self._after_row(told),
                path=self.folder.path / "reference.safetensors",
                shared=shared,
                ranks=self.ranks,
            )

    def rows(self, step: int) -> list[PackedRow]:
        """The packed rows of a step."""
        return rows_of(self.train_pairs, self.schedule.indices(step), self.policy, self.config, self.ranks)

    def run(self) -> dict[str, Any]:
        """All steps that are left. Returns what the meta says about the training; raises Cancelled after a signal,
        with a checkpoint of the last whole step written."""
        clock = Clock(self.progress)
        self._evaluate_if_due(self.progress.step)
        for step in range(self.progress.step + 1, self.schedule.steps + 1):
            self._cancel_if_asked()
            if reason := self.selection.reason_to_stop:
                log(f"stopped before step {step}: {reason}")
                break
            figures = self.take_step(step)
            self.progress = Progress(step=step, seconds=clock.seconds())
            self._report(step, figures, clock)
            self._evaluate_if_due(step)
            self._save_if_due(step)
        self._cancel_if_asked()
        return self._result(clock)

    def _result(self, clock: Clock) -> dict[str, Any]:
        """What the meta says; the best adapter takes its place, and the final margins are written."""
        result: dict[str, Any] = {"steps": self.progress.step, "seconds": round(clock.seconds(), 3)}
        if self.test_pairs:
            reason = self.selection.reason_to_stop
            if reason is None:
                self.evaluate(self.progress.step)
            self.ranks.wait()  # for the best to be on disk
            best = self.selection.finish()
            result |= {"best_step": best.step, "stopped_early": reason is not None, "test": best.figures}
            result["stopped_because"] = reason
        if self.config.final_margins:
            self._write_margins()
        return result

    def _write_margins(self) -> None:
        """Per pair: how the finished adapter sees it. Where it disagrees strongly, the label may be wrong."""
        lines = []
        for split, pairs, rows in (
            ("train", self.train_pairs, rows_by_length(self.train_pairs, self.policy, self.config, self.ranks)),
            ("test", self.test_pairs, self.test_rows),
        ):
            told = ScoringReport(self.emit, f"final_{split}", len(pairs))
            values = score_rows(self.policy, pairs, rows, self._after_row(told), self.ranks)
            lines += margin_lines(split, pairs, pair_scores(pairs, values, self.reference[split]), self.config.beta)
        if self.ranks.main:
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
            **{name: value for name, value in summary.items() if name in _STEP_FIGURES},
            "grad_norm": norm,
            "learning_rate": learning_rate,
            "pairs": len(pairs),
        }

    def accumulate_gradient(self, step: int) -> SideLogProbs:
        """Leave the gradient of ``sum w_i loss_i / sum w_i`` over all pairs of the step in the parameters, however the
        pairs are spread over rows. Returns the pairs' log-probabilities (pairs, 2), in the step's order."""
        indices = self.schedule.indices(step)
        total_weight = math.fsum(self.train_pairs[index].weight for index in indices)
        values, place = np.zeros((len(indices), 2)), {index: place for place, index in enumerate(indices)}

        def backward(part: tuple[PackedRow, bool]) -> tuple[SideLogProbs, Gradients]:
            row, counts = part
            return self._backward(row, total_weight if counts else math.inf)

        for (row, counts), (scored, gradients) in self.policy.lanes.each(backward, self.ranks.share(self.rows(step))):
            if counts:
                values[[place[index] for index in row.pairs]] = scored
            for parameter, gradient in zip(self.parameters, gradients, strict=bool(gradients)):
                if gradient is not None:
                    parameter.grad = gradient if parameter.grad is None else parameter.grad.add_(gradient)
        self.ranks.sum_gradients(self.parameters)
        return self.ranks.add_up(values)

    def _backward(self, row: PackedRow, total_weight: float) -> tuple[SideLogProbs, Gradients]:
        """A row's values (pairs, 2), and its share of the gradient (zero, if the total weight is infinite). A single
        lane adds that to what is there and returns none: all weights' gradients would not lie in memory twice."""
        pairs = [self.train_pairs[index] for index in row.pairs]
        sides = self.policy.side_values(row).view(-1, 2)
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
        loss = weighted_sum(losses, weight, total_weight)
        if self.policy.lanes.count > 1:
            return values, torch.autograd.grad(loss, self.parameters, allow_unused=True)
        # FSDP takes the mean over the processes, where the sum is wanted.
        torch.autograd.backward(loss * self.ranks.size if self.ranks.sharded else loss)
        return values, ()

    def _apply_gradient(self, learning_rate: float, pairs: list[TokenPair]) -> float:
        """Clip, step, clear; returns the norm before clipping."""
        norm = torch.nn.utils.get_total_norm([each.grad for each in self.parameters if each.grad is not None])
        length = float(gathered(norm))
        if not math.isfinite(length):
            names = ", ".join(f"{pair.id!r} (line {pair.line})" for pair in pairs)
            raise Diverged(f"the gradient is not finite after the pairs {names}")
        if self.config.max_grad_norm:
            torch.nn.utils.clip_grads_with_norm_(self.parameters, self.config.max_grad_norm, norm)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return length

    def evaluate(self, step: int) -> dict[str, Any]:
        """Score the held-out pairs, report, and return the figures."""
        told = ScoringReport(self.emit, "held_out", len(self.test_pairs))
        values = score_rows(self.policy, self.test_pairs, self.test_rows, self._after_row(told), self.ranks)
        figures = self._summary(pair_scores(self.test_pairs, values, self.reference["test"]))
        if self.probes is not None:
            figures |= self.ranks.from_main(self.probes.measure() if self.ranks.main else None)
        record = {"event": "evaluated", "step": step, "split": "test", **figures}
        self.selection.note(step, figures)
        self.folder.append_metrics(record)
        self.emit(record)
        return figures

    def _summary(self, scores: PairScores) -> dict[str, Any]:
        figures = summarise(scores, losses_of(scores, self.config.loss_settings), self.config.beta)
        return figures if self.policy.has_reference else without_reference(figures)

    def _report(self, step: int, figures: dict[str, Any], clock: Clock) -> None:
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
            target, weights=self.weights, optimizer=self.optimizer, progress=self.progress, writes=self.ranks.main
        )
        self.folder.remove_old_checkpoints(self.config.keep_checkpoints)
        self.emit({"event": "checkpoint", "step": self.progress.step, "path": str(target)})

    def _after_row(self, told: ScoringReport) -> Callable[[int], None]:
        """What happens between the rows of a scoring pass: say how far it is, stop if asked."""

        def after_row(scored: int) -> None:
            told.say(scored)
            if self.ranks.size == 1:  # several stop together, between steps
                self._cancel_if_asked()

        return after_row

    def _cancel_if_asked(self) -> None:
        if self.ranks.any(self.stop.requested):
            self.save()
            raise Cancelled(f"cancelled after step {self.progress.step} of {self.schedule.steps}")


def make_optimizer(parameters: list[torch.nn.Parameter], config: RunConfig) -> torch.optim.Optimizer:
    """The optimizer of the config over what is trained; the learning rate is set before every step."""
    shared: dict[str, Any] = {"eps": config.adam_epsilon, "weight_decay": config.weight_decay, "foreach": True}
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=config.learning_rate, alpha=config.adam_beta2, **shared)
    betas = (config.adam_beta1, config.adam_beta2)
    return torch.optim.AdamW(parameters, lr=config.learning_rate, betas=betas, **shared)
