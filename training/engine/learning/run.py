"""One training run from files to files: loads and checks everything, then lets ``Trainer`` take the steps."""

from __future__ import annotations

import time
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import torch

from training.engine.config import RewardConfig, RunConfig
from training.engine.data.calibration import calibrate
from training.engine.data.lines import line_count
from training.engine.data.records import PairSet, TokenPair, read_token_pairs
from training.engine.data.text import TextEncoder
from training.engine.errors import InputError
from training.engine.events import Caller, log
from training.engine.launcher import reports
from training.engine.learning.checkpoint import resume
from training.engine.learning.memory import (
    GIB,
    OFF,
    SELECTIVE,
    WAYS,
    available_bytes,
    choose_checkpointing,
    freed_by_sharding,
    memory_need,
)
from training.engine.learning.reward import RewardModel, reward_config
from training.engine.learning.trainer import RunOrigin, Trainer, TrainingData
from training.engine.loss_settings import BETAS
from training.engine.measuring.board import check_library
from training.engine.model.adapter_format import check_adapter_folder, other_base, read_shape, read_state
from training.engine.model.layers import checkpoint_layers
from training.engine.model.lora import AdapterShape, is_open, targets_of
from training.engine.model.parallel import ALONE, Ranks, joined, world_size
from training.engine.model.policy import Policy, TrainedModel, is_spread
from training.engine.model.weights import Weights, check_model_folder
from training.engine.run_folder import RunFolder, TrainFiles, building, write_json
from training.engine.versions import library_versions
from training.language_models.folders import file_hash, folder_hash, publish_folder

_LINES_BETWEEN = 4096  # two reports about a file that is read: about a second's


class TrainingKind(StrEnum):
    """The kinds of model that a run can train from preference pairs."""

    POLICY = "policy"
    REWARD_MODEL = "reward model"


_MODELS: dict[TrainingKind, type[TrainedModel]] = {
    TrainingKind.POLICY: Policy,
    TrainingKind.REWARD_MODEL: RewardModel,
}


def train(
    files: TrainFiles,
    config: RunConfig,
    *,
    caller: Caller,
    kind: TrainingKind = TrainingKind.POLICY,
    wait_seconds: float = 0.0,
) -> dict[str, Any]:
    """Start a run, resume it, or find it finished. Returns the final meta.

    ``wait_seconds``: how long to wait for another process to leave the folder.
    Raises InputError for anything wrong with the input, Cancelled after a signal, Diverged when numbers blow up.
    """
    config = reward_config(config) if kind is TrainingKind.REWARD_MODEL else config
    full = config.tuning == "full"
    spread = is_spread(config, files.model)
    with joined(config.device, sharded=full or spread, averaged=full) as ranks:
        folder = RunFolder(files.out, wait_seconds=wait_seconds, writes=ranks.main, while_waiting=caller.stop.check)
        inputs = describe_inputs(files, kind)
        config = _as_begun(config, folder.begun_with("config.json"))
        folder.claim("config.json", _frozen(config), absent=_frozen(type(config)()))
        folder.claim("inputs.json", inputs)
        ranks.wait()
        meta = folder.finished()
        if meta is not None:
            log(f"{files.out} is finished already")
            return meta
        prepare_torch(config)
        if config.tensorboard:
            check_library()
        encoder = TextEncoder.from_directory(files.model)
        reporting = caller if reports() else Caller(_ignore, caller.stop)
        pair_sets = _read(files, config, encoder, reporting)
        trained = load_start(_MODELS[kind], files.model, files.adapter, config)
        memory = fit_into_memory(trained, pair_sets["train"].pairs, config, ranks)
        if ranks.averaged and isinstance(trained, Policy):
            trained.shard()
        trainer = Trainer(
            config=config,
            model=trained,
            data=TrainingData(pair_sets["train"].pairs, pair_sets["test"].pairs, encoder),
            origin=RunOrigin(files.model, inputs),
            folder=folder,
            caller=reporting,
            ranks=ranks,
        )
        for note in notes_of(trainer) if reports() else ():
            log(note)
        trainer.caller.emit(_started(trainer, pair_sets) | {"memory": memory})
        trainer.make_reference(files.reference_cache)
        _resume(trainer)
        meta = _meta(trainer, trainer.run(), pair_sets, memory)
        _publish(folder, trainer.weights, meta)
        return meta


def _as_begun(config: RunConfig, begun: dict[str, Any] | None) -> RunConfig:
    """The settings of a run that an older version began: its losses had one default beta for all of them, and reward
    models the defaults of preference runs."""
    if begun is not None and isinstance(config, RewardConfig) and "center_rewards_coefficient" not in begun:
        usual = RewardConfig()
        open_ones = (name for name in ("epochs", "learning_rate") if getattr(config, name) == getattr(usual, name))
        return replace(config, **{name: begun[name] for name in open_ones})
    if begun is None or "deterministic" in begun or config.beta != BETAS.get(config.loss):
        return config
    return replace(config, beta=float(begun["beta"]))


def _frozen(config: RunConfig) -> dict[str, Any]:
    """The settings that a run keeps to its end: it may go on with another number of processes."""
    return {name: value for name, value in config.as_dict().items() if name != "processes"}


def _ignore(event: dict[str, Any]) -> None:
    """Of several processes only the first one reports."""


def _read(files: TrainFiles, config: RunConfig, encoder: TextEncoder, caller: Caller) -> dict[str, PairSet]:
    """The pairs to learn from ("train") and the held-out ones ("test")."""

    def read(what: str, path: Path) -> PairSet:
        total = line_count(path)

        def report(lines: int) -> None:
            if total > _LINES_BETWEEN and (lines % _LINES_BETWEEN == 0 or lines == total):
                caller.emit({"event": "reading", "what": what, "lines": lines, "of": total})
            caller.stop.check()

        return read_token_pairs(path, encoder, max_length=config.max_length, report=report)

    train_set = read("train", files.train_path)
    test_set = PairSet() if files.test_path is None else read("test", files.test_path)
    caller.stop.check()
    if not train_set.pairs:
        raise InputError(f"no usable preference pair in {files.train_path} (dropped: {dict(train_set.dropped)})")
    if config.kl_budget and not test_set.pairs:
        raise InputError("kl_budget is measured on held-out prompts, and there are no held-out pairs")
    if config.probe_prompts and (is_spread(config, files.model) or (config.tuning == "full" and world_size() > 1)):
        raise InputError("probe_prompts works on a whole model: where processes share its weights set it to 0")
    calibrate([train_set, test_set], config.measured_noise)
    return {"train": train_set, "test": test_set}


def fit_into_memory(
    trained: TrainedModel, pairs: list[TokenPair], config: RunConfig, ranks: Ranks = ALONE
) -> dict[str, Any]:
    """Switch gradient checkpointing on if need be; returns the decision and its figures in GiB. Raises
    NotEnoughMemory."""
    needed, available = memory_need(trained, pairs, config), available_bytes(config, trained.device)
    if ranks.averaged and not config.memory_limit_gib:  # the weights are spread after this
        available += freed_by_sharding(trained, ranks.size)
    own = choose_checkpointing(config, needed, available)
    checkpointing = next(way for way in reversed(WAYS) if ranks.any(own == way))  # all processes that of the shortest
    if checkpointing != OFF:
        checkpoint_layers(trained.model, selective=checkpointing == SELECTIVE)
    return {
        "needed_gib": round(needed.total(checkpointing) / GIB, 6),
        "available_gib": round(available / GIB, 6),
        "gradient_checkpointing": checkpointing,
    }


def describe_inputs(files: TrainFiles, kind: TrainingKind) -> dict[str, Any]:
    """Hashes of everything that is read, and the kind where it is no policy; resuming insists on the same."""
    for path in (files.train_path, files.test_path):
        if path is not None and not path.is_file():
            raise InputError(f"the data file {path} does not exist")
    check_model_folder(files.model)
    if files.adapter is not None:
        check_adapter_folder(files.adapter)
    return {
        "model_sha256": folder_hash(files.model),
        "adapter_sha256": None if files.adapter is None else folder_hash(files.adapter),
        "train_sha256": file_hash(files.train_path),
        "test_sha256": None if files.test_path is None else file_hash(files.test_path),
        **({} if kind is TrainingKind.POLICY else {"makes": str(kind)}),
    }


def is_deterministic(config: RunConfig) -> bool:
    """Whether operations must give the same bits every time."""
    on_cpu = config.device == "cpu" or not torch.cuda.is_available()
    return on_cpu if config.deterministic == "auto" else config.deterministic == "on"


def prepare_torch(config: RunConfig) -> None:
    """Make torch deterministic where the config wants it, so that every run gives the same numbers, and set the number
    of threads."""
    if config.threads:
        torch.set_num_threads(config.threads)
    torch.backends.cuda.matmul.allow_tf32 = config.tf32
    torch.use_deterministic_algorithms(is_deterministic(config))
    # Costs a sixth of the time and is not needed: nothing reads memory before it is written.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.manual_seed(config.seed)
    if torch.cuda.is_available():
        # Gives NaN gradients with a mask at some lengths on Hopper (pytorch issue 196678).
        torch.backends.cuda.enable_cudnn_sdp(False)


Trained = TypeVar("Trained", bound=TrainedModel)


def load_start(kind: type[Trained], model: Path, adapter: Path | None, config: RunConfig) -> Trained:
    """The model at the start of a run: with a new adapter, with the parent's, or to be trained whole. Raises InputError
    where the parent's shape is not the config's."""
    if config.tuning == "full":
        if adapter is not None:
            raise InputError("tuning=full starts from a model, not from an adapter: merge the adapter into it first")
        return kind.load(model, config, shape=None)
    shape = AdapterShape(config.lora_rank, config.lora_alpha, tuple(sorted(config.target_modules)))
    names = shape.target_modules
    if adapter is None:
        trained = kind.load(model, config, shape=shape)
        trained.adapter.survey.check()
        trained.adapter.initialise(config.seed)
        return trained
    parent = read_shape(adapter)
    wanted = replace(shape, target_modules=parent.target_modules) if is_open(names) else shape
    if parent != wanted:
        raise InputError(f"the adapter {adapter} has {parent.unlike(wanted)}: make the settings agree with it")
    trained = kind.load(model, config, shape=parent)
    trained.adapter.survey.check_parent(adapter)
    if parent.target_modules != (targets := targets_of(names, trained.adapter.survey.linear)):
        raise InputError(
            f"the adapter {adapter} is on {', '.join(parent.target_modules)}, not on {', '.join(targets)}: set "
            "target_modules to its names"
        )
    for note in other_base(adapter, config.quantization):
        log(note)
    trained.adapter.load(read_state(adapter))
    return trained


def _started(trainer: Trainer, pair_sets: dict[str, PairSet]) -> dict[str, Any]:
    return {
        "event": "started",
        "steps": trainer.schedule.steps,
        "pairs": len(trainer.data.train),
        "test_pairs": len(trainer.data.test),
        "dropped": _dropped(pair_sets),
        "dtype": str(trainer.model.dtype).removeprefix("torch."),
        "device": str(trainer.model.device),
        "notes": notes_of(trainer),
    }


def notes_of(trainer: Trainer) -> list[str]:
    """Sentences for people about the model and about settings that can hardly be meant."""
    return [*trainer.model.notes(), *trainer.config.doubts(), *trainer.held_out.notes()]


def _dropped(pair_sets: dict[str, PairSet]) -> dict[str, dict[str, int]]:
    return {name: dict(pair_set.dropped) for name, pair_set in pair_sets.items()}


def _resume(trainer: Trainer) -> None:
    """Go on after the newest whole checkpoint, if there is one."""
    progress = resume(
        trainer.folder, weights=trainer.weights, optimizer=trainer.optimization.optimizer, ranks=trainer.ranks
    )
    if progress is not None:
        trainer.progress = progress
        log(f"resuming after step {progress.step} of {trainer.schedule.steps}")
    trainer.folder.rewind_metrics(trainer.progress.step)
    trainer.ranks.wait()
    trainer.selection.restore()


def _meta(
    trainer: Trainer, final: dict[str, Any], pair_sets: dict[str, PairSet], memory: dict[str, Any]
) -> dict[str, Any]:
    """The run's description, beginning with what ``Trainer.run`` returned."""
    model, config = trainer.model, trainer.config
    return {
        **final,
        "pairs": {name: len(pair_set.pairs) for name, pair_set in pair_sets.items()},
        "dropped": _dropped(pair_sets),
        "inputs": trainer.origin.inputs,
        "config": config.as_dict(),
        "dtype": str(model.dtype).removeprefix("torch."),
        "device": str(model.device),
        "processes": trainer.ranks.size,
        "shares_prefix": model.shares_prefix(config),
        "memory": memory,
        "versions": library_versions(),
        "finished_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def _publish(folder: RunFolder, weights: Weights, meta: dict[str, Any]) -> None:
    """Write the weights first, then the meta that marks the run as finished."""
    state = weights.state()
    if not folder.writes:
        return
    with building(folder.path / weights.folder_name) as temporary:
        weights.write(temporary, state)
        publish_folder(temporary, folder.path / weights.folder_name, replace=True)
    write_json(folder.path / "meta.json", meta)
