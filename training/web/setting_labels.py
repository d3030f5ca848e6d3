"""The engine's settings and figures in words, for pages that list them."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.wording import significant

SETTINGS: dict[str, str | Promise] = {
    "adam_beta1": _("Adam: memory of the gradient"),
    "adam_beta2": _("Adam: memory of the squared gradient"),
    "adam_epsilon": _("Adam: epsilon"),
    "beta": _("Beta"),
    "checkpoint_every": _("Steps between checkpoints"),
    "device": _("Device"),
    "deterministic": _("The same bits every time"),
    "tf32": _("TF32 on CUDA"),
    "dpop_weight": _("DPO-Positive weight"),
    "dtype": _("Number format"),
    "epochs": _("Epochs"),
    "evaluate_every": _("Steps between evaluations"),
    "final_margins": _("Score all pairs at the end"),
    "gradient_checkpointing": _("Gradient checkpointing"),
    "keep_best": _("Best adapters kept"),
    "keep_checkpoints": _("Checkpoints kept"),
    "kl_budget": _("Limit of the drift, nats per completion"),
    "label_noise": _("Label noise corrected for"),
    "lanes": _("Lanes"),
    "learning_rate": _("Learning rate"),
    "lora_alpha": _("LoRA alpha"),
    "lora_rank": _("LoRA rank"),
    "loss": _("Loss"),
    "max_grad_norm": _("Gradient norm limit"),
    "max_length": _("Longest pair, tokens"),
    "memory_limit_gib": _("Memory limit, GiB"),
    "measured_noise": _("Measured share of wrong labels"),
    "optimizer": _("Optimizer"),
    "optimizer_state": _("Optimizer's memory"),
    "pairs_per_step": _("Pairs per step"),
    "patience": _("Evaluations without progress before it stops"),
    "processes": _("Processes, one for each GPU"),
    "probe_prompts": _("Held-out prompts answered at each evaluation"),
    "probe_tokens": _("Longest completion of such a prompt, tokens"),
    "quantization": _("Frozen model"),
    "reference": _("Reference"),
    "schedule": _("Learning rate schedule"),
    "seed": _("Seed"),
    "sft_weight": _("SFT term weight"),
    "sharding": _("Processes share the model"),
    "share_prefix": _("Compute common beginnings once"),
    "simpo_margin": _("SimPO margin"),
    "target_modules": _("Layers with an adapter"),
    "tensorboard": _("Figures for TensorBoard"),
    "threads": _("CPU threads"),
    "tokens_per_row": _("Tokens per row"),
    "tuning": _("Trained weights"),
    "unlikelihood_weight": _("Unlikelihood term weight"),
    "warmup_ratio": _("Warm-up share"),
    "weight_decay": _("Weight decay"),
}
RESULTS: dict[str, str | Promise] = {
    "scenarios_compared": _("scenarios compared that must hold"),
    "scenarios_lost": _("lost scenarios that must hold"),
    "scenarios_passed": _("passed scenarios that must hold"),
    "scenarios_lost_missing": _("why lost scenarios are not known"),
    "scenarios_passed_missing": _("why passed scenarios are not known"),
    "scenarios_lost_names": _("names of lost scenarios"),
    "accuracy": _("accuracy against the base"),
    "accuracy_high": _("accuracy against the base, upper end"),
    "accuracy_low": _("accuracy against the base, lower end"),
    "base": _("base"),
    "compared": _("compared with"),
    "evaluation": _("evaluation"),
    "chosen_logratio": _("log-ratio of the chosen"),
    "dropped": _("left out"),
    "difference_to_parent": _("difference to the parent"),
    "difference_to_parent_high": _("difference to the parent, upper end"),
    "difference_to_parent_low": _("difference to the parent, lower end"),
    "difference_to_serving": _("difference to the serving version"),
    "difference_to_serving_high": _("difference to the serving version, upper end"),
    "difference_to_serving_low": _("difference to the serving version, lower end"),
    "displacement": _("likelihood displacement"),
    "entropy": _("entropy, nats per token"),
    "high": _("upper end"),
    "held_out_prompts": _("held-out prompts"),
    "kl": _("KL divergence, nats per completion"),
    "kl_low": _("KL to the parent, lower end"),
    "kl_per_token": _("KL to the parent, nats per token"),
    "kl_to_base_low": _("KL to the base, lower end"),
    "kl_to_base_per_token": _("KL to the base, nats per token"),
    "largest_shift": _("largest shift of its texts, standard deviations"),
    "largest_shift_axis": _("axis of the largest shift"),
    "loss": _("loss"),
    "losses": _("lost"),
    "low": _("lower end"),
    "margin": _("mean margin"),
    "margin_p5": _("margin, 5 %"),
    "margin_p95": _("margin, 95 %"),
    "pairs": _("pairs"),
    "parent": _("parent"),
    "parent_accuracy": _("the parent's accuracy"),
    "parent_accuracy_high": _("the parent's accuracy, upper end"),
    "parent_accuracy_low": _("the parent's accuracy, lower end"),
    "prompts": _("prompts"),
    "rejected_logratio": _("log-ratio of the rejected"),
    "reward_accuracy": _("accuracy"),
    "reward_accuracy_high": _("accuracy, upper end"),
    "reward_accuracy_low": _("accuracy, lower end"),
    "rotations": _("biases exchanged for others"),
    "rule": _("preference rule"),
    "sample_ended": _("finished completions"),
    "sample_length": _("completion length, tokens"),
    "sample_refusals": _("completions that start like a refusal"),
    "samples": _("completions"),
    "serving": _("serving version"),
    "serving_accuracy": _("the serving version's accuracy"),
    "serving_accuracy_high": _("the serving version's accuracy, upper end"),
    "serving_accuracy_low": _("the serving version's accuracy, lower end"),
    "simulated": _("simulated annotators"),
    "snapshot": _("snapshot"),
    "ties": _("ties"),
    "ties_count": _("ties count as"),
    "trouble": _("problem"),
    "value": _("share"),
    "win_rate": _("win rate"),
    "wins": _("won"),
}
DROPPED: dict[str, str | Promise] = {
    "both_bad": _("both bad"),
    "conflict": _("in conflict"),
    "contaminated": _("that contain a prompt of the evaluation"),
    "duplicate": _("duplicates"),
    "empty": _("empty completions"),
    "identical": _("identical completions"),
    "near_duplicate": _("with a prompt much like an earlier one"),
    "not_expressible": _("not expressible"),
    "tie": _("ties"),
    "unsettled": _("without a verdict"),
}


AUTOMATIC = _("chosen automatically")

VALUES: dict[str, dict[str, str | Promise]] = {
    "device": {"auto": AUTOMATIC, "cpu": _("CPU"), "cuda": _("GPU")},
    "dtype": {
        "auto": AUTOMATIC,
        "bfloat16": _("16 bits (bfloat16)"),
        "float32": _("32 bits"),
        "float64": _("64 bits"),
    },
    "deterministic": {"auto": _("on a CPU"), "on": _("yes"), "off": _("no")},
    "gradient_checkpointing": {
        "auto": _("where memory is short"),
        "on": _("yes"),
        "selective": _("all but matrix products"),
        "off": _("no"),
    },
    "loss": {
        "sigmoid": _("DPO (sigmoid)"),
        "sigmoid_norm": _("DPO by the mean over tokens"),
        "robust": _("Robust DPO"),
        "ipo": _("IPO"),
        "hinge": _("Hinge"),
        "orpo": _("ORPO"),
        "simpo": _("SimPO"),
        "sft": _("Preferred fine-tuning"),
        "unlikelihood": _("Unlikelihood"),
        "em": _("DPO that doubts labels (EM)"),
    },
    "sharding": {"auto": _("where it does not fit one GPU"), "full": _("yes"), "none": _("no")},
    "optimizer_state": {
        "full": _("in 32 bits"),
        "8bit": _("in 8 bits"),
        "paged": _("in pages that may leave the GPU"),
    },
    "optimizer": {"adamw": _("AdamW"), "rmsprop": _("RMSprop")},
    "quantization": {"none": _("in full"), "nf4": _("in four bits (QLoRA)")},
    "reference": {"start": _("the version it starts from"), "base": _("the base model")},
    "schedule": {
        "linear": _("falls evenly to zero"),
        "cosine": _("falls along a cosine to zero"),
        "constant": _("stays the same"),
    },
    "target_modules": {
        "all-linear": _("every linear layer"),
        "q_proj": _("queries"),
        "k_proj": _("keys"),
        "v_proj": _("values"),
        "o_proj": _("attention output"),
        "gate_proj": _("gate"),
        "up_proj": _("up-projection"),
        "down_proj": _("down-projection"),
    },
    "tuning": {"lora": _("an adapter (LoRA)"), "full": _("all weights")},
}
"""The values of settings that are a choice, in words."""


def setting_label(name: str) -> str:
    """A setting of the engine in words."""
    return str(SETTINGS.get(name, name.replace("_", " ")))


def setting_value(value: Any, name: str) -> str:
    """The value of a setting in words: numbers as the language writes them, lists with commas. name: of the setting."""
    words = VALUES.get(name, {})
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, list | tuple):
        return ", ".join(str(words.get(one, one)) for one in value)
    return significant(value) if isinstance(value, float) else str(words.get(value, value))


def result_label(name: str) -> str:
    """A measured figure in words."""
    return str(RESULTS.get(name, name.replace("_", " ")))


def dropped_label(reason: str) -> str:
    """Why a snapshot left comparisons out, in words."""
    return str(DROPPED.get(reason, reason.replace("_", " ")))


UNUSED = {
    "too long": (_("too long for the model or for max_length, of those to train on"), _("too long, of those held out")),
    "identical completions": (
        _("the same tokens on both sides, of those to train on"),
        _("the same tokens on both sides, of those held out"),
    ),
    "empty completion": (
        _("an empty completion, of those to train on"),
        _("an empty completion, of those held out"),
    ),
    "zero weight": (_("no weight, of those to train on"), _("no weight, of those held out")),
}
"""Why the engine left pairs out, of those to train on and of those held out."""


def unused_label(part: str, reason: str) -> str:
    """Why the engine left pairs of a part of the snapshot out, in words."""
    of_train, of_test = UNUSED.get(reason, (reason, reason))
    return str(of_train if part == "train" else of_test)
