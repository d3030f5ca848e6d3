"""The settings of RLHF: those of a run, and its own."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from training.engine.config import RunConfig
from training.engine.errors import InputError
from training.engine.loss_settings import LossSettings
from training.engine.setting_fields import setting

RLOO, PPO, ONLINE_DPO = "rloo", "ppo", "online_dpo"

ONLY_FOR_PAIRS = (
    *(each.name for each in dataclasses.fields(LossSettings) if hasattr(RunConfig, each.name) and each.name != "beta"),
    *("measured_noise", "epochs", "pairs_per_step", "share_prefix", "sharding"),
    *("evaluate_every", "keep_best", "patience", "probe_prompts", "probe_tokens", "kl_budget", "final_margins"),
    "tensorboard",
)
"""The settings of a run over pairs that mean nothing here."""


@dataclass(frozen=True)
class RlhfConfig(RunConfig):
    """``beta`` is the weight of the KL to the reference in the reward. Settings of pairs and of held-out pairs are
    refused (ONLY_FOR_PAIRS)."""

    learning_rate: float = setting(1e-4, "Peak step size, reached after warm-up.", above=0.0, high=1.0)
    gradient_checkpointing: str = setting(
        "off",
        "Compute the activations of policy and critic again in the backward instead of keeping them.",
        one_of=("on", "off"),
    )
    algorithm: str = setting(
        RLOO,
        "rloo compares a prompt's samples with each other; ppo learns a critic; online_dpo makes pairs of them.",
        one_of=(RLOO, PPO, ONLINE_DPO),
    )
    steps: int = setting(100, "Steps: each writes samples, and learns from them.", low=1, high=1_000_000)
    prompts_per_step: int = setting(16, "Prompts that are answered in a step.", low=1, high=65536)
    samples_per_prompt: int = setting(
        4, "Completions of each prompt in a step; rloo and online_dpo need two.", low=1, high=4096
    )
    max_tokens: int = setting(64, "Longest completion, in tokens.", low=1, high=8192)
    passes: int = setting(0, "Passes over a step's samples; 0 is four for ppo and one else.", low=0, high=100)
    preferences: str = setting(
        "best",
        "online_dpo's pairs: best takes the highest and the lowest reward; drawn takes two samples and draws which one "
        "people would choose.",
        one_of=("best", "drawn"),
    )
    clip: float = setting(0.2, "How far a probability ratio may move within a step.", above=0.0)
    value_clip: float = setting(0.2, "How far a value of the critic may move within a step.", above=0.0)
    discount: float = setting(1.0, "PPO's gamma: the worth of a reward one token later.", above=0.0, high=1.0)
    gae_lambda: float = setting(0.95, "Lambda of generalised advantage estimation.", low=0.0, high=1.0)
    whiten: bool = setting(False, "Scale a step's advantages to mean zero and deviation one.")

    def __post_init__(self) -> None:
        usual = {each.name: each.default for each in dataclasses.fields(self)}
        if changed := [name for name in ONLY_FOR_PAIRS if getattr(self, name) != usual[name]]:
            raise InputError(
                f"rlhf and best-of-n learn from rewards, to which {', '.join(changed)} would not apply: leave it out"
            )
        super().__post_init__()
        if self.processes > 1:
            raise InputError("rlhf and best-of-n run in one process: set processes to 0")
        if self.memory_limit_gib:
            raise InputError(
                "memory_limit_gib works for runs over pairs alone, whose memory is estimated: set it to 0, and lower "
                "tokens_per_row or set gradient_checkpointing to on"
            )

    def check_samples(self) -> None:
        """Raises InputError where there is nothing to compare a sample with, or a setting has no meaning."""
        if self.algorithm != PPO and self.samples_per_prompt < 2:
            raise InputError(f"{self.algorithm} compares a prompt's samples: set samples_per_prompt to 2 or more")
        if self.algorithm == ONLINE_DPO and self.passes > 1:
            raise InputError("online_dpo learns from each sample once: set passes to 1")
        if self.algorithm == ONLINE_DPO and self.whiten:
            raise InputError("whiten has no meaning for online_dpo, whose pairs weigh themselves: set it to false")

    def each_step_once(self) -> RunConfig:
        """The settings of a run whose learning rate goes the same way, over as many pairs as this one has steps."""
        shared = {each.name: getattr(self, each.name) for each in dataclasses.fields(RunConfig)}
        return RunConfig(**{**shared, "pairs_per_step": 1, "epochs": 1})

    @property
    def passes_of_a_step(self) -> int:
        """The passes over a step's samples."""
        return self.passes or (4 if self.algorithm == PPO else 1)
