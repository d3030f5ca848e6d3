"""The settings of one run: frozen, checked, and every field with its sentence."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from training.engine.errors import InputError
from training.engine.loss_settings import BETAS, NAMES, WITH_MARGIN, LossSettings, doubts
from training.engine.setting_fields import check, coerce, range_of, setting

LINEAR_PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
TUNINGS = ("lora", "full")
REFERENCES = ("start", "base")
SHARDINGS = ("auto", "none", "full")
CHECKPOINTING = ("auto", "on", "selective", "off")
UNQUANTIZED = "none"
QUANTIZATIONS = (UNQUANTIZED, "nf4")
OPTIMIZER_STATES = ("full", "8bit", "paged")
OPTIMIZERS = ("adamw", "rmsprop")
SCHEDULES = ("linear", "cosine", "constant")
DTYPES = ("auto", "bfloat16", "float32", "float64")


@dataclass(frozen=True)
class RunConfig:
    """One run's settings. ``RunConfig.from_mapping`` refuses unknown names and values out of range."""

    loss: str = setting("sigmoid", "Which preference loss is minimised.", one_of=NAMES)
    beta: float = setting(
        0.1,
        "Strength of the tie to the reference: reward = beta * log-ratio. Unless it is set, sigmoid_norm takes 5, ipo "
        "2.5 and simpo 2: they compare means over tokens.",
        above=0.0,
    )
    label_noise: float = setting(
        0.1, "The share of flipped labels that the robust loss corrects for.", low=0.0, below=0.5
    )
    measured_noise: float = setting(
        0.0,
        "The measured share of wrong labels: confidences are moved in log odds until their mean says as much; 0 leaves "
        "them.",
        low=0.0,
        below=0.5,
    )
    simpo_margin: float = setting(0.5, "SimPO's gamma: the reward difference it asks for.", low=0.0)
    sft_weight: float = setting(
        0.0, "Adds this times the chosen completion's mean negative log-probability per token to the loss.", low=0.0
    )
    dpop_weight: float = setting(
        0.0, "DPO-Positive's penalty on chosen completions that become less likely than under the reference.", low=0.0
    )
    unlikelihood_weight: float = setting(
        1.0, "Weight of the unlikelihood loss's term that makes the rejected completion unlikely.", low=0.0
    )
    tuning: str = setting(
        "lora", "Whether an adapter beside the frozen model is trained, or all of the model's weights.", one_of=TUNINGS
    )
    reference: str = setting(
        "start",
        "The reference of a run that starts from a parent's adapter: that start, or the base model under it.",
        one_of=REFERENCES,
    )
    optimizer: str = setting("adamw", "Which optimizer; rmsprop is the DPO paper's.", one_of=OPTIMIZERS)
    optimizer_state: str = setting(
        "full",
        "How AdamW's memory is kept: full is fp32, 8bit takes a quarter of it, and paged lets CUDA move it off a GPU "
        "that is short.",
        one_of=OPTIMIZER_STATES,
    )
    learning_rate: float = setting(5e-4, "Peak step size, reached after warm-up.", above=0.0, high=1.0)
    schedule: str = setting(
        "linear", "How the learning rate falls after warm-up, to zero at the last step.", one_of=SCHEDULES
    )
    warmup_ratio: float = setting(0.1, "Share of all steps in which the learning rate rises.", low=0.0, high=1.0)
    epochs: int = setting(2, "How often every preference pair is seen.", low=1, high=1000)
    pairs_per_step: int = setting(8, "Preference pairs behind one optimizer step.", low=1, high=65536)
    max_grad_norm: float = setting(1.0, "Gradients with a larger norm are scaled down to it; 0 is off.", low=0.0)
    weight_decay: float = setting(0.0, "Weight decay on the adapter, decoupled in AdamW.", low=0.0, high=1.0)
    adam_beta1: float = setting(0.9, "AdamW's memory of the gradient.", low=0.0, high=0.9999)
    adam_beta2: float = setting(0.99, "The optimizer's memory of the squared gradient.", low=0.0, high=0.99999)
    adam_epsilon: float = setting(1e-8, "Floor under the root of the squared gradient.", above=0.0, high=1.0)
    lora_rank: int = setting(16, "Rank r of the adapter's two factors.", low=1, high=4096)
    lora_alpha: float = setting(32.0, "The adapter's product is scaled by alpha / r.", above=0.0)
    target_modules: tuple[str, ...] = setting(
        LINEAR_PROJECTIONS,
        "Names of the linear layers that carry an adapter (the last part of their path), or all-linear for every one.",
    )
    max_length: int = setting(
        2048, "Longest prompt + completion in tokens; a pair beyond it is dropped and counted, never cut.", low=2
    )
    tokens_per_row: int = setting(
        3072,
        "Tokens of the flat rows computed at a time, into which pairs are packed. A longer pair has its own row.",
        low=1,
    )
    share_prefix: bool = setting(
        True, "Compute the common beginning of the two sides once, where the architecture allows it."
    )
    dtype: str = setting(
        "auto", "Number format of the matrix products; auto is bfloat16 where the hardware has it.", one_of=DTYPES
    )
    quantization: str = setting(
        UNQUANTIZED,
        "Number format of the frozen linear layers under an adapter: nf4 keeps them in four bits, a quarter of the "
        "memory of bfloat16 (QLoRA).",
        one_of=QUANTIZATIONS,
    )
    device: str = setting("auto", "Where to compute; auto is CUDA if there is one.", one_of=("auto", "cpu", "cuda"))
    tf32: bool = setting(
        False,
        "On CUDA, multiply fp32 matrices with factors rounded to 10 bits: faster for models in fp32, less exact.",
    )
    deterministic: str = setting(
        "auto",
        "Operations that give the same bits every time; auto is on for a CPU, and off for CUDA, where they are slower.",
        one_of=("auto", "on", "off"),
    )
    gradient_checkpointing: str = setting(
        "auto",
        "Compute activations again in the backward instead of keeping them; selective keeps the results of products. "
        "auto does as much of it as memory asks for.",
        one_of=CHECKPOINTING,
    )
    memory_limit_gib: float = setting(
        0.0, "Memory that the run may ask for beyond its loaded model, in GiB; 0 is what is free at its start.", low=0.0
    )
    threads: int = setting(0, "CPU threads; 0 leaves it to torch.", low=0, high=1024)
    lanes: int = setting(
        0,
        "Rows computed side by side on a CPU, each on its share of the threads; 0 is one per thread, up to four.",
        low=0,
        high=1024,
    )
    processes: int = setting(
        0,
        "Processes that train together, each with a share of every step's rows; 0 is one for each GPU, else one.",
        low=0,
        high=1024,
    )
    sharding: str = setting(
        "auto",
        "Whether several processes share the frozen model under an adapter (full) or each hold all of it (none); auto "
        "shares it where it does not fit one GPU.",
        one_of=SHARDINGS,
    )
    evaluate_every: int = setting(
        0, "Steps between evaluations on the held-out pairs; 0 evaluates at the end only.", low=0
    )
    keep_best: int = setting(
        1,
        "How many adapters with the lowest held-out loss are kept; the run ends with the best.",
        low=1,
        high=100,
    )
    patience: int = setting(
        0, "Evaluations in a row without a lower held-out loss after which the run stops early; 0 never does.", low=0
    )
    probe_prompts: int = setting(
        0,
        "Held-out prompts that the policy answers at every evaluation, for KL, entropy and probes; 0 is none.",
        low=0,
        high=10_000,
    )
    probe_tokens: int = setting(128, "Longest completion of such a prompt, in tokens.", low=1, high=8192)
    kl_budget: float = setting(
        0.0,
        "Nats per completion that the policy may drift from the reference before the run stops early; 0 is no limit.",
        low=0.0,
    )
    final_margins: bool = setting(
        True, "Score all training pairs once more at the end, for margins.jsonl: which labels the model disagrees with."
    )
    checkpoint_every: int = setting(10, "Steps between checkpoints; 0 writes one on cancellation only.", low=0)
    keep_checkpoints: int = setting(2, "How many of the newest checkpoints stay on disk.", low=1, high=1000)
    tensorboard: bool = setting(
        False, "Write the figures of steps and evaluations for TensorBoard too, into the run's folder (tensorboard/)."
    )
    seed: int = setting(0, "Seed of the adapter's start and of the data order.", low=0, high=2**63 - 1)

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            check(each, getattr(self, each.name))
        if self.patience and not self.evaluate_every:
            raise InputError("patience counts evaluations: set evaluate_every to the steps between them")
        if self.kl_budget and not (self.probe_prompts and self.evaluate_every):
            raise InputError("kl_budget needs probe_prompts, to measure the KL, and evaluate_every, to do so in time")
        if self.quantization != UNQUANTIZED and (self.tuning == "full" or self.sharding == "full"):
            raise InputError(
                f"quantization={self.quantization} is for an adapter beside a frozen model that every process holds: "
                "set tuning to lora, and sharding to auto or none"
            )
        if self.optimizer_state != "full" and self.optimizer != "adamw":
            raise InputError(
                f"optimizer_state={self.optimizer_state} is for adamw: set optimizer to it, or the state to full"
            )
        if self.dpop_weight and self.loss not in WITH_MARGIN:
            raise InputError(
                f"dpop_weight works with the losses {', '.join(WITH_MARGIN)}, not with {self.loss}: set it to 0"
            )

    def doubts(self) -> list[str]:
        """A sentence for each value that can hardly be meant; see ``loss_settings.doubts``."""
        return doubts(self.loss_settings, learning_rate=self.learning_rate, tuning=self.tuning)

    @property
    def loss_settings(self) -> LossSettings:
        """The settings of the loss functions."""
        fields = (each.name for each in dataclasses.fields(LossSettings))
        return LossSettings(**{name: getattr(self, name) for name in fields if hasattr(self, name)})

    @classmethod
    def from_mapping(cls, values: dict[str, Any]) -> Self:
        """Build from parsed JSON; ``beta`` is the loss's own unless it is named. Raises InputError for an unknown name,
        a wrong type or a value out of range."""
        known = {each.name: each for each in dataclasses.fields(cls)}
        for name in values:
            if name not in known:
                raise InputError(f"unknown setting {name!r}; known are {', '.join(known)}")
        given = {name: coerce(known[name], value) for name, value in values.items()}
        if given.get("loss") in BETAS:
            given.setdefault("beta", BETAS[given["loss"]])
        return cls(**given)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, in the order of the fields."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in ((each.name, getattr(self, each.name)) for each in dataclasses.fields(self))
        }


@dataclass(frozen=True)
class RewardConfig(RunConfig):
    """The settings of a reward model. Its loss is Bradley-Terry on rewards; settings of other losses, and of answers
    of the policy, are refused."""

    beta: float = setting(1.0, "A reward model has no reference to be tied to: always 1.", low=1.0, high=1.0)
    learning_rate: float = setting(1e-4, "Peak step size, reached after warm-up.", above=0.0, high=1.0)
    epochs: int = setting(
        1, "How often every preference pair is seen; reward models overfit after the first.", low=1, high=1000
    )
    center_rewards_coefficient: float = setting(
        0.0, "Adds this times the squared sum of a pair's rewards to the loss, so that rewards centre on zero.", low=0.0
    )

    def __post_init__(self) -> None:
        if self.tuning != "lora" or self.probe_prompts:
            raise InputError("a reward model is trained with tuning=lora and probe_prompts=0: it writes no completions")
        own = {each.name: each.default for each in dataclasses.fields(self)}
        unused = [each.name for each in dataclasses.fields(LossSettings) if each.name != "center_rewards_coefficient"]
        if changed := [name for name in (*unused, "reference") if getattr(self, name) != own[name]]:
            raise InputError(
                f"a reward model is trained by Bradley-Terry on rewards, to which {', '.join(changed)} would not "
                "apply: leave it out"
            )
        super().__post_init__()


def load_config(path: Path | None, assignments: list[str]) -> RunConfig:
    """The settings of a run; see ``read_settings``."""
    return RunConfig.from_mapping(read_settings(path, assignments))


def read_settings(path: Path | None, assignments: list[str]) -> dict[str, Any]:
    """Read ``--config`` (JSON object) and apply each ``--set field=value`` on top; a value is JSON or a plain word."""
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"cannot read the config {path}: {error}") from error
        if not isinstance(values, dict):
            raise InputError(f"the config {path} must be a JSON object of settings")
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise InputError(f"--set wants field=value, got {assignment!r}")
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return values


def as_table(kind: type[RunConfig] = RunConfig) -> str:
    """Every setting with its default, its range and its meaning, as Markdown; of another kind those that differ."""
    lines = ["| setting | default | range | meaning |", "|---|---|---|---|"]
    own = {each.name: each.default for each in dataclasses.fields(RunConfig)} if kind is not RunConfig else {}
    for each in dataclasses.fields(kind):
        if each.name in own and own[each.name] == each.default:
            continue
        default = ", ".join(each.default) if isinstance(each.default, tuple) else json.dumps(each.default).strip('"')
        lines.append(f"| `{each.name}` | {default} | {range_of(each)} | {each.metadata['sentence']} |")
    return "\n".join(lines)
