"""How fast a DPO step is, against TRL's DPOTrainer with its defaults and tuned, on the same pairs and the same machine.

SmolLM2-135M, LoRA of rank 16 on all projections, 8 pairs a step, all cores. Every trainer runs in a process of its own
(so that its peak memory is its own), and they take turns. The floor is the time of the matrix products alone at the
rate measured here between the turns.

    python -m benchmarks.dpo_speed                                  pairs of Anthropic HH, bf16; 15 minutes a round
    python -m benchmarks.dpo_speed --workload 800/200/200 --pairs 8 --warm-up 1 --at-once 2 --at-once-tuned 2 --rounds 1
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.dpo.workload import least_operations, workload
from config.embedded.var import VarDirectory
from training.generation import prepare_model

TRAINERS = ("chosen", "trl-tuned", "trl")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workload", default="hh", help="hh, or tokens of prompt/chosen/rejected")
    parser.add_argument("--pairs", type=int, default=16)
    parser.add_argument(
        "--longest",
        type=int,
        default=1024,
        help="hh: tokens of a prompt with its longer side (1,024: TRL's max_length)",
    )
    parser.add_argument(
        "--at-once", type=int, default=8, help="TRL: pairs in one forward, of the 8 of a step; fewer need less memory"
    )
    parser.add_argument(
        "--at-once-tuned", type=int, default=4, help="the same for tuned TRL: with 8, hh needs more than 24 GiB"
    )
    parser.add_argument("--warm-up", type=int, default=2, help="times through the pairs before the timed one")
    parser.add_argument("--dtype", choices=["bfloat16", "float32"], default="bfloat16")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trainers", nargs="+", choices=TRAINERS, default=list(TRAINERS))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    model = prepare_model(VarDirectory.from_environment().path / "models" / "smollm2-135m-instruct")
    report = measure(options, model)
    print(json.dumps(report, indent=1) if options.json else in_words(report))


def measure(options: argparse.Namespace, model: Path) -> dict[str, Any]:
    """Rounds of turns; medians over the rounds."""
    from transformers import AutoConfig

    load = workload(options.workload, options.pairs, model, longest=options.longest)
    operations = least_operations(load, AutoConfig.from_pretrained(model))
    turns: dict[str, list[dict[str, float]]] = {name: [] for name in options.trainers}
    rates = []
    for number in range(options.rounds):
        rates.append(matmul_rate(getattr(torch, options.dtype)))
        for name in options.trainers:
            print(f"round {number + 1} of {options.rounds}: {name}", file=sys.stderr, flush=True)
            turns[name].append(_turn(name, options, model))
    rate = statistics.median(rates)
    figures = {}
    for name, all_turns in turns.items():
        seconds = statistics.median(turn["seconds"] for turn in all_turns)
        figures[name] = {
            "pairs_per_second": len(load.pairs) / seconds,
            "scored_tokens_per_second": load.scored / seconds,
            "peak_gib": max(turn["peak_gib"] for turn in all_turns),
            "share_of_floor": operations / rate / seconds,
        }
    return {
        "workload": options.workload,
        "dtype": options.dtype,
        "pairs": len(load.pairs),
        "tokens_per_pair": load.tokens / len(load.pairs),
        "matmul_gflops": rate / 1e9,
        "floor_pairs_per_second": len(load.pairs) * rate / operations,
        "trainers": figures,
    }


def _turn(name: str, options: argparse.Namespace, model: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.dpo.steps", name, "--model", str(model)]
    command += ["--workload", options.workload, "--pairs", str(options.pairs), "--dtype", options.dtype]
    at_once = options.at_once_tuned if name == "trl-tuned" else options.at_once
    command += ["--longest", str(options.longest), "--at-once", str(at_once)]
    command += ["--warm-up", str(options.warm_up)]
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "10000"}  # as our engine sets them
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def matmul_rate(dtype: torch.dtype) -> float:
    """Operations a second of a product of the model's shape, on all cores."""
    left, right = torch.randn(2048, 576, dtype=dtype), torch.randn(576, 1536, dtype=dtype)
    for _ in range(3):
        left @ right
    best = float("inf")
    for _ in range(5):
        before = time.perf_counter()
        for _ in range(10):
            left @ right
        best = min(best, time.perf_counter() - before)
    return 10 * 2 * 2048 * 576 * 1536 / best


def in_words(report: dict[str, Any]) -> str:
    """A table for people."""
    lines = [
        f"{report['workload']}, {report['dtype']}, {report['pairs']} pairs of {report['tokens_per_pair']:.0f} tokens; "
        f"matmul {report['matmul_gflops']:.0f} GFLOP/s, floor {report['floor_pairs_per_second']:.2f} pairs/s"
    ]
    for name, one in report["trainers"].items():
        lines.append(
            f"  {name:10} {one['pairs_per_second']:6.2f} pairs/s {one['scored_tokens_per_second']:7.0f} scored tokens/s"
            f" {one['peak_gib']:5.1f} GiB {100 * one['share_of_floor']:4.0f} % of the floor"
        )
    ours = report["trainers"].get("chosen")
    for name, one in report["trainers"].items():
        if ours and name != "chosen":
            lines.append(f"  chosen / {name}: {ours['pairs_per_second'] / one['pairs_per_second']:.1f} times")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
