"""Adapters on disk, in PEFT's format: ``adapter_config.json`` and ``adapter_model.safetensors``.

Beside them ``base.json`` says in which number format the frozen model was, where it was rounded.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from training.engine.config import UNQUANTIZED
from training.engine.errors import InputError
from training.engine.model.lora import AdapterShape
from training.language_models.loading import broken_link

CONFIG_NAME = "adapter_config.json"
WEIGHTS_NAME = "adapter_model.safetensors"
BASE_NAME = "base.json"  # only of an adapter beside a rounded model
_PREFIX = "base_model.model."
_HEAD = "score"  # of a model for sequence classification, as transformers names it in every family
# Settings of LoRA variants that compute something else than B A x * alpha / r, each with the values for "not used".
_UNSUPPORTED: dict[str, tuple[Any, ...]] = {
    "use_dora": (False, None),
    "use_rslora": (False, None),
    "bias": ("none", None),
    "modules_to_save": (None, []),
    "rank_pattern": ({}, None),
    "alpha_pattern": ({}, None),
    "fan_in_fan_out": (False, None),
    "lora_bias": (False, None),
    "layers_to_transform": (None, []),
}


@dataclass(frozen=True)
class AdaptedBase:
    """The model beside which an adapter learned: its folder or name, and the number format of its frozen layers."""

    name: str
    quantization: str = UNQUANTIZED


def check_adapter_folder(directory: Path) -> None:
    """Raises InputError, with the reason, for a path that is no folder of an adapter."""
    if directory.is_file():
        raise InputError(f"{directory} is a file: name the adapter's folder")
    if not directory.is_dir():
        raise InputError(f"the folder {directory} does not exist")
    if (broken := broken_link(directory)) is not None:
        raise InputError(f"{broken} is a link to a file that does not exist")
    if not (directory / CONFIG_NAME).is_file():
        raise InputError(f"the folder {directory} holds no adapter: it has no {CONFIG_NAME}")


def read_shape(directory: Path, *, has_head: bool = False) -> AdapterShape:
    """Rank, alpha and target modules of a saved adapter. ``has_head``: a reward model's head may lie beside it. Raises
    InputError for one that the engine cannot train."""
    check_adapter_folder(directory)
    try:
        config = json.loads((directory / CONFIG_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read the adapter {directory}: {error}") from error
    if not isinstance(config, dict) or config.get("peft_type") != "LORA":
        raise InputError(f"the adapter {directory} is not LoRA")
    for name, unused in _UNSUPPORTED.items():
        is_head = has_head and (name, config.get(name)) == ("modules_to_save", [_HEAD])
        if name in config and config[name] not in unused and not is_head:
            raise InputError(f"the adapter {directory} uses {name}={config[name]!r}, which is not supported")
    targets, rank, alpha = (config.get(name) for name in ("target_modules", "r", "lora_alpha"))
    if not isinstance(targets, list) or not targets or not all(isinstance(name, str) for name in targets):
        raise InputError(f"the adapter {directory} must list its target_modules by name")
    if type(rank) is not int or rank < 1 or not isinstance(alpha, (int, float)):
        raise InputError(f"the adapter {directory} must name its rank (r) and lora_alpha as numbers")
    return AdapterShape(rank=rank, alpha=float(alpha), target_modules=tuple(sorted(targets)))


def read_state(directory: Path) -> dict[str, Tensor]:
    """A and B of every layer, named as ``Adapter.parameters`` names them. Raises InputError where they are damaged."""
    try:
        raw = load_file(directory / WEIGHTS_NAME)
    except (OSError, SafetensorError) as error:
        raise InputError(f"cannot read the adapter {directory}: {error}") from error
    state = {name.removeprefix(_PREFIX).removesuffix(".weight"): tensor for name, tensor in raw.items()}
    state.pop(_HEAD, None)
    return state


def quantization_of(directory: Path) -> str:
    """The number format of the frozen model beside which an adapter learned. Raises InputError."""
    if not (directory / BASE_NAME).exists():
        return UNQUANTIZED
    try:
        return str(json.loads((directory / BASE_NAME).read_text(encoding="utf-8"))["quantization"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"cannot read the adapter {directory}: {error}") from error


def other_base(directory: Path, quantization: str) -> list[str]:
    """A sentence for people where an adapter learned beside a model in another number format than it is used with."""
    own = quantization_of(directory)
    if own == quantization:
        return []
    beside, now = (
        "the full model" if each == UNQUANTIZED else f"a model in {each.upper()}" for each in (own, quantization)
    )
    return [f"the adapter {directory} learned beside {beside} and is used beside {now}: its numbers differ a little"]


def write_adapter(
    directory: Path, shape: AdapterShape, state: dict[str, Tensor], *, base: AdaptedBase, head: Tensor | None = None
) -> None:
    """Write both files into an existing folder: A and B of every layer, named as ``Adapter.parameters`` names them.
    They keep their master precision, so nothing is lost. ``head``: w of a reward model, (d,), with which PEFT loads the
    folder into an ``AutoModelForSequenceClassification`` of one label."""
    named = {f"{_PREFIX}{name}.weight": tensor for name, tensor in state.items()}
    if head is not None:
        named[f"{_PREFIX}{_HEAD}.weight"] = head.unsqueeze(0).contiguous()
    save_file(named, directory / WEIGHTS_NAME, metadata={"format": "pt"})
    if base.quantization != UNQUANTIZED:  # a file of its own: PEFT's config has no field for it
        facts = {"quantization": base.quantization}
        (directory / BASE_NAME).write_text(json.dumps(facts) + "\n", encoding="utf-8")
    config: dict[str, Any] = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM" if head is None else "SEQ_CLS",
        "base_model_name_or_path": base.name,
        "inference_mode": True,
        "r": shape.rank,
        "lora_alpha": int(shape.alpha) if shape.alpha.is_integer() else shape.alpha,
        "target_modules": sorted(shape.target_modules),
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": False,
        "modules_to_save": None if head is None else [_HEAD],
        "init_lora_weights": True,
        "use_rslora": False,
        "use_dora": False,
        "rank_pattern": {},
        "alpha_pattern": {},
    }
    (directory / CONFIG_NAME).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
