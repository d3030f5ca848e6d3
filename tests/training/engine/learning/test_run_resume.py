"""Killed or cancelled at any moment, a run ends in the same bytes."""

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.training.engine import workshop
from tests.training.engine.workshop import Events, Killed
from training.engine.config import RewardConfig, RunConfig
from training.engine.errors import Cancelled, InputError
from training.engine.learning import checkpoint, reference
from training.engine.learning.run import _as_begun
from training.engine.measuring.scoring import score_rows
from training.language_models.folders import publish_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    workshop.write_pairs(path / "test.jsonl", 5, first=100)
    workshop.write_pairs(path / "train.jsonl", 11)
    return path


@pytest.fixture(scope="module")
def whole(folder: Path, model_folder: Path) -> Path:
    """A run that nothing disturbed: six steps, checkpoints after 2 and 4, evaluations after 3 and 6."""
    workshop.run(model_folder, folder / "train.jsonl", folder / "whole")
    return folder / "whole"


def assert_same_result(result: Path, expected: Path) -> None:
    names = ("adapter/adapter_model.safetensors", "adapter/adapter_config.json", "reference.safetensors")
    for name in names:
        assert (result / name).read_bytes() == (expected / name).read_bytes(), name
    metrics = [workshop.without_times(workshop.lines(each / "metrics.jsonl")) for each in (result, expected)]
    assert metrics[0] == metrics[1]


@pytest.mark.parametrize(
    "moment",
    [
        *itertools.product(["progress"], range(1, 7)),
        *itertools.product(["checkpoint"], (2, 4)),
        *itertools.product(["evaluated"], (3, 6)),
        ("started", None),
    ],
    ids=str,
)
def test_killed_at_any_event_and_started_again_it_ends_in_the_same_bytes(
    model_folder: Path, folder: Path, whole: Path, tmp_path: Path, moment: tuple[str, int]
) -> None:
    with pytest.raises(Killed):
        workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out", Events(kill_at=moment))
    assert not (tmp_path / "out" / "meta.json").exists()
    events = Events()
    workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out", events)
    assert_same_result(tmp_path / "out", whole)
    after_last_checkpoint = {"started": 0}.get(moment[0], (moment[1] or 0) - (moment[0] != "checkpoint")) // 2 * 2
    assert events.of("progress")[0]["step"] == min(after_last_checkpoint, 4) + 1


def test_killed_again_and_again_it_still_ends_in_the_same_bytes(
    model_folder: Path, folder: Path, whole: Path, tmp_path: Path
) -> None:
    for step in (1, 3, 4, 5, 6):
        with pytest.raises(Killed):
            workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out", Events(kill_at=("progress", step)))
    workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out")
    assert_same_result(tmp_path / "out", whole)


def test_killed_while_a_checkpoint_is_written_the_half_one_is_ignored_and_cleared_away(
    model_folder: Path, folder: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = publish_folder

    def die(building: Path, target: Path, *, replace: bool) -> None:
        if target.name == "step-000004":
            raise Killed
        real(building, target, replace=replace)

    monkeypatch.setattr(checkpoint, "publish_folder", die)
    with pytest.raises(Killed):
        workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out" / "checkpoints").iterdir())
    assert names == ["step-000002", "step-000004.tmp"]
    monkeypatch.setattr(checkpoint, "publish_folder", real)
    workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out")
    assert_same_result(tmp_path / "out", whole)
    assert not list((tmp_path / "out" / "checkpoints").glob("*.tmp"))


@pytest.mark.parametrize("step", [1, 3, 6])
def test_cancelled_after_a_step_it_writes_that_step_and_goes_on_from_there(
    model_folder: Path, folder: Path, whole: Path, tmp_path: Path, step: int
) -> None:
    events = Events(stop_at=step)
    with pytest.raises(Cancelled, match=f"after step {step} of 6"):
        workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out", events)
    assert events.of("checkpoint")[-1]["step"] == step
    again = Events()
    workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out", again)
    assert [event["step"] for event in again.of("progress")] == list(range(step + 1, 7))
    assert_same_result(tmp_path / "out", whole)


def test_cancelled_before_the_first_step_nothing_is_lost(
    model_folder: Path, folder: Path, whole: Path, tmp_path: Path
) -> None:
    events = Events()
    events.stop.ask()
    with pytest.raises(Cancelled):
        workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out", events)
    workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out")
    assert_same_result(tmp_path / "out", whole)


def test_a_torn_last_line_of_the_metrics_is_written_again(
    model_folder: Path, folder: Path, whole: Path, tmp_path: Path
) -> None:
    with pytest.raises(Killed):
        workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out", Events(kill_at=("progress", 5)))
    metrics = tmp_path / "out" / "metrics.jsonl"
    metrics.write_bytes(metrics.read_bytes()[:-20])
    workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out")
    assert_same_result(tmp_path / "out", whole)


def test_the_reference_is_made_once_unless_its_file_is_damaged(
    model_folder: Path, folder: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[int] = []

    def counting(policy: Any, pairs: Any, rows: Any, *more: Any) -> Any:
        passes.append(len(pairs))
        return score_rows(policy, pairs, rows, *more)

    monkeypatch.setattr(reference, "score_rows", counting)
    for step in (1, 2):
        with pytest.raises(Killed):
            workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out", Events(kill_at=("progress", step)))
    assert passes == [11, 5]
    file = tmp_path / "out" / "reference.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out", evaluate_every=3)
    assert passes == [11, 5, 11, 5]
    assert_same_result(tmp_path / "out", whole)


def test_only_the_newest_checkpoints_stay(whole: Path, model_folder: Path, folder: Path, tmp_path: Path) -> None:
    assert [path.name for path in sorted((whole / "checkpoints").iterdir())] == ["step-000002", "step-000004"]
    workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out", keep_checkpoints=1, checkpoint_every=1)
    assert [path.name for path in (tmp_path / "out" / "checkpoints").iterdir()] == ["step-000005"]


@pytest.mark.parametrize("kill_at", [("evaluated", 2), ("checkpoint", 2), ("progress", 3), ("evaluated", 6)], ids=str)
def test_an_evaluation_due_at_the_step_of_a_checkpoint_is_in_the_metrics_once(
    model_folder: Path, folder: Path, tmp_path: Path, kill_at: tuple[str, int]
) -> None:
    with pytest.raises(Killed):
        workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out", Events(kill_at=kill_at), evaluate_every=2)
    workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out", evaluate_every=2)
    metrics = workshop.lines(tmp_path / "out" / "metrics.jsonl")
    assert [(each["event"], each["step"]) for each in metrics] == [
        (kind, step) for step in range(1, 7) for kind in (["progress", "evaluated"] if step % 2 == 0 else ["progress"])
    ]


def _flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        (name, damage)
        for name in ("adapter_model.safetensors", "optimizer.safetensors", "state.json", "sha256.json")
        for damage in (_flip_a_bit, _cut_short, Path.unlink)
        if (name, damage) != ("sha256.json", Path.unlink)  # without hashes it is an older version's, and is used
    ],
)
def test_a_damaged_newest_checkpoint_is_set_aside_and_the_run_goes_on_from_the_one_before(
    model_folder: Path,
    folder: Path,
    whole: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    damage: Callable[[Path], None],
) -> None:
    out = tmp_path / "out"
    with pytest.raises(Killed):
        workshop.run(model_folder, folder / "train.jsonl", out, Events(kill_at=("progress", 5)))
    damage(out / "checkpoints" / "step-000004" / name)
    events = Events()
    workshop.run(model_folder, folder / "train.jsonl", out, events)
    assert events.of("progress")[0]["step"] == 3
    assert "step-000004 is damaged" in capsys.readouterr().err
    assert (out / "checkpoints" / "step-000004.damaged").is_dir()
    assert_same_result(out, whole)


def test_where_every_checkpoint_is_damaged_it_says_so_and_starts_over_on_the_next_command(
    model_folder: Path, folder: Path, whole: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(Killed):
        workshop.run(model_folder, folder / "train.jsonl", out, Events(kill_at=("progress", 5)))
    for path in (out / "checkpoints").iterdir():
        _flip_a_bit(path / "optimizer.safetensors")
    with pytest.raises(InputError, match=r"step-000004\.damaged, step-000002\.damaged are damaged"):
        workshop.run(model_folder, folder / "train.jsonl", out)
    workshop.run(model_folder, folder / "train.jsonl", out)
    assert_same_result(out, whole)


@pytest.mark.parametrize("name", ["config.json", "inputs.json", "meta.json"])
def test_a_damaged_file_of_the_run_is_named(
    model_folder: Path, folder: Path, whole: Path, tmp_path: Path, name: str
) -> None:
    shutil.copytree(whole, tmp_path / "out")
    _cut_short(tmp_path / "out" / name)
    with pytest.raises(InputError, match=f"{name} is damaged"):
        workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out")


def test_a_run_that_an_older_version_began_keeps_its_beta() -> None:
    config = RunConfig.from_mapping({"loss": "ipo"})
    assert config.beta == 2.5
    assert _as_begun(config, None) == config
    older = {"loss": "ipo", "beta": 0.1}
    assert _as_begun(config, older).beta == 0.1
    assert _as_begun(config, older | {"deterministic": "auto", "beta": 0.3}) == config  # another run: refused by claim
    named = RunConfig.from_mapping({"loss": "ipo", "beta": 0.2})
    assert _as_begun(named, older) == named


def test_a_reward_model_that_an_older_version_began_keeps_the_defaults_of_then() -> None:
    older = {"epochs": 2, "learning_rate": 5e-4}
    assert (RewardConfig().epochs, RewardConfig().learning_rate) == (1, 1e-4)
    kept = _as_begun(RewardConfig(), older)
    assert (kept.epochs, kept.learning_rate) == (2, 5e-4)
    assert _as_begun(RewardConfig(epochs=3), older).epochs == 3  # another run: refused by claim
    newer = older | {"center_rewards_coefficient": 0.0}
    assert _as_begun(RewardConfig(), newer) == RewardConfig()


def test_where_steps_may_end_elsewhere_the_last_one_is_kept_before_it_is_evaluated(
    model_folder: Path, folder: Path, tmp_path: Path
) -> None:
    """As on CUDA: a run that is killed during its last evaluation takes no step again."""
    with pytest.raises(Killed):
        workshop.run(
            model_folder,
            folder / "train.jsonl",
            tmp_path / "out",
            Events(kill_at=("evaluated", 6)),
            deterministic="off",
        )
    events = Events()
    workshop.run(model_folder, folder / "train.jsonl", tmp_path / "out", events, deterministic="off")
    assert events.of("progress") == []
    assert [event["step"] for event in events.of("evaluated")] == [6]
