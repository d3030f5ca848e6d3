"""One optimizer step: the gradient of a batch's loss, however its pairs are spread over rows, and its application."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.distributed.tensor import DTensor

from training.engine.config import RunConfig
from training.engine.data.packing import PackedRow, copied
from training.engine.data.records import TokenPair
from training.engine.errors import Diverged, InputError
from training.engine.losses import Pairs, pair_losses, weighted_sum
from training.engine.measuring.scoring import SideLogProbs, check_finite
from training.engine.model.lanes import ahead
from training.engine.model.parallel import ALONE, Ranks, gathered
from training.engine.model.policy import TrainedModel
from training.engine.model.weights import Weights
from training.language_models.four_bits import NotQuantizable, library

Gradients = Sequence[torch.Tensor | None]  # one for each parameter; empty if the parameters hold them already


@dataclass(frozen=True)
class Batch:
    """The pairs behind one step: those that ``indices`` names among all ``pairs``, packed into ``rows``.

    ``reference``: (pairs, 2), the log-probabilities of all pairs under the reference.
    """

    pairs: Sequence[TokenPair]
    reference: SideLogProbs
    indices: Sequence[int]
    rows: Sequence[PackedRow]

    @property
    def step_pairs(self) -> list[TokenPair]:
        """The pairs of the batch, in its order."""
        return [self.pairs[index] for index in self.indices]


@dataclass(frozen=True)
class RowOfStep:
    """A row of this process with everything that its loss needs; ``counts``: see ``Ranks.share``."""

    row: PackedRow
    counts: bool
    facts: torch.Tensor  # (pairs, 6) fp64: two reference log-probabilities, two lengths, confidence, weight


def facts_of(row: PackedRow, batch: Batch) -> torch.Tensor:
    """All that the loss needs of a row's pairs beside the policy's numbers, in one tensor: one copy to the device."""
    facts = [
        (*reference, *map(len, pair.scored_ids), pair.confidence, pair.weight)
        for reference, pair in zip(
            batch.reference[list(row.pairs)], [batch.pairs[index] for index in row.pairs], strict=True
        )
    ]
    return torch.tensor(facts, dtype=torch.float64)


class Optimization:
    """Optimizer steps over everything that a model trains."""

    def __init__(self, model: TrainedModel, weights: Weights, config: RunConfig, ranks: Ranks = ALONE) -> None:
        self.model, self.config, self.ranks = model, config, ranks
        self.parameters = list(weights.parameters().values())
        self.optimizer = make_optimizer(self.parameters, config)
        self.copies_ahead = model.device.type != "cpu"
        self.tokens = 0  # that went through the model in the latest step

    def accumulate(self, batch: Batch) -> SideLogProbs:
        """Leave the gradient of ``sum w_i loss_i / sum w_i`` over all pairs of the batch in the parameters, however the
        pairs are spread over rows. Returns the pairs' log-probabilities (pairs, 2), in the batch's order. Raises
        Diverged, naming the pair, where one is not finite."""
        place = {index: place for place, index in enumerate(batch.indices)}
        places: list[int] = []
        self.tokens = 0
        on_device: list[torch.Tensor] = []  # looked at once, when all rows are done: each look waits for the device

        for part, scored in self.backward_rows(batch):
            if part.counts:
                places += [place[index] for index in part.row.pairs]
                on_device.append(scored)
                self.tokens += part.row.tokens
        values = np.zeros((len(batch.indices), 2))
        if on_device:
            values[places] = torch.cat(on_device).cpu().numpy()
        values = self.ranks.add_up(values)
        check_finite(values, batch.step_pairs)  # in all processes alike: none waits for one that gave up
        self.tokens = int(self.ranks.add_up(np.array([float(self.tokens)]))[0])
        self.ranks.sum_gradients(self.parameters)
        return values

    def backward_rows(self, batch: Batch) -> Iterator[tuple[RowOfStep, torch.Tensor]]:
        """Add the gradient of every row of this process to the parameters' gradients; gives each with its values
        (pairs, 2), which lie on the device: nothing here waits for it."""
        total_weight = math.fsum(pair.weight for pair in batch.step_pairs)

        def backward(part: RowOfStep) -> tuple[torch.Tensor, Gradients]:
            return self._backward(part, total_weight if part.counts else math.inf)

        for part, (scored, gradients) in self.model.lanes.each(backward, self._rows(batch)):
            for parameter, gradient in zip(self.parameters, gradients, strict=bool(gradients)):
                if gradient is not None:
                    parameter.grad = gradient if parameter.grad is None else parameter.grad.add_(gradient)
            yield part, scored

    def _rows(self, batch: Batch) -> Iterator[RowOfStep]:
        """This process's rows. For a device of its own the next is laid out and copied while it computes this one."""
        rows = (RowOfStep(row, counts, facts_of(row, batch)) for row, counts in self.ranks.share(batch.rows))
        return ahead(rows, self._on_device) if self.copies_ahead else rows

    def _on_device(self, part: RowOfStep) -> RowOfStep:
        device = self.model.device
        # Each thread has a current GPU of its own, the first one unless it is told.
        with torch.cuda.device(device) if device.type == "cuda" else nullcontext():
            return RowOfStep(self.model.forward.prepare(part.row), part.counts, copied(part.facts, device))

    def _backward(self, part: RowOfStep, total_weight: float) -> tuple[torch.Tensor, Gradients]:
        """A row's values (pairs, 2), and its share of the gradient (zero if the total weight is infinite). A single
        lane adds its share to the parameters' gradients and returns none, so that memory holds one gradient of all
        weights, not two."""
        sides, facts = self.model.side_values(part.row).view(-1, 2), part.facts
        values = sides.detach()
        columns = Pairs(policy=sides, reference=facts[:, :2], tokens=facts[:, 2:4], confidence=facts[:, 4])
        losses = pair_losses(columns, self.config.loss_settings)
        loss = weighted_sum(losses, facts[:, 5], total_weight)
        if self.model.lanes.count > 1:
            return values, torch.autograd.grad(loss, self.parameters, allow_unused=True)
        # FSDP takes the mean over the processes; the factor makes it a sum.
        torch.autograd.backward(loss * self.ranks.size if self.ranks.averaged else loss)
        return values, ()

    def apply(self, learning_rate: float, batch: Batch) -> float:
        """Clip the gradient of the batch, step, clear; returns the norm before clipping. Raises Diverged, naming the
        pairs, where it is not finite."""
        norm = torch.nn.utils.get_total_norm([each.grad for each in self.parameters if each.grad is not None])
        length = float(gathered(norm))
        if not math.isfinite(length):
            names = ", ".join(f"{pair.id!r} (line {pair.line})" for pair in batch.step_pairs)
            raise Diverged(f"the gradient is not finite after the pairs {names}: take a smaller learning rate")
        if self.config.max_grad_norm:
            torch.nn.utils.clip_grads_with_norm_(self.parameters, self.config.max_grad_norm, norm)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return length


def fastest_way(optimizer: str, devices: set[str]) -> str:
    """The option of torch's optimizers for devices of these types: one kernel for the whole step on CUDA (RMSprop has
    none), else an operation over all parameters at a time."""
    return "fused" if optimizer == "adamw" and devices == {"cuda"} else "foreach"


def make_optimizer(parameters: list[torch.nn.Parameter], config: RunConfig) -> torch.optim.Optimizer:
    """The optimizer of the config over the trained parameters; the learning rate is set before every step. Raises
    InputError where its state cannot be had."""
    if config.optimizer_state != "full":
        return _saving_optimizer(parameters, config)
    way = fastest_way(config.optimizer, {each.device.type for each in parameters})
    shared: dict[str, Any] = {"eps": config.adam_epsilon, "weight_decay": config.weight_decay, way: True}
    if config.optimizer == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=config.learning_rate, alpha=config.adam_beta2, **shared)
    betas = (config.adam_beta1, config.adam_beta2)
    return torch.optim.AdamW(parameters, lr=config.learning_rate, betas=betas, **shared)


def _saving_optimizer(parameters: list[torch.nn.Parameter], config: RunConfig) -> torch.optim.Optimizer:
    """bitsandbytes' AdamW: its state in eight bits (arXiv 2110.02861), or in fp32 in pages that CUDA moves."""
    setting = f"optimizer_state={config.optimizer_state}"
    if any(isinstance(each, DTensor) for each in parameters):
        raise InputError(f"{setting} is for weights that every process holds whole: set it to full, or processes to 1")
    try:
        kinds = library().optim
    except NotQuantizable as error:
        raise InputError(f"{setting} cannot be used: {error}") from error
    kind = kinds.AdamW8bit if config.optimizer_state == "8bit" else kinds.PagedAdamW
    optimizer: torch.optim.Optimizer = kind(
        parameters,
        lr=config.learning_rate,
        betas=(config.adam_beta1, config.adam_beta2),
        eps=config.adam_epsilon,
        weight_decay=config.weight_decay,
    )
    return optimizer


def state_bytes(parameters: Iterable[torch.Tensor], config: RunConfig) -> int:
    """Bytes that the optimizer's memory takes on the device of its parameters."""
    moments = 2 if config.optimizer == "adamw" else 1
    sizes = [(each.numel(), each.numel() * each.element_size(), each.device.type) for each in parameters]
    if config.optimizer_state == "8bit":  # tensors of less than 4,096 entries stay in fp32; a scale for 256 entries
        return sum(moments * (count + 4 * -(-count // 256) if count >= 4096 else size) for count, size, _ in sizes)
    if config.optimizer_state == "paged":  # large ones leave the device when it is short
        return sum(moments * size for count, size, device in sizes if device == "cpu" or count < 100_000)
    return sum(moments * size for _, size, _ in sizes)
