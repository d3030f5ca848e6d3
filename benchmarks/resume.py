"""A run is killed (kill -9) at random moments, started again each time, and must end in the bytes of one left alone.

    python -m benchmarks.resume                     a tiny random model, 20 moments; about 2 minutes on two cores
    python -m benchmarks.resume --model DIR --data PAIRS.jsonl --set epochs=1 --kills 20
    python -m benchmarks.resume --kills 3 --tuning full
    python -m benchmarks.resume --damage            the newest checkpoint loses a bit or its end after each kill

Moments are drawn evenly from the time between the undisturbed run's first event and its last, so that the reference
pass, steps, evaluations, checkpoints, final margins and the writing of the result are hit. The report counts each kind
of ending. Exit code 1 if any run ended in other bytes.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from training.engine.errors import EXIT_INPUT

PROJECT = Path(__file__).resolve().parent.parent
SETTINGS = {"epochs": 4, "pairs_per_step": 2, "checkpoint_every": 3, "evaluate_every": 5, "threads": 1, "device": "cpu"}
TINY = {"lora_rank": 4, "lora_alpha": 8, "learning_rate": 0.005, "dtype": "float32"}
TIMES = ("pairs_per_second", "tokens_per_second", "remaining_seconds", "after_seconds")


def main() -> int:
    """The command line; 0 if every run ended in the same bytes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20, help="runs that are killed once each")
    parser.add_argument("--model", type=Path, help="model folder (default: a tiny random one is made)")
    parser.add_argument("--data", type=Path, help="pairs (default: made up)")
    parser.add_argument("--tuning", choices=["lora", "full"], default="lora")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--damage", action="store_true", help="damage the newest checkpoint after each kill")
    parser.add_argument("--jobs", type=int, default=2, help="runs side by side")
    parser.add_argument("--set", action="append", default=[], dest="settings", metavar="FIELD=VALUE")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="resume-") as folder:
        report = measure(options, Path(folder))
    print(json.dumps(report) if options.json else in_words(report))
    return 0 if report["identical"] == report["kills"] else 1


def measure(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """One run left alone, then as many killed ones."""
    model = options.model or _tiny_model(folder / "model")
    data = options.data or _pairs(folder / "pairs.jsonl")
    command = _command(model, data, options)
    span = _timed([*command, "--out", str(folder / "alone")], folder / "alone.events")
    expected, chance = result(folder / "alone"), random.Random(options.seed)
    moments = [chance.uniform(0.0, span) for _ in range(options.kills)]

    def killed(number: int) -> tuple[str, bool]:
        out = folder / f"killed-{number}"
        where = _kill([*command, "--out", str(out)], moments[number], out)
        if options.damage and (damage := _damage(out, random.Random(options.seed + number))):
            where += f", {damage}"
        _run([*command, "--out", str(out)])
        same = result(out) == expected
        shutil.rmtree(out)
        print(f"killed {where}: {'the same bytes' if same else 'OTHER BYTES'}", file=sys.stderr, flush=True)
        return where, same

    with ThreadPoolExecutor(options.jobs) as pool:
        endings = list(pool.map(killed, range(options.kills)))
    return {
        "kills": options.kills,
        "identical": sum(same for _, same in endings),
        "seconds": round(span, 2),
        "steps": sum(1 for record in expected["metrics"] if record["event"] == "progress"),
        "killed": [where for where, _ in endings],
    }


def result(out: Path) -> dict[str, Any]:
    """Everything of a finished run that must not depend on its history."""
    files = [*sorted((out / "adapter").glob("*")), *sorted((out / "model").glob("*")), out / "margins.jsonl"]
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    return {
        "files": {path.name: path.read_bytes() for path in files},
        "metrics": [{name: value for name, value in line.items() if name not in TIMES} for line in lines],
    }


def _command(model: Path, data: Path, options: argparse.Namespace) -> list[str]:
    settings = {**SETTINGS, **({} if options.model else TINY), "tuning": options.tuning}
    assignments = [f"{name}={value}" for name, value in settings.items()] + options.settings
    paths = ["--model", str(model), "--data", str(data), "--eval", str(data)]
    command = [sys.executable, "-m", "training.engine", "train", *paths]
    return command + [part for assignment in assignments for part in ("--set", assignment)]


def _timed(command: list[str], told: Path) -> float:
    """Run to the end; returns the seconds between its first event and its last."""
    with told.open("w") as stdout, told.with_suffix(".log").open("w") as stderr:
        child = subprocess.Popen(command, cwd=PROJECT, env=_environment(), stdout=stdout, stderr=stderr)
    began = _first_event(child, told)
    while '"finished"' not in told.read_text() and child.poll() is None:
        time.sleep(0.005)
    span = time.monotonic() - began
    if child.wait():
        raise RuntimeError(f"the engine ended with code {child.returncode}: {told.with_suffix('.log').read_text()}")
    return span


def _damage(out: Path, chance: random.Random) -> str:
    """Damage a file of the newest checkpoint; returns what happened to it, empty without one."""
    checkpoints = sorted((out / "checkpoints").glob("step-??????"))
    if not checkpoints:
        return ""
    path = chance.choice(sorted(checkpoints[-1].iterdir()))
    content = bytearray(path.read_bytes())
    place = chance.randrange(len(content))
    if chance.random() < 0.5:
        path.write_bytes(content[:place])
        return f"{path.name} of the newest cut short"
    content[place] ^= 1 << chance.randrange(8)
    path.write_bytes(content)
    return f"a bit of {path.name} of the newest flipped"


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=PROJECT, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode == EXIT_INPUT and "is whole" in done.stderr:  # every checkpoint is damaged: it starts over
        done = subprocess.run(command, cwd=PROJECT, env=_environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"the engine ended with code {done.returncode}: {done.stderr[-2000:]}")


def _kill(command: list[str], after: float, out: Path) -> str:
    """Start, wait for the first event and so many seconds, kill -9; returns where the run was."""
    told = out.with_suffix(".events")
    with told.open("w") as stdout:
        child = subprocess.Popen(command, cwd=PROJECT, env=_environment(), stdout=stdout, stderr=subprocess.DEVNULL)
    _first_event(child, told)
    time.sleep(after)
    child.send_signal(signal.SIGKILL)
    child.wait()
    last = [json.loads(line) for line in told.read_text().splitlines() if line.endswith("}")][-1]
    where = " ".join(str(last[name]) for name in ("event", "what", "step") if name in last)
    return f"after {where}, {len(list((out / 'checkpoints').glob('step-??????')))} checkpoints on disk"


def _first_event(child: "subprocess.Popen[bytes]", told: Path) -> float:
    """The moment of an event, in monotonic seconds."""
    while "\n" not in told.read_text():
        if child.poll() is not None:
            raise RuntimeError(f"the engine ended with code {child.returncode} before its first event")
        time.sleep(0.005)
    return time.monotonic()


def _environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)}


def _tiny_model(folder: Path) -> Path:
    """A random llama of two layers with the tokenizer of the tests."""
    from tests.training.engine.tiny import save_model

    return save_model(folder)


def _pairs(path: Path, count: int = 24) -> Path:
    chance = random.Random(1)

    def text(letters: str) -> str:
        return "".join(chance.choices(letters, k=chance.randint(2, 30)))

    records = [
        {"id": str(number), "prompt": text("abc de"), "chosen": text("aeiou "), "rejected": text("xyz ")}
        for number in range(count)
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def in_words(report: dict[str, Any]) -> str:
    """The report for people."""
    return (
        f"{report['identical']} of {report['kills']} killed runs ended in the bytes of the one left alone "
        f"({report['steps']} steps, {report['seconds']} s)"
    )


if __name__ == "__main__":
    sys.exit(main())
