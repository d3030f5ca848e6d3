"""Which adapter a run ends with, and when it stops early."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from tests.training.engine import workshop
from tests.training.engine.workshop import Events, Killed
from training.engine.model.adapter_format import WEIGHTS_NAME

# A learning rate that first learns and then ruins: the lowest held-out loss is not at the end.
RUINOUS: dict[str, Any] = {
    "learning_rate": 0.02,
    "epochs": 4,
    "evaluate_every": 1,
    "beta": 2.0,
    "checkpoint_every": 3,
    "max_grad_norm": 0.0,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    workshop.write_pairs(path / "train.jsonl", 11)
    # Half of the held-out labels are the other way round: the surer the model, the greater its loss.
    lines = workshop.write_pairs(path / "test.jsonl", 6, first=100).read_text().splitlines()
    records = [json.loads(line) for line in lines]
    for record in records[::2]:
        record["chosen"], record["rejected"] = record["rejected"], record["chosen"]
    (path / "test.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


@pytest.fixture(scope="module")
def ruined(folder: Path, model_folder: Path) -> Path:
    workshop.run(model_folder, folder / "train.jsonl", folder / "ruined", keep_best=2, **RUINOUS)
    return folder / "ruined"


def losses(out: Path) -> dict[int, float]:
    return {one["step"]: one["loss"] for one in workshop.lines(out / "metrics.jsonl") if one["event"] == "evaluated"}


def test_a_run_ends_with_the_adapter_of_the_lowest_held_out_loss(ruined: Path) -> None:
    meta, evaluated = json.loads((ruined / "meta.json").read_text()), losses(ruined)
    ranked = sorted(evaluated, key=lambda step: (evaluated[step], step))
    assert meta["best_step"] == ranked[0] < meta["steps"] == 12
    assert meta["test"]["loss"] == evaluated[ranked[0]] < evaluated[12]
    assert sorted(path.name for path in (ruined / "best").iterdir()) == sorted(f"step-{n:06d}" for n in ranked[:2])
    published = load_file(ruined / "adapter" / WEIGHTS_NAME)
    best = load_file(ruined / "best" / f"step-{ranked[0]:06d}" / WEIGHTS_NAME)
    assert all((published[name] == best[name]).all() for name in best)


def test_it_stops_when_nothing_better_comes(folder: Path, model_folder: Path, ruined: Path, tmp_path: Path) -> None:
    meta = workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out", patience=2, **RUINOUS)
    evaluated = losses(tmp_path / "out")
    assert meta["stopped_early"] is True
    assert meta["steps"] == meta["best_step"] + 2 == max(evaluated) < 12
    assert evaluated == {step: loss for step, loss in losses(ruined).items() if step <= meta["steps"]}


@pytest.mark.parametrize("moment", [("evaluated", 1), ("evaluated", 3), ("checkpoint", 3), ("progress", 2)], ids=str)
def test_killed_and_started_again_it_decides_the_same(
    folder: Path, model_folder: Path, tmp_path: Path, moment: tuple[str, int]
) -> None:
    settings = {**RUINOUS, "patience": 2}
    whole = workshop.run(model_folder, folder / "train.jsonl", tmp_path / "whole", **settings)
    with pytest.raises(Killed):
        workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out", Events(kill_at=moment), **settings)
    again = workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out", **settings)
    assert (again["best_step"], again["steps"], again["test"]) == (whole["best_step"], whole["steps"], whole["test"])
    for name in (f"adapter/{WEIGHTS_NAME}", "margins.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_the_final_margins_are_the_finished_adapters(ruined: Path) -> None:
    meta, margins = json.loads((ruined / "meta.json").read_text()), workshop.lines(ruined / "margins.jsonl")
    assert [one["id"] for one in margins if one["split"] == "train"] == [f"pair-{number}" for number in range(11)]
    tested = [one["margin"] for one in margins if one["split"] == "test"]
    assert len(tested) == meta["test"]["pairs"] == 6
    assert sum(tested) / 6 == pytest.approx(meta["test"]["margin"], rel=1e-9)
    assert sum(margin > 0 for margin in tested) / 6 == meta["test"]["reward_accuracy"]


def test_the_papers_optimizer_learns_and_resumes_too(folder: Path, model_folder: Path, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"optimizer": "rmsprop", "learning_rate": 2e-3}
    whole = workshop.run(model_folder, folder / "train.jsonl", tmp_path / "whole", **settings)
    with pytest.raises(Killed):
        workshop.run(
            model_folder, folder / "train.jsonl", tmp_path / "out", Events(kill_at=("progress", 3)), **settings
        )
    workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out", **settings)
    steps = [one for one in workshop.lines(tmp_path / "whole" / "metrics.jsonl") if one["event"] == "progress"]
    assert steps[-1]["loss"] < steps[0]["loss"]
    assert whole["steps"] == 6
    name = f"adapter/{WEIGHTS_NAME}"
    assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def damage(folder: Path) -> None:
    content = bytearray((folder / WEIGHTS_NAME).read_bytes())
    content[-1] ^= 1
    (folder / WEIGHTS_NAME).write_bytes(content)


def test_best_weights_that_were_damaged_on_disk_are_passed_over(
    folder: Path, model_folder: Path, ruined: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluated = losses(ruined)
    best, second = sorted(evaluated, key=lambda step: (evaluated[step], step))[:2]
    out, settings = tmp_path / "out", {**RUINOUS, "keep_best": 2}
    with pytest.raises(Killed):
        workshop.run(model_folder, folder / "train.jsonl", out, Events(kill_at=("progress", 12)), **settings)
    damage(out / "best" / f"step-{best:06d}")
    meta = workshop.run(model_folder, folder / "train.jsonl", out, **settings)
    assert (meta["best_step"], meta["damaged_steps"]) == (second, [best])
    said = capsys.readouterr().err
    assert f"step-{best:06d} are damaged: {WEIGHTS_NAME} is not as written" in said
    assert f"the weights of step {best} were better and are damaged: the run ends with step {second}" in said


@pytest.mark.parametrize("missing", [False, True])
def test_after_an_early_stop_the_best_checkpoint_stands_in_for_damaged_best_weights(
    folder: Path, model_folder: Path, ruined: Path, tmp_path: Path, missing: bool
) -> None:
    """Without one the run would end with the weights of its last step, which nobody wants."""
    evaluated = losses(ruined)
    best = min(evaluated, key=lambda step: (evaluated[step], step))
    out, settings = tmp_path / "out", {**RUINOUS, "patience": 3, "checkpoint_every": 1, "keep_checkpoints": 9}
    with pytest.raises(Killed):
        workshop.run(model_folder, folder / "train.jsonl", out, Events(kill_at=("checkpoint", best + 2)), **settings)
    for path in (out / "best" / f"step-{best:06d}", out / "checkpoints" / f"step-{best:06d}"):
        shutil.rmtree(path) if missing else damage(path)
    meta = workshop.run(model_folder, folder / "train.jsonl", out, **settings)
    assert meta["steps"] == best + 3
    whole = [step for step in evaluated if step != best and step <= best + 3]
    assert meta["best_step"] == min(whole, key=lambda step: (evaluated[step], step)) != meta["steps"]
    assert meta["damaged_steps"] == [best]
    assert meta["test"]["loss"] == evaluated[meta["best_step"]]
    published = load_file(out / "adapter" / WEIGHTS_NAME)
    taken = load_file(out / "checkpoints" / f"step-{meta['best_step']:06d}" / WEIGHTS_NAME)
    assert all((published[name] == taken[name]).all() for name in taken)
