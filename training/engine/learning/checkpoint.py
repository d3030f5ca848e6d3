"""Checkpoints: weights, optimizer, random state and step, in one folder that appears whole or not at all.

The folder is sealed by the hashes of its files, so that a resume never goes on from a damaged one.
"""

from __future__ import annotations

import errno
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from training.engine.errors import InputError
from training.engine.model.parallel import ALONE, Ranks, gathered, spread_like
from training.engine.model.weights import Weights
from training.engine.run_folder import SEAL, RunFolder, building, seal_folder, write_json
from training.language_models.folders import publish_folder

_OPTIMIZER_NAME = "optimizer.safetensors"
_STATE_NAME = "state.json"
_RANDOM_STATE = "random_state"
_CONSTANTS = ("qmap1", "qmap2")  # the values of eight bits, the same for all parameters


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
            if key in _CONSTANTS:
                continue
            tensors[f"{name}|{key}"] = gathered(torch.as_tensor(value))
    if not writes:
        return
    with building(target) as temporary:
        weights.write(temporary, state)
        save_file(tensors, temporary / _OPTIMIZER_NAME)
        write_json(temporary / _STATE_NAME, asdict(progress))
        seal_folder(temporary)
        publish_folder(temporary, target, replace=True)


def resume(
    folder: RunFolder, *, weights: Weights, optimizer: torch.optim.Optimizer, ranks: Ranks = ALONE
) -> RunProgress | None:
    """Restore the newest checkpoint that is whole and can be loaded; None before the first. Those that are damaged are
    set aside, also one without hashes. Raises InputError in every process where there were some and none is left."""
    while (checkpoint := _newest_whole(folder, ranks)) is not None:
        progress, damage = None, ""
        try:
            progress = load_checkpoint(checkpoint, weights=weights, optimizer=optimizer)
        except Exception as error:
            if (checkpoint / SEAL).exists() or not _is_damage(error):  # sealed files are as they were written
                raise
            damage = f"{type(error).__name__}: {error}"
        if not ranks.any(progress is None):
            return progress
        if ranks.main:
            folder.set_aside(checkpoint, damage or "another process cannot load it")
        ranks.wait()
    return None


def _newest_whole(folder: RunFolder, ranks: Ranks) -> Path | None:
    """Found by the first process for all of them. Raises InputError in each of them."""
    found: Path | None = None
    reason = ""
    if ranks.main:
        try:
            found = folder.newest_whole_checkpoint()
        except InputError as error:
            reason = str(error)
    found, reason = ranks.from_main((found, reason))
    if reason:
        raise InputError(reason)
    return found


def _is_damage(error: Exception) -> bool:
    """Whether files are not as written, and not the machine short of something that may pass."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    if isinstance(cause, OSError):
        return isinstance(cause, FileNotFoundError) or cause.errno == errno.EIO
    return not isinstance(cause, torch.OutOfMemoryError | MemoryError)


def load_checkpoint(source: Path, *, weights: Weights, optimizer: torch.optim.Optimizer) -> RunProgress:
    """Restore weights, optimizer and random state; returns how far the run had come."""
    weights.load(weights.read(source))
    tensors = load_file(source / _OPTIMIZER_NAME)
    torch.set_rng_state(tensors.pop(_RANDOM_STATE))
    numbered = _optimizer_state(weights, tensors)
    if hasattr(optimizer, "init_state"):
        _fill_state(optimizer, numbered)
    else:
        state = optimizer.state_dict()
        state["state"] = numbered
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


def _fill_state(optimizer: Any, numbered: dict[int, dict[str, Any]]) -> None:
    """Copy the state into the buffers of bitsandbytes' optimizers: pages of CUDA stay pages, and whole steps whole."""
    optimizer.state.clear()
    group = optimizer.param_groups[0]
    for number, entries in numbered.items():
        parameter = group["params"][number]
        optimizer.init_state(group, parameter, 0, number)
        own = optimizer.state[parameter]
        own["step"] = int(entries.pop("step"))
        for name, value in entries.items():
            own[name].copy_(value)
