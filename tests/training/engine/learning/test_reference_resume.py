"""A reference pass that is interrupted goes on where it was, and ends in the same bits."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.training.engine import workshop
from tests.training.engine.workshop import Events, Killed
from training.engine.errors import Cancelled
from training.engine.learning import reference_file


class Interrupted(Events):
    """Kills or stops a run after so many reports about a pass over pairs."""

    what = "reference"
    left = 2
    kills = True

    def __call__(self, event: dict[str, Any]) -> None:
        super().__call__(event)
        if event["event"] == "scoring" and event["what"] == self.what:
            self.left -= 1
            if self.left == 0:
                if self.kills:
                    raise Killed
                self.stop.ask()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    workshop.write_pairs(path / "train.jsonl", 11)
    return path


def reference_of(out: Path) -> bytes:
    return (out / "reference.safetensors").read_bytes()


def scored(events: Events) -> list[int]:
    return [event["pairs"] for event in events.of("scoring") if event["what"] == "reference"]


@pytest.mark.parametrize("kills", [True, False], ids=["killed", "cancelled"])
@pytest.mark.parametrize("cached", [False, True], ids=["alone", "with a cache"])
def test_an_interrupted_pass_goes_on_and_ends_in_the_same_bytes(
    model_folder: Path,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    kills: bool,
    cached: bool,
) -> None:
    monkeypatch.setattr(reference_file, "PAIRS_BETWEEN", 1)
    settings: dict[str, Any] = {"epochs": 1, "tokens_per_row": 40, "final_margins": False}
    shared: list[Path | None] = [None, None]
    if cached:  # two of the eleven pairs have values from an earlier run
        shared = [tmp_path / "cache", tmp_path / "other cache"]
        lines = (folder / "train.jsonl").read_text().splitlines(keepends=True)
        (tmp_path / "few.jsonl").write_text("".join(lines[:2]))
        for number, each in enumerate(shared):
            few = tmp_path / f"few {number}"
            workshop.run(model_folder, tmp_path / "few.jsonl", few, reference_cache=each, **settings)
    whole, out, data = tmp_path / "whole", tmp_path / "out", folder / "train.jsonl"
    undisturbed = Events()
    workshop.run(model_folder, data, whole, undisturbed, reference_cache=shared[0], **settings)
    first = Interrupted()
    first.kills = kills
    with pytest.raises(Killed if kills else Cancelled):
        workshop.run(model_folder, data, out, first, reference_cache=shared[1], **settings)
    assert (out / "reference.partial.safetensors").exists()
    capsys.readouterr()
    second = Events()
    workshop.run(model_folder, data, out, second, reference_cache=shared[1], **settings)
    [words] = [line for line in capsys.readouterr().err.splitlines() if "train pairs" in line]
    assert ", 0 done before" not in words
    [at_once] = [event for event in second.of("scoring") if event["what"] == "reference"][:1]
    assert "pairs_per_second" not in at_once, "what an earlier process did is not this one's pace"
    assert len(scored(second)) <= len(scored(undisturbed))
    assert reference_of(out) == reference_of(whole)
    assert not (out / "reference.partial.safetensors").exists()


def test_a_damaged_partial_file_is_dropped(
    model_folder: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reference_file, "PAIRS_BETWEEN", 1)
    out, data = tmp_path / "out", folder / "train.jsonl"
    with pytest.raises(Killed):
        workshop.run(model_folder, data, out, Interrupted(), tokens_per_row=40)
    partial = out / "reference.partial.safetensors"
    content = bytearray(partial.read_bytes())
    content[-1] ^= 1
    partial.write_bytes(content)
    events = Events()
    workshop.run(model_folder, data, out, events, tokens_per_row=40)
    assert scored(events)[-1] == 11
    assert events.of("progress")[0]["margin"] == 0.0


@pytest.mark.parametrize("kills", [True, False], ids=["killed", "cancelled"])
@pytest.mark.parametrize("what", ["held_out", "final_train", "final_test"])
def test_an_interrupted_evaluation_or_last_pass_goes_on_too(
    model_folder: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, kills: bool
) -> None:
    monkeypatch.setattr(reference_file, "PAIRS_BETWEEN", 1)
    test = workshop.write_pairs(tmp_path / "test.jsonl", 6, first=100)
    data = tmp_path / "train.jsonl"
    data.write_bytes((folder / "train.jsonl").read_bytes())
    settings: dict[str, Any] = {"epochs": 1, "tokens_per_row": 40}
    assert test.exists()
    workshop.run(model_folder, data, tmp_path / "whole", **settings)
    first, out = Interrupted(), tmp_path / "out"
    first.what, first.kills = what, kills
    with pytest.raises(Killed if kills else Cancelled):
        workshop.run(model_folder, data, out, first, **settings)
    name = "held_out" if what == "held_out" else "margins"
    assert (out / f"{name}.partial.safetensors").exists()
    second = Events()
    workshop.run(model_folder, data, out, second, **settings)
    begins = next(event for event in second.of("scoring") if event["what"] == what)
    assert begins["pairs"] > 0
    assert "pairs_per_second" not in begins, "an earlier process scored these"
    assert (out / "margins.jsonl").read_bytes() == (tmp_path / "whole" / "margins.jsonl").read_bytes()
    assert not list(out.glob("*.partial.safetensors"))


@pytest.mark.parametrize("checkpoint_every", [2, 0])
def test_a_stop_in_the_last_pass_of_a_run_that_ends_with_earlier_weights_changes_nothing(
    model_folder: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpoint_every: int
) -> None:
    """The KL is beyond its budget after step 3, so the run ends with the weights of step 2; the checkpoint that the
    stop leaves must be that of step 3, or the run would forget why it ended and learn on. Without checkpoints it takes
    its steps again."""
    monkeypatch.setattr(reference_file, "PAIRS_BETWEEN", 1)
    workshop.write_pairs(tmp_path / "test.jsonl", 6, first=100)
    data = tmp_path / "train.jsonl"
    data.write_bytes((folder / "train.jsonl").read_bytes())
    settings: dict[str, Any] = {"tokens_per_row": 40, "evaluate_every": 1, "probe_prompts": 2, "probe_tokens": 4}
    settings |= {"epochs": 4, "learning_rate": 2e-2, "checkpoint_every": checkpoint_every, "kl_budget": 1.5}
    whole = workshop.run(model_folder, data, tmp_path / "whole", **settings)
    assert whole["stopped_early"]
    assert whole["best_step"] < whole["steps"] < 12
    first, out = Interrupted(), tmp_path / "out"
    first.what, first.kills = "final_train", False
    with pytest.raises(Cancelled):
        workshop.run(model_folder, data, out, first, **settings)
    assert bool(first.of("checkpoint")) is bool(checkpoint_every)
    events = Events()
    again = workshop.run(model_folder, data, out, events, **settings)
    assert bool(events.of("progress")) is not bool(checkpoint_every)
    assert any((out / "checkpoints").iterdir()) is bool(checkpoint_every)
    for name in ("steps", "best_step", "stopped_because", "test"):
        assert again[name] == whole[name]
    for name in ("margins.jsonl", "adapter/adapter_model.safetensors"):
        assert (out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_several_processes_stop_together_in_the_middle_of_a_pass_and_go_on_there(
    model_folder: Path, folder: Path, tmp_path: Path
) -> None:
    """The first process alone hears of the stop; after four rows of each they agree."""
    root = Path(__file__).parents[4]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    program = [str(Path(__file__).with_name("two_ranks_stop.py")), str(model_folder), str(folder / "train.jsonl")]
    completed = subprocess.run(
        [*launcher, *program, str(tmp_path)],
        cwd=root,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)},
        text=True,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert completed.returncode == 0, completed.stderr[-3000:]
    assert "reference pass over 11 train pairs, 0 cached, 8 done before" in completed.stderr
    assert reference_of(tmp_path / "stopped") == reference_of(tmp_path / "whole")
    assert not (tmp_path / "stopped" / "reference.partial.safetensors").exists()
