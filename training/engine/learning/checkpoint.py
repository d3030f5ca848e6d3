"""Checkpoints: weights, optimizer, random state and step, in one folder that appears whole or not at all.

The folder is sealed by the hashes of its files, so that a resume never goes on from a damaged one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from training.engine.model.parallel import gathered, spread_like
from training.engine.model.weights import Weights
from training.engine.run_folder import building, seal_folder, write_json
from training.language_models.folders import publish_folder

_OPTIMIZER_NAME = "optimizer.safetensors"
_STATE_NAME = "state.json"
_RANDOM_STATE = "random_state"


@dataclass(frozen=True)
class RunProgress:
    """How far a run has come. ``seconds`` of training so far include those of earlier processes."""

    step: int
    seconds: float


def save_checkpoint(
    target: Path, *, weights: Weights, optimizer: torch.optim.Optimizer, progress: RunProgress, writes: bool = True
) -> None:
    """Write a checkpoint beside its place and rename it. Of several processes all gather state, and one ``writes``."""
    state = weights.state()
    tensors = {_RANDOM_STATE: torch.get_rng_state()}
    for name, parameter in weights.parameters().items():
        for key, value in optimizer.state[parameter].items():
            tensors[f"{name}|{key}"] = gathered(torch.as_tensor(value))
    if not writes:
        return
    with building(target) as temporary:
        weights.write(temporary, state)
        save_file(tensors, temporary / _OPTIMIZER_NAME)
        write_json(temporary / _STATE_NAME, asdict(progress))
        seal_folder(temporary)
        publish_folder(temporary, target, replace=True)


def load_checkpoint(source: Path, *, weights: Weights, optimizer: torch.optim.Optimizer) -> RunProgress:
    """Restore weights, optimizer and random state; returns how far the run had come."""
    weights.load(weights.read(source))
    tensors = load_file(source / _OPTIMIZER_NAME)
    torch.set_rng_state(tensors.pop(_RANDOM_STATE))
    state = optimizer.state_dict()
    state["state"] = _optimizer_state(weights, tensors)
    optimizer.load_state_dict(state)
    return RunProgress(**json.loads((source / _STATE_NAME).read_text(encoding="utf-8")))


def _optimizer_state(weights: Weights, tensors: dict[str, Tensor]) -> dict[int, dict[str, Any]]:
    """The state as ``Optimizer.load_state_dict`` expects it: by the parameters' number in their one group."""
    parameters = weights.parameters()
    numbers = {name: number for number, name in enumerate(parameters)}
    state: dict[int, dict[str, Any]] = {}
    for key, tensor in tensors.items():
        name, _, entry = key.partition("|")
        whole = tensor.shape == parameters[name].shape
        state.setdefault(numbers[name], {})[entry] = spread_like(tensor, parameters[name]) if whole else tensor
    return state
