"""Two processes on a CPU (gloo) train what one trains."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests.training.engine import tiny, workshop
from tests.training.engine.workshop import Events, Killed
from training.engine.config import RunConfig
from training.engine.measuring.scoring import rows_of
from training.engine.model.parallel import ALONE, Ranks

ROOT = Path(__file__).parents[4]
# A large epsilon makes the step nearly linear in the gradient: rounding stays rounding.
SETTINGS: dict[str, Any] = {"dtype": "float64", "learning_rate": 0.3, "adam_epsilon": 1.0, "probe_tokens": 4}
KINDS: dict[str, dict[str, Any]] = {
    "lora": {"probe_prompts": 3, "evaluate_every": 2},
    "spread": {"sharding": "full"},
    "spread_checkpointed": {
        "sharding": "full",
        "gradient_checkpointing": "on",
        "target_modules": ("q_proj",),
    },
    "full": {"tuning": "full", "learning_rate": 0.05},
    "checkpointed": {"tuning": "full", "learning_rate": 0.05, "gradient_checkpointing": "on"},
}
ADAPTER = "adapter/adapter_model.safetensors"
FILES = {"lora": ADAPTER, "spread": ADAPTER, "spread_checkpointed": ADAPTER}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    workshop.write_pairs(path / "test.jsonl", 5, first=100)
    workshop.write_pairs(path / "train.jsonl", 11)
    return path


@pytest.fixture(scope="module")
def runs(folder: Path, model_folder: Path) -> Path:
    """Every kind of run by one process and by two; of the two that trained everything, one was killed before."""
    commands = []
    for kind, changes in KINDS.items():
        settings = {**SETTINGS, **changes}
        workshop.run(model_folder, folder / "train.jsonl", folder / f"one-{kind}", **settings)
        options = ["--data", str(folder / "train.jsonl"), "--eval", str(folder / "test.jsonl")]
        values = [
            part
            for name, value in {**workshop.SETTINGS, **settings}.items()
            for part in ("--set", f"{name}={value if isinstance(value, str) else json.dumps(value)}")
        ]
        commands.append(
            ["train", "--model", str(model_folder), *options, "--out", str(folder / f"two-{kind}"), *values]
        )
    # Two processes resume a run of one: a checkpoint does not depend on how many wrote it.
    for kind in ("full", "spread"):
        with pytest.raises(Killed):
            workshop.run(
                model_folder,
                folder / "train.jsonl",
                folder / f"two-{kind}",
                Events(kill_at=("progress", 3)),
                **{**SETTINGS, **KINDS[kind]},
            )
    (folder / "commands.json").write_text(json.dumps(commands))
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    completed = subprocess.run(
        [*launcher, str(Path(__file__).with_name("two_ranks.py")), str(folder / "commands.json")],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        text=True,
        capture_output=True,
        check=False,
        timeout=200,
    )
    assert completed.returncode == 0, completed.stderr[-3000:]
    events = [json.loads(line) for line in completed.stdout.splitlines() if line.startswith("{")]
    assert [event["event"] for event in events].count("finished") == len(KINDS)
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_two_processes_end_where_one_ends(runs: Path, kind: str) -> None:
    file = FILES.get(kind, "model/model.safetensors")
    one, two = (load_file(runs / f"{number}-{kind}" / file) for number in ("one", "two"))
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(two[name], tensor, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_two_processes_report_what_one_reports(runs: Path, kind: str) -> None:
    one, two = (workshop.lines(runs / f"{number}-{kind}" / "metrics.jsonl") for number in ("one", "two"))
    assert [(each["event"], each["step"]) for each in one] == [(each["event"], each["step"]) for each in two]
    for parallel, single in zip(two, one, strict=True):
        for name in {"loss", "margin", "grad_norm", "kl", "entropy"} & single.keys():
            assert parallel[name] == pytest.approx(single[name], rel=1e-4, abs=1e-6), (parallel["step"], name)
    meta = json.loads((runs / f"two-{kind}" / "meta.json").read_text())
    assert meta["processes"] == 2


def test_every_row_counts_once_and_sharded_processes_run_equally_many() -> None:
    rows = list("abcde")
    for sharded in (False, True):
        shares = [list(Ranks(rank, 3, sharded).share(rows)) for rank in range(3)]
        assert sorted(row for share in shares for row, counts in share if counts) == rows
        assert not sharded or {len(share) for share in shares} == {2}
    assert not list(Ranks(1, 3, sharded=True).share([]))
    assert list(ALONE.share(rows)) == [(row, True) for row in rows]
    assert np.array_equal(ALONE.add_up(np.ones(3)), np.ones(3))


def test_rows_are_short_enough_that_no_process_is_without_work() -> None:
    pairs, policy = tiny.random_pairs(8), tiny.policy_of(tiny.model(), dtype=torch.float32)
    for size in (2, 4):
        assert len(rows_of(pairs, range(8), policy, RunConfig(), Ranks(0, size))) >= size
    assert len(rows_of(pairs, range(8), policy, RunConfig())) == 1
