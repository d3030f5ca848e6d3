"""One training run from files to files: everything is loaded and checked here, then ``Trainer`` does the steps."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from training.engine.config import RunConfig
from training.engine.data.records import PairSet, TokenPair, read_pairs
from training.engine.data.text import TextEncoder
from training.engine.errors import InputError
from training.engine.events import Emit, StopRequest, log
from training.engine.learning.checkpoint import load_checkpoint
from training.engine.learning.memory import GIB, available_bytes, estimate, wants_checkpointing
from training.engine.learning.reward import RewardPolicy, reward_config
from training.engine.learning.trainer import Trainer
from training.engine.model.adapter_format import read_shape, read_state
from training.engine.model.lora import AdapterShape
from training.engine.model.parallel import Ranks, joined, world_size
from training.engine.model.policy import Policy
from training.engine.model.weights import Weights
from training.engine.run_folder import RunFolder, write_json
from training.engine.versions import versions
from training.language_models.folders import file_hash, folder_hash, publish_folder


@dataclass(frozen=True)
class TrainFiles:
    """What a run reads and where it writes. ``data`` is a file, or a snapshot folder (train.jsonl, test.jsonl).
    ``reference_cache``: a folder that runs share, see ``ReferenceCache``."""

    model: Path
    data: Path
    out: Path
    held_out: Path | None = None
    adapter: Path | None = None
    reference_cache: Path | None = None

    @property
    def train_path(self) -> Path:
        """The pairs to learn from."""
        return self.data / "train.jsonl" if self.data.is_dir() else self.data

    @property
    def test_path(self) -> Path | None:
        """The held-out pairs, if any."""
        if self.held_out is not None:
            return self.held_out
        inside = self.data / "test.jsonl"
        return inside if self.data.is_dir() and inside.exists() else None


def train(
    files: TrainFiles,
    config: RunConfig,
    *,
    emit: Emit,
    stop: StopRequest,
    wait_seconds: float = 0.0,
    reward: bool = False,
) -> dict[str, Any]:
    """Run, resume or recognise as finished. Returns the final meta.

    ``wait_seconds``: how long to wait for another process to leave the folder. ``reward``: train an explicit reward
    model instead of a policy.
    Raises InputError for anything wrong with the input, Cancelled after a signal, Diverged when numbers blow up.
    """
    config = reward_config(config) if reward else config
    with joined(config.device, sharded=config.tuning == "full") as ranks:
        folder = RunFolder(files.out, wait_seconds=wait_seconds, writes=ranks.main)
        inputs = describe_inputs(files) | ({"makes": "reward model"} if reward else {})
        folder.claim("config.json", config.as_dict(), absent=RunConfig().as_dict())
        folder.claim("inputs.json", inputs)
        ranks.wait()
        meta = folder.finished()
        if meta is not None:
            log(f"{files.out} is finished already")
            return meta
        return _train(files, config, folder, inputs, ranks, emit=emit if ranks.main else _unheard, stop=stop)


def _unheard(event: dict[str, Any]) -> None:
    """Of several processes one tells."""


def _train(
    files: TrainFiles,
    config: RunConfig,
    folder: RunFolder,
    inputs: dict[str, Any],
    ranks: Ranks,
    *,
    emit: Emit,
    stop: StopRequest,
) -> dict[str, Any]:
    prepare_torch(config)
    encoder = TextEncoder.from_directory(files.model)
    train_set, test_set = _read(files, config, encoder)
    stop.check()
    policy = load_policy(files.model, files.adapter, config, reward="makes" in inputs)
    memory = fit_into_memory(policy, train_set.pairs, config)
    if ranks.sharded:
        policy.shard()
    trainer = Trainer(
        config,
        policy,
        train_set.pairs,
        test_set.pairs,
        folder,
        files.model,
        inputs,
        emit=emit,
        stop=stop,
        encoder=encoder,
        ranks=ranks,
    )
    emit(_started(trainer, train_set, test_set) | {"memory": memory})
    trainer.make_reference(files.reference_cache)
    _resume(trainer, folder)
    final = trainer.run()
    meta = {
        **final,
        "pairs": {"train": len(train_set.pairs), "test": len(test_set.pairs)},
        "dropped": {"train": dict(train_set.dropped), "test": dict(test_set.dropped)},
        "inputs": inputs,
        "config": config.as_dict(),
        "dtype": str(policy.dtype).removeprefix("torch."),
        "device": str(policy.device),
        "processes": ranks.size,
        "shares_prefix": policy.packs and config.share_prefix,
        "memory": memory,
        "versions": versions(),
        "finished_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    _publish(folder, trainer.weights, meta)
    return meta


def _read(files: TrainFiles, config: RunConfig, encoder: TextEncoder) -> tuple[PairSet, PairSet]:
    """The pairs to learn from and the held-out ones."""
    train_set, test_set = read_pairs(files.train_path, encoder, max_length=config.max_length), PairSet()
    if files.test_path is not None:
        test_set = read_pairs(files.test_path, encoder, max_length=config.max_length)
    if not train_set.pairs:
        raise InputError(f"no usable preference pair in {files.train_path} (dropped: {dict(train_set.dropped)})")
    if config.kl_budget and not test_set.pairs:
        raise InputError("kl_budget is measured on held-out prompts, and there are no held-out pairs")
    if config.probe_prompts and config.tuning == "full" and world_size() > 1:
        raise InputError("probe_prompts works on a whole model: with several processes and tuning=full set it to 0")
    return train_set, test_set


def fit_into_memory(policy: Policy, pairs: list[TokenPair], config: RunConfig) -> dict[str, Any]:
    """Switch gradient checkpointing on if need be; returns what was decided, in GiB. Raises NotEnoughMemory."""
    needed, available = estimate(policy, pairs, config), available_bytes(config, policy.device)
    checkpointing = wants_checkpointing(config, needed, available)
    if checkpointing:
        policy.checkpoint_layers()
    return {
        "needed_gib": round(needed.total(checkpointing=checkpointing) / GIB, 6),
        "available_gib": round(available / GIB, 6),
        "gradient_checkpointing": checkpointing,
    }


def describe_inputs(files: TrainFiles) -> dict[str, Any]:
    """Hashes of everything that is read; resuming insists on the same."""
    for path in (files.train_path, files.test_path):
        if path is not None and not path.is_file():
            raise InputError(f"the data file {path} does not exist")
    for directory in (files.model, files.adapter):
        if directory is not None and not directory.is_dir():
            raise InputError(f"the folder {directory} does not exist")
    return {
        "model_sha256": folder_hash(files.model),
        "adapter_sha256": None if files.adapter is None else folder_hash(files.adapter),
        "train_sha256": file_hash(files.train_path),
        "test_sha256": None if files.test_path is None else file_hash(files.test_path),
    }


def prepare_torch(config: RunConfig) -> None:
    """Same numbers every time: deterministic algorithms, and the asked number of threads."""
    if config.threads:
        torch.set_num_threads(config.threads)
    torch.use_deterministic_algorithms(True)
    # Not needed for the same numbers (nothing reads memory before it is written), and a sixth of the time.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.manual_seed(config.seed)
    if torch.cuda.is_available():
        # Gives NaN gradients with a mask at some lengths on Hopper (pytorch issue 196678).
        torch.backends.cuda.enable_cudnn_sdp(False)


def load_policy(model: Path, adapter: Path | None, config: RunConfig, *, reward: bool = False) -> Policy:
    """The model with a new adapter, or with the parent's, whose shape must be the config's; or to be trained whole."""
    if config.tuning == "full":
        if adapter is not None:
            raise InputError("tuning=full starts from a model, not from an adapter: merge the adapter into it first")
        return Policy.load(model, config, shape=None)
    shape = AdapterShape(config.lora_rank, config.lora_alpha, tuple(sorted(config.target_modules)))
    if adapter is not None and (parent := read_shape(adapter)) != shape:
        raise InputError(f"the adapter {adapter} has {parent}, the config wants {shape}: make them agree")
    policy = (RewardPolicy if reward else Policy).load(model, config, shape=shape)
    if adapter is None:
        policy.adapter.initialise(config.seed)
    else:
        policy.adapter.load(read_state(adapter))
    return policy


def _started(trainer: Trainer, train_set: PairSet, test_set: PairSet) -> dict[str, Any]:
    return {
        "event": "started",
        "steps": trainer.schedule.steps,
        "pairs": len(train_set.pairs),
        "test_pairs": len(test_set.pairs),
        "dropped": {"train": dict(train_set.dropped), "test": dict(test_set.dropped)},
        "dtype": str(trainer.policy.dtype).removeprefix("torch."),
        "device": str(trainer.policy.device),
    }


def _resume(trainer: Trainer, folder: RunFolder) -> None:
    checkpoints = folder.checkpoints()
    if checkpoints:
        trainer.progress = load_checkpoint(checkpoints[-1], weights=trainer.weights, optimizer=trainer.optimizer)
        log(f"resuming after step {trainer.progress.step} of {trainer.schedule.steps}")
    folder.rewind_metrics(trainer.progress.step)
    trainer.ranks.wait()
    trainer.selection.restore()


def _publish(folder: RunFolder, weights: Weights, meta: dict[str, Any]) -> None:
    """First the weights, then the meta that says they are there."""
    state = weights.state()
    if not folder.writes:
        return
    temporary = folder.path / f"{weights.folder_name}.tmp"
    temporary.mkdir(exist_ok=True)
    weights.write(temporary, state)
    publish_folder(temporary, folder.path / weights.folder_name, replace=True)
    write_json(folder.path / "meta.json", meta)
