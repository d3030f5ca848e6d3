"""An explicit reward model: backbone, adapter and rows as in DPO, and a reward read at each completion's last token.

``r(x, y) = w . h`` with h the last hidden state there; trained by Bradley-Terry, ``-p log sigma(r_c - r_r) - (1 - p)
log sigma(r_r - r_c)``, which is DPO's loss with the reward in place of beta times the log-ratio. So the trainer is the
same, with a reference of zero and a beta of one. ``center_rewards_coefficient`` adds ``eta (r_c + r_r)^2``.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from training.engine.config import UNQUANTIZED, RewardConfig, RunConfig
from training.engine.data.packing import PackedRow
from training.engine.data.records import PairSet, TokenPair
from training.engine.errors import InputError
from training.engine.events import StopRequest
from training.engine.loss_settings import BETA
from training.engine.measuring.metrics import Column, accuracy
from training.engine.measuring.scoring import rows_by_length, score_rows
from training.engine.model.adapter_format import AdaptedBase, read_shape, read_state, write_adapter
from training.engine.model.lora import Adapter, copy_into
from training.engine.model.policy import TrainedModel
from training.engine.model.weights import Weights, state_of
from training.engine.run_folder import write_atomically

HEAD_FILE = "reward_head.safetensors"
_HEAD = "reward_head"


class RewardModel(TrainedModel):
    """The model that ``reward`` trains: the number of a completion is its reward."""

    keeps_last = True
    has_reference = False

    def __init__(self, model: Any, **named: Any) -> None:
        """``named``: see ``TrainedModel``."""
        super().__init__(model, **named)
        width = self.head.output.in_features
        # Zero: at the start all rewards are equal, and the loss is ln 2.
        self.reward_head = nn.Parameter(torch.zeros(width, dtype=self.master, device=self.device))

    def weights(self, source: Path) -> Weights:
        """Adapter and head."""
        return RewardWeights(self.adapter, self.reward_head, str(source), quantization=self.quantization)

    def side_values(self, row: PackedRow) -> Tensor:
        """Rewards (2 * pairs,) fp64 of a row that holds the completions' last tokens."""
        row = self.forward.prepare(row)
        rewards: Tensor = self.forward.hidden_states(row, row.ends) @ self.reward_head
        return rewards.double()


@dataclass(frozen=True)
class RewardWeights:
    """The weights of a reward model: PEFT's two files, and the head's beside them."""

    adapter: Adapter
    head: nn.Parameter
    base_model: str
    folder_name: str = "reward_model"
    quantization: str = UNQUANTIZED

    def parameters(self) -> dict[str, nn.Parameter]:
        """A and B of every adapted layer, and w."""
        return {**self.adapter.parameters(), _HEAD: self.head}

    def load(self, state: dict[str, Tensor]) -> None:
        """Copy all of it in."""
        copy_into(self.parameters(), state, what="reward model")

    def state(self) -> dict[str, Tensor]:
        """All of it by name."""
        return state_of(self.parameters())

    def write(self, directory: Path, state: dict[str, Tensor]) -> None:
        """Write all of it."""
        adapter = {name: each for name, each in state.items() if name != _HEAD}
        base = AdaptedBase(self.base_model, self.quantization)
        write_adapter(directory, self.adapter.shape, adapter, base=base, head=state[_HEAD])
        save_file({_HEAD: state[_HEAD]}, directory / HEAD_FILE)

    def read(self, directory: Path) -> dict[str, Tensor]:
        """Read all of it. Raises InputError."""
        try:
            head = load_file(directory / HEAD_FILE)
        except (OSError, SafetensorError) as error:
            raise InputError(f"{directory} is no reward model: {error}") from error
        return {**read_state(directory), **head}


def reward_config(config: RunConfig) -> RewardConfig:
    """The settings as those of a reward model; a beta that is DPO's default was not meant. Raises InputError for
    settings that do not apply to one."""
    if isinstance(config, RewardConfig):
        return config
    values = {each.name: getattr(config, each.name) for each in dataclasses.fields(config)}
    return RewardConfig(**{**values, "beta": 1.0 if config.beta == BETA else config.beta})


def score_rewards(
    model: Path, reward_model: Path, pair_set: PairSet, config: RunConfig, *, stop: StopRequest
) -> Column:
    """Rewards of both sides of every pair, (pairs, 2)."""
    scorer = RewardModel.load(model, config, shape=read_shape(reward_model, has_head=True))
    weights = scorer.weights(model)
    weights.load(weights.read(reward_model))
    rows = rows_by_length(pair_set.pairs, scorer, config)
    return score_rows(scorer, pair_set.pairs, rows, lambda scored, known=0: stop.check())


def write_rewards(target: Path, pairs: list[TokenPair], rewards: Column) -> None:
    """One JSON object per pair: both rewards and their difference."""
    lines = (
        json.dumps(
            {
                "id": pair.id,
                "chosen_reward": float(chosen),
                "rejected_reward": float(rejected),
                "margin": float(chosen - rejected),
            }
        )
        + "\n"
        for pair, (chosen, rejected) in zip(pairs, rewards, strict=True)
    )
    write_atomically(target, "".join(lines).encode())


def reward_figures(rewards: Column) -> dict[str, Any]:
    """How often the reward model agrees with the labels: see ``accuracy``; and the margins."""
    margins = rewards[:, 0] - rewards[:, 1]
    return {
        **accuracy(margins),
        "margin": float(margins.mean()),
        "margin_p5": float(np.percentile(margins, 5)),
        "margin_p95": float(np.percentile(margins, 95)),
    }
