"""The pairs and the learning rate of each step: functions of config and step alone, so that a resumed run agrees."""

from __future__ import annotations

import math

import numpy as np

from training.engine.config import RunConfig


class Schedule:
    """The plan of a run over ``pairs`` preference pairs. Steps count from 1."""

    def __init__(self, config: RunConfig, pairs: int) -> None:
        self.config = config
        self.pairs = pairs
        self.steps_per_epoch = math.ceil(pairs / config.pairs_per_step)
        self.steps = self.steps_per_epoch * config.epochs
        self._epoch = -1  # whose order is kept; a permutation of all pairs at every step would cost too much
        self._order: list[int] = []

    def epoch_of(self, step: int) -> int:
        """Epoch of a step, from 0."""
        return (step - 1) // self.steps_per_epoch

    def order(self, epoch: int) -> list[int]:
        """A permutation of all pairs, from the seed and the epoch."""
        generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.config.seed, epoch])))
        return [int(index) for index in generator.permutation(self.pairs)]

    def indices(self, step: int) -> list[int]:
        """The pairs of a step; an epoch's last step may have fewer."""
        epoch = self.epoch_of(step)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, self.order(epoch)
        first = (step - 1) % self.steps_per_epoch * self.config.pairs_per_step
        return self._order[first : first + self.config.pairs_per_step]

    def evaluates_after(self, step: int) -> bool:
        """Whether an evaluation is due between this step and the next; the one after the last step is always made."""
        every = self.config.evaluate_every
        return every > 0 and 0 < step < self.steps and step % every == 0

    def evaluations_after(self, step: int) -> int:
        """How many evaluations are due after later steps than this one, without the one after the last step."""
        every = self.config.evaluate_every
        return max(0, (self.steps - 1) // every - step // every) if every > 0 else 0

    def saves_after(self, step: int) -> bool:
        """Whether a checkpoint is due between this step and the next. After the last one the result is written; with a
        ``checkpoint_every`` of 0 a stop alone writes one."""
        every = self.config.checkpoint_every
        return every > 0 and step < self.steps and step % every == 0

    def learning_rate(self, step: int) -> float:
        """Rises linearly over the warm-up, then falls towards zero, which it would reach one step after the last."""
        peak = self.config.learning_rate
        warmup = math.ceil(self.config.warmup_ratio * self.steps)
        if step <= warmup:
            return peak * step / warmup
        progress = (step - warmup) / (self.steps - warmup + 1)
        if self.config.schedule == "linear":
            return peak * (1.0 - progress)
        if self.config.schedule == "cosine":
            return peak * 0.5 * (1.0 + math.cos(math.pi * progress))
        return peak
