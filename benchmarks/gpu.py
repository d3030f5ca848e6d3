"""Everything that only a GPU can show, in one command of less than six minutes, without network or database.

All CUDA tests of the engine; a run from end to end (probes, reward model, scores, lab, merge; killed and resumed); the
speed against TRL's DPOTrainer, with its defaults and tuned, on a Llama of one billion random weights.

    python -m benchmarks.gpu --out gpu.json             one GPU
    python -m benchmarks.gpu --small --out small.json   the same path on a CPU, with a tiny model: it tries this script

A part that fails or for which no time is left is in the report with its reason; the others go on. The exit code is 1
where a part failed. `make gpu-wheels` fetches what a machine without network lacks.
"""

import argparse
import json
import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from benchmarks.dpo.random_model import write_model, write_pairs
from benchmarks.dpo.workload import least_operations, workload
from training.engine.measuring.utilisation import peak_of

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests" / "training" / "engine"
LIBRARIES = ("torch", "transformers", "peft", "trl", "liger-kernel", "flash-attn", "safetensors")
FURTHEST_MARGIN = 0.2  # of bf16 from fp32: two nats of a completion's log-ratio
TRAINERS = ("chosen", "trl-tuned", "trl")


class Failed(RuntimeError):
    """A part did not do what it should; the message is its end."""


@dataclass
class Report:
    """Parts with their figures, written after each: what was seen survives a machine that is taken away."""

    out: Path | None
    ends_at: float
    parts: dict[str, Any] = field(default_factory=dict)
    failed: bool = False

    def part(self, name: str, seconds: float, work: Callable[[], Any]) -> None:
        """Does a part that takes about so many seconds, if they are left."""
        left, began = self.ends_at - time.monotonic(), time.monotonic()
        if left < seconds:
            self.parts[name] = {"skipped": f"{left:.0f} s are left, it takes about {seconds:.0f}"}
        else:
            print(f"{name} ...", file=sys.stderr, flush=True)
            try:
                self.parts[name] = {"result": work()}
            except Exception as error:  # whatever a GPU raises: the other parts go on
                self.failed = True
                self.parts[name] = {"failed": f"{type(error).__name__}: {error}"}
            self.parts[name]["seconds"] = round(time.monotonic() - began, 1)
        if self.out is not None:
            self.out.write_text(json.dumps(self.parts, indent=1) + "\n")

    def run(self, command: list[str], **more: Any) -> str:
        """The output of a program of ours; it ends with the time that is left."""
        line = [sys.executable, "-m", *command]
        left = max(1.0, self.ends_at - time.monotonic())
        done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=ROOT, timeout=left, **more)
        if done.returncode != 0:
            end = done.stdout[-2000:] + done.stderr[-2000:]  # pytest and events tell the reason on stdout
            raise Failed(f"{' '.join(command[:3])} ended with {done.returncode}: {end}")
        return str(done.stdout)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="JSON file, written after every part")
    parser.add_argument("--small", action="store_true", help="a tiny model on a CPU")
    parser.add_argument("--seconds", type=float, default=350, help="time for all of it")
    options = parser.parse_args()
    if not options.small and not torch.cuda.is_available():
        print("Skipped: torch finds no CUDA device. --small tries the same path on a CPU.")
        return 0
    device, shape = ("cpu", "tiny") if options.small else ("cuda", "1b")
    report = Report(options.out, time.monotonic() + options.seconds)
    report.part("machine", 0, lambda: machine(device))
    report.part("tests", 30, lambda: cuda_tests(report))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report.part("end to end", 90, lambda: end_to_end(report, folder, device))
        model = folder / "model"
        report.part("model", 10, lambda: str(write_model(model, shape, device=device).name))
        for load in ("hh-like", "24/8/8" if options.small else "800/200/200"):
            for trainer in TRAINERS:
                report.part(f"{load} {trainer}", 20, lambda t=trainer, w=load: speed(report, model, t, w, device))  # type: ignore[misc]
            report.part(f"{load} ratios", 0, lambda w=load: ratios(report, w))  # type: ignore[misc]
    print(json.dumps(report.parts, indent=1))
    return int(report.failed)


def machine(device: str) -> dict[str, Any]:
    """The card and the versions."""
    found: dict[str, str | None] = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    card = torch.cuda.get_device_name(0) if device == "cuda" else None
    return {"card": card, "cuda": torch.version.cuda, "versions": found, "matmul_tflops": matmul_rate(device) / 1e12}


def cuda_tests(report: Report) -> str:
    """All tests that need CUDA, without the services of the other tests: their last line, with what was skipped."""
    files = sorted(str(path) for path in TESTS.rglob("test_*.py") if "needs_cuda" in path.read_text(encoding="utf-8"))
    options = ["-c", os.devnull, "--rootdir", str(ROOT), "--confcutdir", str(TESTS), "--import-mode=importlib", "-q"]
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": paths}
    plain = ["-p", "no:cacheprovider", "-p", "no:django", "-p", "no:xdist"]
    return report.run(["pytest", *options, *plain, *files], env=environment).strip().splitlines()[-1]


def end_to_end(report: Report, folder: Path, device: str) -> dict[str, Any]:
    """A run with probes that is killed and goes on; then its adapter scored, merged and looked at in the lab, and a
    reward model. Every command is the engine's own."""
    model = write_model(folder / "small-model", "tiny", device=device)
    data = write_pairs(folder / "train.jsonl", 32, letters=60)
    held_out = write_pairs(folder / "test.jsonl", 8, letters=40)
    common = ["--model", str(model), "--data", str(data), "--set", f"device={device}"]
    few = ["--set", "epochs=2", "--set", "pairs_per_step=8", "--set", "lora_rank=4", "--set", "checkpoint_every=1"]
    train = ["training.engine", "train", *common, *few, "--eval", str(held_out), "--out", str(folder / "run")]
    train += ["--set", "probe_prompts=2", "--set", "probe_tokens=16"]
    killed_at = _kill_after_two_steps(train)
    events = [json.loads(line) for line in report.run(train).splitlines()]
    first = next(each["step"] for each in events if each["event"] == "progress")
    adapter = ["--adapter", str(folder / "run" / "adapter")]
    report.run(["training.engine", "score", *common, *adapter, "--out", str(folder / "scores.jsonl")])
    merged = ["--model", str(model), *adapter, "--out", str(folder / "merged")]
    report.run(["training.engine", "merge", *merged])
    report.run(["training.engine", "reward", *common, *few, "--out", str(folder / "reward")])
    lab = ["training.engine", "lab", "--model", str(model), "--data", str(held_out), "--set", f"device={device}"]
    points = report.run(lab, input='{"steps": 2}\n').count('"point"')
    begins = ["training.engine", "train", *common, *few, "--set", "epochs=1"]
    whole = ["--set", "tuning=full", "--set", "learning_rate=1e-6"]
    report.run([*begins, *whole, "--out", str(folder / "full")])
    report.run([*begins, "--set", "deterministic=on", "--out", str(folder / "deterministic")])
    on_cpu = folder / "scores-of-cpu.jsonl"
    exact = ["--set", "device=cpu", "--set", "dtype=float32"]
    report.run(["training.engine", "score", *common, *exact, *adapter, "--out", str(on_cpu)])
    final = events[-1]
    first_losses = {name: _first_loss(folder / name) for name in ("run", "full", "deterministic")}
    off = _furthest(folder / "scores.jsonl", on_cpu)
    if any(abs(loss - math.log(2)) > 1e-6 for loss in first_losses.values()):
        raise Failed(f"a run's first loss is ln 2, and these are {first_losses}")
    if off > FURTHEST_MARGIN or points != 3:
        raise Failed(f"margins are off by {off:.3g} from those of a CPU in fp32, and there are {points} points, not 3")
    return {
        "first_losses": first_losses,
        "margins_off_by": off,
        "killed_at_step": killed_at,
        "resumed_at_step": first,
        "steps": final["steps"],
        "kl": final["test"].get("kl"),
        "scores": len((folder / "scores.jsonl").read_text().splitlines()),
        "lab_points": points,
    }


def _first_loss(run: Path) -> float:
    records = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return float(next(each["loss"] for each in records if each["event"] == "progress" and each["step"] == 1))


def _furthest(scores: Path, others: Path) -> float:
    """The largest difference between two files' margins of the same pairs."""
    first, second = (
        {each["id"]: each["margin"] for each in map(json.loads, path.read_text().splitlines())}
        for path in (scores, others)
    )
    return max(abs(float(first[name]) - float(second[name])) for name in first | second)


def _kill_after_two_steps(command: list[str]) -> int:
    line = [sys.executable, "-m", *command]
    latest: deque[str] = deque(maxlen=20)
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for text in process.stdout:
            latest.append(text)
            event = json.loads(text) if text.startswith('{"event"') else {}  # the others are for people
            if event.get("event") == "progress" and event["step"] >= 2:
                process.send_signal(signal.SIGKILL)
                return int(event["step"])
    raise Failed(f"the run ended with {process.returncode} before its second step: {''.join(latest)}")


def speed(report: Report, model: Path, trainer: str, load: str, device: str) -> dict[str, Any]:
    """Steps of one trainer in a process of its own: pairs and tokens a second, memory, share of the card's peak."""
    pairs = 8 if device == "cpu" else 64
    command = ["benchmarks.dpo.steps", trainer, "--model", str(model), "--workload", load, "--pairs", str(pairs)]
    command += ["--device", device, "--warm-up", "1"]
    turn = dict(json.loads(report.run(command).strip().splitlines()[-1]))
    from transformers import AutoConfig

    work = workload(load, pairs, model)
    rate = least_operations(work, AutoConfig.from_pretrained(model)) / turn["seconds"]
    card = torch.cuda.get_device_name(0) if device == "cuda" else ""
    peak = peak_of(card)
    return {
        "pairs_per_second": len(work.pairs) / turn["seconds"],
        "tokens_per_second": work.tokens / turn["seconds"],
        "peak_gib": turn["peak_gib"],
        "tflops": rate / 1e12,
        "mfu": rate / peak if peak else None,
        "how": turn.get("how", {}),
    }


def ratios(report: Report, load: str) -> dict[str, float]:
    """How many times as many pairs a second as each of TRL's."""
    rates = {
        name: report.parts[f"{load} {name}"]["result"]["pairs_per_second"]
        for name in TRAINERS
        if "result" in report.parts[f"{load} {name}"]
    }
    ours = rates.pop("chosen", None)
    return {f"chosen / {name}": ours / rate for name, rate in rates.items()} if ours else {}


def matmul_rate(device: str) -> float:
    """Operations a second of a large product in bf16: the peak that can be had here."""
    size, times = (8192, 20) if device == "cuda" else (512, 3)
    left = torch.randn(size, size, dtype=torch.bfloat16, device=device)
    right = torch.randn(size, size, dtype=torch.bfloat16, device=device)
    left @ right
    _wait(device)
    before = time.perf_counter()
    for _ in range(times):
        left @ right
    _wait(device)
    return times * 2 * size**3 / (time.perf_counter() - before)


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    sys.exit(main())
