"""``rlhf``: one run of RLOO, PPO or online DPO from files to files, resumed by the same command.

The run's folder is that of ``train``, without what belongs to pairs: config, inputs, metrics, checkpoints, the adapter
(or model), and last of all ``meta.json``.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.engine.data.schedule import Schedule
from training.engine.data.text import TextEncoder
from training.engine.errors import Cancelled, InputError
from training.engine.events import Caller, log
from training.engine.learning.checkpoint import RunProgress, resume, save_checkpoint
from training.engine.learning.reference import ReferenceModel
from training.engine.learning.run import load_start, prepare_torch
from training.engine.methods.critic import Critic, PolicyAndCritic
from training.engine.methods.rewards import check_one_reward, reward_of
from training.engine.methods.samples import Ids, prompts_of_step, read_prompts
from training.engine.methods.settings import ONLY_FOR_PAIRS, PPO, RlhfConfig
from training.engine.methods.trainer import RlhfTrainer
from training.engine.model.adapter_format import check_adapter_folder
from training.engine.model.layers import checkpoint_layers
from training.engine.model.parallel import world_size
from training.engine.model.policy import Policy
from training.engine.model.weights import Weights, check_model_folder
from training.engine.run_folder import RunFolder, building, write_json
from training.engine.versions import library_versions
from training.language_models.folders import file_hash, folder_hash, publish_folder


@dataclass(frozen=True)
class RlhfFiles:
    """The files that a run reads, and the folder it writes. The reward is a reward model's folder, or the name of a
    Python function, ``module:function``."""

    model: Path
    prompts: Path
    out: Path
    reward_model: Path | None = None
    reward_function: str | None = None
    adapter: Path | None = None

    def describe(self) -> dict[str, Any]:
        """Hashes of everything that is read; resuming insists on the same. Raises InputError."""
        check_one_reward(self.reward_model, self.reward_function)
        if not self.prompts.is_file():
            raise InputError(f"the file of prompts {self.prompts} does not exist")
        check_model_folder(self.model)
        for folder in (self.adapter, self.reward_model):
            if folder is not None:
                check_adapter_folder(folder)
        return {
            "model_sha256": folder_hash(self.model),
            "adapter_sha256": None if self.adapter is None else folder_hash(self.adapter),
            "prompts_sha256": file_hash(self.prompts),
            "reward_model_sha256": None if self.reward_model is None else folder_hash(self.reward_model),
            "reward_function": self.reward_function,
        }


def rlhf(files: RlhfFiles, config: RlhfConfig, *, caller: Caller, wait_seconds: float = 0.0) -> dict[str, Any]:
    """Start a run, resume it, or find it finished. Returns the final meta.

    Raises InputError for anything wrong with the input, Cancelled after a signal, Diverged when numbers blow up.
    """
    if world_size() > 1:
        raise InputError("rlhf runs in one process: start it without torchrun")
    config.check_samples()
    inputs = files.describe()
    folder = RunFolder(files.out, wait_seconds=wait_seconds, while_waiting=caller.stop.check)
    unused = (*ONLY_FOR_PAIRS, "memory_limit_gib")  # an older version took them: a run that it began goes on without
    folder.claim("config.json", config.as_dict(), absent=RlhfConfig().as_dict(), without_effect=unused)
    folder.claim("inputs.json", inputs)
    meta = folder.finished()
    if meta is not None:
        log(f"{files.out} is finished already")
        return meta
    prepare_torch(config)
    encoder = TextEncoder.from_directory(files.model)
    prompts, dropped = read_prompts(files.prompts, encoder, max_tokens=config.max_tokens, max_length=config.max_length)
    run = _Run(files, config, folder, caller, encoder, list(prompts), dropped)
    meta = {**run.take_steps(), "inputs": inputs}
    _publish(folder, run.policy_weights, meta)
    return meta


class _Run:
    """The models of a run, and how far it has come."""

    def __init__(
        self,
        files: RlhfFiles,
        config: RlhfConfig,
        folder: RunFolder,
        caller: Caller,
        encoder: TextEncoder,
        prompts: list[Ids],
        dropped: Counter[str],
    ) -> None:
        self.config, self.folder, self.caller = config, folder, caller
        self.prompts, self.dropped = prompts, dropped
        self.policy = load_start(Policy, files.model, files.adapter, config)
        self.policy_weights = self.policy.weights(files.model)
        self.weights: Weights = self.policy_weights
        critic = None
        if config.algorithm == PPO:
            critic = Critic.at_start(files.model, files.reward_model, config)
            self.weights = PolicyAndCritic(self.policy_weights, critic.weights(files.model))
        for trained in (self.policy, critic) if config.gradient_checkpointing == "on" else ():
            if trained is not None:
                checkpoint_layers(trained.model)
        reward = reward_of(files.model, files.reward_model, files.reward_function, config, encoder)
        own = list(self.policy_weights.parameters().values())
        is_base = config.tuning == "lora" and (files.adapter is None or config.reference == "base")
        reference = ReferenceModel(self.policy, own, is_base=is_base, keep=True)
        self.trainer = RlhfTrainer(
            self.policy,
            critic,
            reward,
            config,
            as_reference=reference.in_place,
            eos_ids=encoder.eos_ids,
            parameters=[own, list(self.weights.parameters().values())[len(own) :]],
        )
        held = ["policy", "reference (the policy's base, adapter off)" if is_base else "reference (a copy)"]
        held += ["reward model"] if files.reward_model is not None else []
        self.models = held + (["critic"] if critic is not None else [])
        self.schedule = Schedule(config.each_step_once(), config.steps)

    def take_steps(self) -> dict[str, Any]:
        """All steps that are left; returns the run's description. Raises Cancelled, with a checkpoint written."""
        config, progress = self.config, self._resume()
        self.caller.emit(
            {
                "event": "started",
                "steps": config.steps,
                "prompts": len(self.prompts),
                "dropped": dict(self.dropped),
                "models": self.models,
                "dtype": str(self.policy.dtype).removeprefix("torch."),
                "device": str(self.policy.device),
                "notes": self.policy.notes(),
            }
        )
        before, begun = progress.seconds, time.monotonic()
        figures: dict[str, Any] = {}
        for step in range(progress.step + 1, config.steps + 1):
            if self.caller.stop.requested:
                self._save(progress)
                raise Cancelled(f"cancelled after step {progress.step} of {config.steps}")
            chosen = prompts_of_step(self.prompts, step, count=config.prompts_per_step, seed=config.seed)
            figures = self.trainer.take_step(step, chosen, self.schedule.learning_rate(step))
            progress = RunProgress(step, before + time.monotonic() - begun)
            record = {"event": "progress", "step": step, "steps": config.steps, **figures}
            self.folder.append_metrics(record)
            self.caller.emit(record | {"seconds": round(progress.seconds, 3)})
            if self.schedule.saves_after(step):
                self._save(progress)
        return {
            "algorithm": config.algorithm,
            "steps": progress.step,
            "seconds": round(progress.seconds, 3),
            "last": figures,
            "models": self.models,
            "prompts": len(self.prompts),
            "dropped": dict(self.dropped),
            "config": config.as_dict(),
            "dtype": str(self.policy.dtype).removeprefix("torch."),
            "device": str(self.policy.device),
            "versions": library_versions(),
            "finished_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }

    def _resume(self) -> RunProgress:
        progress = resume(self.folder, weights=self.weights, optimizer=self.trainer.optimizer)
        if progress is None:
            progress = RunProgress(step=0, seconds=0.0)
        else:
            log(f"resuming after step {progress.step} of {self.config.steps}")
        self.folder.rewind_metrics(progress.step)
        return progress

    def _save(self, progress: RunProgress) -> None:
        target = self.folder.checkpoint_path(progress.step)
        if progress.step == 0 or target.exists():
            return
        save_checkpoint(target, weights=self.weights, optimizer=self.trainer.optimizer, progress=progress)
        self.folder.remove_old_checkpoints(self.config.keep_checkpoints)
        self.caller.emit({"event": "checkpoint", "step": progress.step, "path": str(target)})


def _publish(folder: RunFolder, weights: Weights, meta: dict[str, Any]) -> None:
    """The weights first, then the meta that marks the run as finished."""
    with building(folder.path / weights.folder_name) as temporary:
        weights.write(temporary, weights.state())
        publish_folder(temporary, folder.path / weights.folder_name, replace=True)
    write_json(folder.path / "meta.json", meta)
