"""``python -m training.engine``: train, reward, rlhf, best-of-n, score, evaluate, drift, blame, lab, merge on plain
files; settings lists them.

stdout carries JSON lines (``{"event": ...}``), stderr is for people. Exit codes: 0 finished; 1 a bug or the machine
(traceback on stderr); 2 bad input or config; 3 cancelled by SIGTERM or SIGINT; 4 diverged.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import traceback
from pathlib import Path
from typing import Any

from training.engine.config import RewardConfig, RunConfig, as_table, read_settings
from training.engine.errors import (
    EXIT_FINISHED,
    EXIT_UNEXPECTED,
    Cancelled,
    EngineError,
    InputError,
    as_engine_error,
    check_outputs,
)
from training.engine.events import Caller, StopRequest, emit, log
from training.engine.launcher import Hosts, end_with_launcher, is_launched, launch, note_end, processes_here, reports
from training.engine.loss_settings import as_table as losses_as_table

_GIVEN = ("model", "adapter", "reference_adapter", "reward_model", "run")  # folders that are read as they are
WAIT_SECONDS = 120.0  # a predecessor may need a step, at worst an evaluation, to notice that its reader is gone


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    if not is_launched():
        return _main(arguments)
    note_end(None)
    code = _main(arguments)
    note_end(code)
    return code


def _main(arguments: list[str] | None) -> int:
    options = build_parser().parse_args(arguments)
    if options.command == "settings":
        from training.engine.methods.settings import RlhfConfig

        print(as_table(RlhfConfig if options.rlhf else RewardConfig if options.reward else RunConfig))
        return EXIT_FINISHED
    stop = StopRequest()
    stop.install()
    if is_launched():
        end_with_launcher()
    # Libraries read these when they are loaded: the same numbers in every process; no lookups over the network; threads
    # that wait for more than some microseconds yield their core. Yielding at once costs a sixth of the speed on a
    # quiet machine, never yielding costs most of it on a busy one.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")
    try:
        if options.command in _SHARED and not is_launched():
            hosts = Hosts(options.hosts, options.host_rank, options.rendezvous)
            config = _kind(options).from_mapping(read_settings(options.config, options.settings))
            if (processes := processes_here(config)) > 1 or hosts.count > 1:
                return launch(sys.argv[1:] if arguments is None else arguments, processes, hosts)
        result = _run(options, stop)
    except EngineError as error:
        return _report(error)
    except Exception as error:
        named = {name: each for name, each in vars(options).items() if isinstance(each, Path)}
        given = [each for name, each in named.items() if name in _GIVEN]
        known = as_engine_error(error, list(named.values()), given=given, command=options.command)
        if known is not None:
            return _report(known)
        log(traceback.format_exc())
        emit({"event": "failed", "error": f"{type(error).__name__}: {error}"})
        return EXIT_UNEXPECTED
    if reports():
        emit({"event": "finished", **result})
    return EXIT_FINISHED


def _run(options: argparse.Namespace, stop: StopRequest) -> dict[str, Any]:
    check_outputs({name: each for name, each in vars(options).items() if isinstance(each, Path)})
    settings = read_settings(options.config, options.settings)
    if options.command in _METHODS:
        _load_libraries()
        return _METHODS[options.command](options, settings, stop)
    config = _kind(options).from_mapping(settings)
    _load_libraries()
    return _COMMANDS[options.command](options, config, stop)


def _load_libraries() -> None:
    """torch and transformers make half a million objects, and all of them stay. The search for garbage among them is a
    third of the time of a run that takes few steps."""
    if "transformers" in sys.modules:
        return
    gc.disable()
    try:
        import training.language_models.loading  # noqa: F401
    finally:
        gc.freeze()
        gc.enable()


def _kind(options: argparse.Namespace) -> type[RunConfig]:
    return RewardConfig if options.command == "reward" else RunConfig


def _report(error: EngineError) -> int:
    """Say it in one sentence; returns the exit code."""
    log(f"{type(error).__name__}: {error}")
    if reports() or not isinstance(error, Cancelled):  # one process alone may know what is wrong
        emit({"event": error.event, "error": str(error)})
    return error.exit_code


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.engine", description="DPO on plain files.")
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser(
        "train",
        help="learn from preference pairs; run again to resume",
        epilog=losses_as_table(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    reward = commands.add_parser("reward", help="train an explicit reward model on them; run again to resume")
    for command in (train, reward):
        command.add_argument(
            "--eval", type=Path, dest="held_out", help="held-out pairs (default: the snapshot's test.jsonl)"
        )
        command.add_argument("--out", type=Path, required=True, help="folder of the run")
        command.add_argument("--hosts", type=int, default=1, help="machines that train together, each by this command")
        command.add_argument("--host-rank", type=int, default=0, help="number of this machine; 0 reports")
        command.add_argument(
            "--rendezvous", default="", metavar="HOST:PORT/NAME", help="a port of machine 0, and a name of this meeting"
        )
    train.add_argument("--reference-cache", type=Path, help="folder of reference log-probabilities that runs share")
    score = commands.add_parser("score", help="log-probabilities, rewards and margin of every pair")
    score.add_argument("--out", type=Path, required=True, help="JSON-lines file to write")
    score.add_argument("--tokens", action="store_true", help="add every token with its text and log-probabilities")
    score.add_argument("--reward-model", type=Path, help="explicit reward model to score with, instead of a policy")
    evaluate = commands.add_parser("evaluate", help="reward accuracy, loss and margins over all pairs")
    evaluate.add_argument("--out", type=Path, help="JSON file to write")
    drift = commands.add_parser("drift", help="exact KL of samples to the base and to another adapter")
    drift.add_argument("--out", type=Path, required=True, help="JSON-lines file to write")
    blame = commands.add_parser("blame", help="which pairs pushed an adapter where it is, and which are doubtful")
    blame.add_argument("--run", type=Path, help="folder of the finished run: its settings, reference and checkpoints")
    blame.add_argument("--queries", type=Path, help="pairs to explain: the better completion and the one that won")
    blame.add_argument("--out", type=Path, required=True, help="JSON-lines file to write, a line for each pair")
    blame.add_argument("--gradients", type=Path, help="folder of gradients that later calls use again")
    blame.add_argument("--points", type=int, default=1, help="points of the run: its start, its end, then checkpoints")
    blame.add_argument("--held-out", type=int, default=100, help="held-out pairs of the snapshot to compare with")
    for command in (score, evaluate, drift, blame):
        command.add_argument("--reference-adapter", type=Path, help="adapter of the reference (default: none)")
    lab = commands.add_parser("lab", help="take steps on request (JSON lines on stdin) and report each of them")
    lab.add_argument("--watch", type=Path, help="pairs that are scored as well, but not learned from")
    settings = commands.add_parser("settings", help="print all settings as a table: default, range and meaning")
    settings.add_argument("--rlhf", action="store_true", help="those that rlhf has beside them")
    settings.add_argument("--reward", action="store_true", help="those of a reward model that differ from them")
    rlhf = commands.add_parser("rlhf", help="learn from a reward by RLOO, PPO or online DPO; run again to resume")
    rlhf.add_argument("--out", type=Path, required=True, help="folder of the run")
    best = commands.add_parser("best-of-n", help="sample completions of each prompt and take the best by a reward")
    best.add_argument("--out", type=Path, required=True, help="JSON-lines file of the best ones to write")
    best.add_argument("--pairs", type=Path, help="JSON-lines file of pairs to write: the best one and a rejected one")
    best.add_argument(
        "--rejected",
        choices=("worst", "below"),
        default="worst",
        help="the worst sample, or the one nearest to the mean reward less two deviations",
    )
    for command in (rlhf, best):
        command.add_argument("--reward-model", type=Path, help="explicit reward model of the same base model")
        command.add_argument("--reward", metavar="MODULE:FUNCTION", help="Python function of two texts instead")
    merge = commands.add_parser("merge", help="fold an adapter into its base model, as a model folder")
    merge.add_argument("--out", type=Path, required=True, help="folder to write")
    merge.add_argument("--dtype", choices=["float32", "bfloat16", "float16"], default="float32", help="of its weights")
    as_stored = "add an adapter that learned beside four bits to the stored weights, not to the rounded ones"
    merge.add_argument("--as-stored", action="store_true", help=as_stored)
    for command in (train, reward, rlhf, best, score, evaluate, drift, blame, lab, merge):
        command.add_argument("--model", type=Path, required=True, help="folder of the base model")
        command.add_argument(
            "--adapter",
            type=Path,
            required=command is merge,
            help="adapter to start from, to score or to merge (default: none)",
        )
    for command in (train, reward, rlhf, best, score, evaluate, drift, blame, lab):
        command.add_argument(
            "--data",
            type=Path,
            required=True,
            help="pairs (rlhf, best-of-n: prompts; drift: samples) as JSON lines (train, reward, blame: or a "
            "snapshot's folder); a pair's weight is for files from outside, the platform sets none",
        )
    for command in (train, reward, rlhf, best, score, evaluate, drift, blame, lab, merge):
        command.add_argument("--config", type=Path, help="JSON file of settings")
        command.add_argument(
            "--set", action="append", default=[], dest="settings", metavar="FIELD=VALUE", help="one setting; repeatable"
        )
    return parser


def _train(options: argparse.Namespace, config: RunConfig, stop: StopRequest) -> dict[str, Any]:
    from training.engine.learning.run import train
    from training.engine.run_folder import TrainFiles

    files = TrainFiles(
        options.model, options.data, options.out, options.held_out, options.adapter, options.reference_cache
    )
    return train(files, config, caller=Caller(emit, stop), wait_seconds=WAIT_SECONDS)


def _reward(options: argparse.Namespace, config: RunConfig, stop: StopRequest) -> dict[str, Any]:
    from training.engine.learning.run import TrainingKind, train
    from training.engine.run_folder import TrainFiles

    files = TrainFiles(options.model, options.data, options.out, options.held_out, options.adapter)
    kind = TrainingKind.REWARD_MODEL
    return train(files, config, caller=Caller(emit, stop), kind=kind, wait_seconds=WAIT_SECONDS)


def _rlhf(options: argparse.Namespace, settings: dict[str, Any], stop: StopRequest) -> dict[str, Any]:
    from training.engine.methods.rlhf import RlhfFiles, rlhf
    from training.engine.methods.settings import RlhfConfig

    files = RlhfFiles(options.model, options.data, options.out, options.reward_model, options.reward, options.adapter)
    return rlhf(files, RlhfConfig.from_mapping(settings), caller=Caller(emit, stop), wait_seconds=WAIT_SECONDS)


def _best_of_n(options: argparse.Namespace, settings: dict[str, Any], stop: StopRequest) -> dict[str, Any]:
    from training.engine.data.text import TextEncoder
    from training.engine.learning.run import prepare_torch
    from training.engine.methods.best_of_n import best_of_n, write_lines
    from training.engine.methods.rewards import reward_of
    from training.engine.methods.samples import read_prompts
    from training.engine.methods.settings import RlhfConfig

    config = RlhfConfig.from_mapping(settings)
    prepare_torch(config)
    encoder = TextEncoder.from_directory(options.model)
    room = {"max_tokens": config.max_tokens, "max_length": config.max_length}
    prompts, dropped = read_prompts(options.data, encoder, **room)
    reward = reward_of(options.model, options.reward_model, options.reward, config, encoder)
    found = best_of_n(options.model, options.adapter, list(prompts), reward, config, encoder=encoder, stop=stop)
    write_lines(options.out, found.lines(prompts.values(), encoder))
    made: dict[str, Any] = {}
    if options.pairs is not None:
        pairs = found.pairs(prompts.values(), options.rejected, encoder)
        made["pairs"] = write_lines(options.pairs, pairs)
    return {"prompts": len(prompts), "dropped": dict(dropped), "curve": found.curve(), "out": str(options.out), **made}


def _score(options: argparse.Namespace, config: RunConfig, stop: StopRequest) -> dict[str, Any]:
    from training.engine.learning.run import prepare_torch
    from training.engine.measuring.evaluation import read_all, score, write_scores

    if options.reward_model is not None and (options.adapter or options.reference_adapter or options.tokens):
        raise InputError("a reward model scores without adapters and tokens of a policy: leave one of the two out")
    prepare_torch(config)
    if options.reward_model is not None:
        from training.engine.learning.reward import reward_figures, score_rewards, write_rewards

        pair_set = read_all(options.model, options.data, config)
        rewards = score_rewards(options.model, options.reward_model, pair_set, config, stop=stop)
        write_rewards(options.out, pair_set.pairs, rewards)
        figures = reward_figures(rewards)
    elif options.tokens:
        from training.engine.measuring.token_scores import score_tokens

        pair_set, scores, tokens = score_tokens(
            options.model, options.adapter, options.reference_adapter, options.data, config, stop=stop
        )
        write_scores(options.out, pair_set.pairs, scores, config.loss_settings, tokens)
        figures = {}
    else:
        pair_set, scores = score(
            options.model, options.adapter, options.reference_adapter, options.data, config, stop=stop
        )
        write_scores(options.out, pair_set.pairs, scores, config.loss_settings)
        figures = {}
    return {"pairs": len(pair_set.pairs), "dropped": dict(pair_set.dropped), "out": str(options.out), **figures}


def _evaluate(options: argparse.Namespace, config: RunConfig, stop: StopRequest) -> dict[str, Any]:
    from training.engine.learning.run import prepare_torch
    from training.engine.measuring.evaluation import evaluate, score

    prepare_torch(config)
    pair_set, scores = score(options.model, options.adapter, options.reference_adapter, options.data, config, stop=stop)
    return evaluate(scores, pair_set, config, options.out)


def _drift(options: argparse.Namespace, config: RunConfig, stop: StopRequest) -> dict[str, Any]:
    from training.engine.learning.run import prepare_torch
    from training.engine.measuring.drift import drift, drift_lines
    from training.engine.run_folder import write_atomically

    prepare_torch(config)
    drifts = drift(options.model, options.adapter, options.reference_adapter, options.data, config, stop=stop)
    write_atomically(options.out, drift_lines(drifts))
    return {"samples": len(drifts), "out": str(options.out)}


def _blame(options: argparse.Namespace, settings: dict[str, Any], stop: StopRequest) -> dict[str, Any]:
    from training.engine.attribution.blame import BlameFiles, Choices, blame

    files = BlameFiles(
        options.model,
        options.data,
        options.out,
        run=options.run,
        adapter=options.adapter,
        start=options.reference_adapter,
        queries=options.queries,
        cache=options.gradients,
    )
    return blame(files, settings, Choices(options.points, options.held_out), caller=Caller(emit, stop))


def _lab(options: argparse.Namespace, config: RunConfig, stop: StopRequest) -> dict[str, Any]:
    from training.engine.lab import Lab, commands_from_stdin, serve
    from training.engine.learning.run import prepare_torch

    prepare_torch(config)
    lab = Lab(options.model, options.adapter, options.data, options.watch, config)
    return serve(lab, commands_from_stdin(stop), emit, stop)


def _merge(options: argparse.Namespace, config: RunConfig, stop: StopRequest) -> dict[str, Any]:
    import torch

    from training.engine.model.merging import merge

    dtype = getattr(torch, options.dtype)
    return merge(options.model, options.adapter, options.out, dtype=dtype, as_stored=options.as_stored)


_COMMANDS = {
    "train": _train,
    "reward": _reward,
    "score": _score,
    "evaluate": _evaluate,
    "drift": _drift,
    "lab": _lab,
    "merge": _merge,
}
_SHARED = ("train", "reward")  # commands for several processes
_METHODS = {"rlhf": _rlhf, "best-of-n": _best_of_n, "blame": _blame}
