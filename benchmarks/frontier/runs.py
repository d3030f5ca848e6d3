"""Every method as a run of the engine, in a process of its own, for its time and its memory."""

from __future__ import annotations

import json
import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.frontier.world import make_model
from training.engine.config import RunConfig
from training.engine.events import Caller, StopRequest
from training.engine.learning.run import TrainingKind, train
from training.engine.methods.rlhf import RlhfFiles, rlhf
from training.engine.methods.settings import ONLY_FOR_PAIRS, RlhfConfig
from training.engine.run_folder import TrainFiles, write_json

GOLD = "benchmarks.frontier.world:gold"
Settings = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One method with its settings and its seed. ``held``: how many models it holds in memory, the reference among
    them only where it needs weights of its own."""

    method: str
    setting: str
    seed: int
    settings: Settings
    reward: str = ""  # learned or gold: RLHF
    held: int = 1

    @property
    def name(self) -> str:
        """Of its folder."""
        return f"{self.method} {self.setting} {self.seed}".replace(" ", "-").replace(",", "").replace("=", "")


def all_runs(size: Settings, seeds: int) -> Iterator[Run]:
    """The runs of every method, several betas and seeds."""
    for seed in range(seeds):
        for beta in size["betas"]:
            yield Run("DPO", f"beta={beta}", seed, {"beta": beta})
        for beta in size["ipo_betas"]:
            yield Run("IPO", f"beta={beta}", seed, {"loss": "ipo", "beta": beta})
        yield Run("preferred fine-tuning", "", seed, {"loss": "sft"})
        yield Run("unlikelihood", "", seed, {"loss": "unlikelihood"})
        for algorithm, models in (("rloo", 1), ("ppo", 2)):
            for reward in ("learned", "gold"):
                for beta in size["rl_betas"]:
                    held = models + (reward == "learned")
                    settings = {"algorithm": algorithm, "beta": beta, **size["rlhf"]}
                    yield Run(f"{algorithm.upper()}, {reward}", f"beta={beta}", seed, settings, reward, held)


@dataclass(frozen=True)
class Files:
    """The world on disk: ``pairs`` holds a file of training pairs and one of held-out ones for each seed."""

    folder: Path

    @property
    def model(self) -> Path:
        """The start of every run."""
        return self.folder / "model"

    @property
    def prompts(self) -> Path:
        """The training prompts."""
        return self.folder / "prompts.jsonl"

    def pairs(self, seed: int) -> Path:
        """The pairs that one crowd judged."""
        return self.folder / f"pairs-{seed}.jsonl"

    def reward_model(self, seed: int) -> Path:
        """The reward model that learned from them."""
        return self.folder / reward_name(seed) / "reward_model"

    def peak(self, name: str) -> Path:
        """The most memory of a run's attempts, beside the run's folder."""
        return self.folder / f"{name}.peak.json"

    def cost(self, name: str) -> dict[str, float]:
        """The seconds of all attempts at a finished run, and the MiB of memory that one of them added at most."""
        seconds = json.loads((self.folder / name / "meta.json").read_text())["seconds"]
        return {"seconds": round(seconds, 1), **json.loads(self.peak(name).read_text())}


def reward_name(seed: int) -> str:
    """Of the folder of one seed's reward model."""
    return f"reward-{seed}"


def make_start(files: Files, size: Settings) -> None:
    """The model that every run starts from."""
    loss = make_model(files.model, **size)
    (files.folder / "pretraining.json").write_text(json.dumps({"loss": loss}))


def train_reward_model(files: Files, seed: int, size: Settings) -> None:
    """A reward model of one seed's pairs."""
    config = RunConfig.from_mapping({**size["run"], **size["reward"], "seed": seed})
    name = reward_name(seed)
    run = TrainFiles(files.model, files.pairs(seed), files.folder / name)
    peak = Peak(files.peak(name))
    train(run, config, caller=Caller(peak.hear, StopRequest()), kind=TrainingKind.REWARD_MODEL)
    peak.keep()


def carry_out(files: Files, run: Run, size: Settings) -> None:
    """Train by one method."""
    settings, out = {**size["run"], **run.settings, "seed": run.seed}, files.folder / run.name
    peak = Peak(files.peak(run.name))
    caller = Caller(peak.hear, StopRequest())
    if not run.reward:
        train(TrainFiles(files.model, files.pairs(run.seed), out), RunConfig.from_mapping(settings), caller=caller)
    else:
        reward_model = files.reward_model(run.seed) if run.reward == "learned" else None
        function = None if run.reward == "learned" else GOLD
        rlhf(
            RlhfFiles(files.model, files.prompts, out, reward_model=reward_model, reward_function=function),
            RlhfConfig.from_mapping({name: each for name, each in settings.items() if name not in ONLY_FOR_PAIRS}),
            caller=caller,
        )
    peak.keep()


class Peak:
    """The most memory that an attempt at a run added, MiB, in a file: an attempt that is stopped leaves what it took,
    and one that only finishes the rest does not count for less."""

    def __init__(self, path: Path) -> None:
        self.path, self.before = path, _most_memory()
        self.most: float = json.loads(path.read_text())["mib"] if path.exists() else 0.0

    def hear(self, event: dict[str, Any]) -> None:
        """Keep it with each checkpoint, after which another attempt would begin."""
        if event["event"] == "checkpoint":
            self.keep()

    def keep(self) -> None:
        """Write it, if it is more than that of the attempts before."""
        self.most = max(self.most, round(_most_memory() - self.before, 1))
        write_json(self.path, {"mib": self.most})


def measured(work: Callable[..., None], *arguments: Any) -> dict[str, float]:
    """Do some work in a fresh process; returns its seconds, and the MiB of memory that it added at most. Raises
    RuntimeError where it fails."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(sender, work, arguments))
    process.start()
    sender.close()
    try:
        result: dict[str, float] = json.loads(receiver.recv())
    except EOFError as error:
        raise RuntimeError("a run ended without a result") from error
    finally:
        process.join()
    return result


def _measure(sender: Any, work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    before, begun = _most_memory(), time.monotonic()
    work(*arguments)
    seconds = time.monotonic() - begun
    sender.send(json.dumps({"seconds": round(seconds, 1), "mib": round(_most_memory() - before, 1)}))


def _most_memory() -> float:
    """The most that this process has held, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
