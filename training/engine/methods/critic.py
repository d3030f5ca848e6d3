"""PPO's critic: a reward model that is read at every token, and its weights beside the policy's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from training.engine.config import RunConfig
from training.engine.data.packing import PackedRow
from training.engine.errors import InputError
from training.engine.learning.reward import RewardModel
from training.engine.methods.rewards import load_scorer
from training.engine.model.lora import AdapterShape
from training.engine.model.weights import Weights

_FILE = "critic.safetensors"
_PREFIX = "critic."


class Critic(RewardModel):
    """``V(x, y_<t) = w . h`` with h the hidden state from which token t is predicted."""

    keeps_last = False

    @classmethod
    def at_start(cls, model: Path, reward_model: Path | None, config: RunConfig) -> Critic:
        """A critic that starts as the reward model (as in InstructGPT, arXiv 2203.02155), or with values of zero."""
        if reward_model is not None:
            return load_scorer(cls, model, reward_model, config)
        shape = AdapterShape(config.lora_rank, config.lora_alpha, tuple(sorted(config.target_modules)))
        critic = cls.load(model, config, shape=shape)
        critic.adapter.survey.check()
        critic.adapter.initialise(config.seed + 1)
        return critic

    def token_values(self, row: PackedRow) -> Tensor:
        """The value before each scored token of a row, (N,) fp64."""
        row = self.forward.prepare(row)
        values: Tensor = self.forward.hidden_states(row, row.places) @ self.reward_head
        return values.double()


@dataclass(frozen=True)
class PolicyAndCritic:
    """The weights of a checkpoint: the policy's files, and one file of the critic's beside them."""

    policy: Weights
    critic: Weights

    @property
    def folder_name(self) -> str:
        """The policy's: the critic is no result."""
        return self.policy.folder_name

    def parameters(self) -> dict[str, nn.Parameter]:
        """All that is trained."""
        return self.policy.parameters() | {_PREFIX + name: each for name, each in self.critic.parameters().items()}

    def load(self, state: dict[str, Tensor]) -> None:
        """Copy all of it in."""
        self.critic.load({name.removeprefix(_PREFIX): each for name, each in state.items() if _is_critics(name)})
        self.policy.load({name: each for name, each in state.items() if not _is_critics(name)})

    def state(self) -> dict[str, Tensor]:
        """All of it by name."""
        return self.policy.state() | {_PREFIX + name: each for name, each in self.critic.state().items()}

    def write(self, directory: Path, state: dict[str, Tensor]) -> None:
        """Write all of it."""
        self.policy.write(directory, {name: each for name, each in state.items() if not _is_critics(name)})
        of_critic = {name: each for name, each in state.items() if _is_critics(name)}
        save_file(of_critic, directory / _FILE)

    def read(self, directory: Path) -> dict[str, Tensor]:
        """Read all of it. Raises InputError."""
        try:
            return self.policy.read(directory) | load_file(directory / _FILE)
        except (OSError, SafetensorError) as error:
            raise InputError(f"cannot read the critic in {directory}: {error}") from error


def _is_critics(name: str) -> bool:
    return name.startswith(_PREFIX)
