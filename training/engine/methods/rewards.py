"""Where a sample's reward comes from: a reward model that the engine trained, or a Python function."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from training.engine.config import RunConfig
from training.engine.data.text import TextEncoder
from training.engine.errors import Diverged, InputError
from training.engine.events import log
from training.engine.learning.reward import RewardModel
from training.engine.methods.samples import Sample, rows_of_samples
from training.engine.model.adapter_format import read_shape

Rewards = NDArray[np.float64]
Scorer = TypeVar("Scorer", bound=RewardModel)


class Reward(Protocol):
    """Gives every sample a number."""

    def __call__(self, samples: Sequence[Sample]) -> Rewards:
        """The samples' rewards, (samples,)."""


class ModelReward:
    """The reward of a reward model, read at each completion's last token."""

    def __init__(self, scorer: RewardModel, *, tokens_per_row: int) -> None:
        self.scorer, self.tokens_per_row = scorer, tokens_per_row

    @classmethod
    def load(cls, model: Path, reward_model: Path, config: RunConfig) -> ModelReward:
        """The reward model of a folder, over the base model that it was trained from. Raises InputError."""
        return cls(load_scorer(RewardModel, model, reward_model, config), tokens_per_row=config.tokens_per_row)

    @torch.no_grad()
    def __call__(self, samples: Sequence[Sample]) -> Rewards:
        """One pass per row."""
        rewards = np.zeros(len(samples))
        for part in rows_of_samples(samples, tokens_per_row=self.tokens_per_row, keep_last=True):
            rewards[list(part.members)] = self.scorer.side_values(part.row).cpu().numpy()
        return checked(rewards)


def load_scorer(kind: type[Scorer], model: Path, reward_model: Path, config: RunConfig) -> Scorer:
    """A reward model, or a critic that starts as one. Raises InputError."""
    scorer = kind.load(model, config, shape=read_shape(reward_model, has_head=True))
    weights = scorer.weights(model)
    weights.load(weights.read(reward_model))
    return scorer


class FunctionReward:
    """The reward of a Python function of the prompt's and the completion's text."""

    def __init__(self, function: Callable[[str, str], float], encoder: TextEncoder) -> None:
        self.function, self.encoder = function, encoder

    @classmethod
    def load(cls, name: str, encoder: TextEncoder) -> FunctionReward:
        """The function named ``module:function``. Raises InputError where there is none."""
        module, colon, attribute = name.partition(":")
        if not colon or not module or not attribute:
            raise InputError(f"a reward function is named module:function, got {name!r}")
        try:
            function = getattr(import_module(module), attribute)
        except Exception as error:  # whatever a person's module raises
            log(traceback.format_exc())
            raise InputError(f"cannot load the reward function {name}: {error}") from error
        if not callable(function):
            raise InputError(f"{name} is no function")
        return cls(function, encoder)

    def __call__(self, samples: Sequence[Sample]) -> Rewards:
        """Special tokens are left out of both texts."""
        decode = self.encoder.tokenizer.decode
        texts = (
            [decode(list(ids), skip_special_tokens=True) for ids in (sample.prompt_ids, sample.completion_ids)]
            for sample in samples
        )
        return checked(np.array([self._reward(*pair) for pair in texts]))

    def _reward(self, prompt: str, completion: str) -> float:
        """Raises InputError, with the traceback in the log, where the function raises or returns no number."""
        try:
            return float(self.function(prompt, completion))
        except Exception as error:
            log(traceback.format_exc())
            raise InputError(f"the reward function raised {type(error).__name__}: {error}") from error


def check_one_reward(reward_model: Path | None, function: str | None) -> None:
    """Raises InputError unless exactly one reward is named."""
    if (reward_model is None) == (function is None):
        raise InputError("name one reward: a reward model's folder, or a function as module:function")


def reward_of(
    model: Path, reward_model: Path | None, function: str | None, config: RunConfig, encoder: TextEncoder
) -> Reward:
    """The reward that was named. Raises InputError."""
    check_one_reward(reward_model, function)
    if reward_model is not None:
        return ModelReward.load(model, reward_model, config)
    return FunctionReward.load(function or "", encoder)


def checked(rewards: Rewards) -> Rewards:
    """The rewards. Raises Diverged where one is not finite."""
    if not all(map(math.isfinite, rewards)):
        raise Diverged("a reward is not finite")
    return rewards
