"""A checkpoint brings weights, optimizer and random state back to the bit."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.training.engine import tiny
from training.engine.config import RunConfig
from training.engine.errors import InputError
from training.engine.learning.checkpoint import RunProgress, load_checkpoint, resume, save_checkpoint
from training.engine.learning.step import make_optimizer
from training.engine.run_folder import RunFolder, seal_folder


@pytest.mark.parametrize("name", ["adamw", "rmsprop"])
def test_after_loading_the_next_step_and_the_next_draw_are_the_same(tmp_path: Path, name: str) -> None:
    config = RunConfig(optimizer=name)

    def step(seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        for parameter in parameters:
            parameter.grad = torch.randn(parameter.shape, generator=generator)
        optimizer.step()

    policy = tiny.policy_of(tiny.model(), dtype=torch.float32)
    weights = policy.weights(Path("base"))
    parameters = list(weights.parameters().values())
    optimizer = make_optimizer(parameters, config)
    step(1)
    progress = RunProgress(step=1, seconds=2.5)
    save_checkpoint(tmp_path / "step", weights=weights, optimizer=optimizer, progress=progress)
    step(2)
    expected, draw = {key: tensor.clone() for key, tensor in weights.state().items()}, torch.rand(3)

    optimizer = make_optimizer(parameters, config)
    assert load_checkpoint(tmp_path / "step", weights=weights, optimizer=optimizer) == progress
    assert not torch.equal(next(iter(weights.state().values())), next(iter(expected.values())))
    step(2)
    state = weights.state()
    assert all(torch.equal(state[key], tensor) for key, tensor in expected.items())
    assert torch.equal(torch.rand(3), draw)


def test_a_process_that_does_not_write_leaves_no_file(tmp_path: Path) -> None:
    policy = tiny.policy_of(tiny.model(), dtype=torch.float32)
    weights = policy.weights(Path("base"))
    optimizer = make_optimizer(list(weights.parameters().values()), RunConfig())
    progress = RunProgress(step=1, seconds=0.0)
    save_checkpoint(tmp_path / "step", weights=weights, optimizer=optimizer, progress=progress, writes=False)
    assert list(tmp_path.iterdir()) == []


def _cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _empty_tensors(path: Path) -> None:
    save_file({"another": torch.zeros(1)}, path)


def _other_fields(path: Path) -> None:
    path.write_text('{"steps": 4}')


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("adapter_model.safetensors", _cut_short),
        ("adapter_model.safetensors", _empty_tensors),
        ("optimizer.safetensors", _cut_short),
        ("optimizer.safetensors", _empty_tensors),
        ("optimizer.safetensors", Path.unlink),
        ("state.json", _cut_short),
        ("state.json", _other_fields),
    ],
)
def test_one_without_hashes_that_cannot_be_loaded_is_set_aside_for_the_one_before(
    tmp_path: Path, name: str, damage: Callable[[Path], None]
) -> None:
    policy = tiny.policy_of(tiny.model(), dtype=torch.float32)
    weights, folder = policy.weights(Path("base")), RunFolder(tmp_path)
    parameters = list(weights.parameters().values())
    optimizer = make_optimizer(parameters, RunConfig())
    for step in (1, 2):
        for parameter in parameters:
            parameter.grad = torch.full_like(parameter, step)
        optimizer.step()
        progress = RunProgress(step=step, seconds=0.0)
        target = folder.checkpoint_path(step)
        save_checkpoint(target, weights=weights, optimizer=optimizer, progress=progress)
        (target / "sha256.json").unlink()
    damage(folder.checkpoint_path(2) / name)
    assert resume(folder, weights=weights, optimizer=optimizer) == RunProgress(step=1, seconds=0.0)
    assert [path.name for path in folder.checkpoints()] == ["step-000001"]
    assert folder.checkpoint_path(2).with_name("step-000002.damaged").is_dir()
    damage(folder.checkpoint_path(1) / name)
    with pytest.raises(InputError, match=r"step-000002\.damaged, step-000001\.damaged are damaged"):
        resume(folder, weights=weights, optimizer=optimizer)


def test_a_sealed_one_that_cannot_be_loaded_now_is_not_set_aside(tmp_path: Path) -> None:
    """Its files are as they were written: a full memory or a device may be the reason, and the next start loads it."""
    policy = tiny.policy_of(tiny.model(), dtype=torch.float32)
    weights, folder = policy.weights(Path("base")), RunFolder(tmp_path)
    parameters = list(weights.parameters().values())
    optimizer = make_optimizer(parameters, RunConfig())
    for parameter in parameters:
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    target = folder.checkpoint_path(1)
    save_checkpoint(target, weights=weights, optimizer=optimizer, progress=RunProgress(step=1, seconds=0.0))
    _empty_tensors(target / "optimizer.safetensors")
    (target / "sha256.json").unlink()
    seal_folder(target)
    with pytest.raises(KeyError):
        resume(folder, weights=weights, optimizer=optimizer)
    assert [path.name for path in folder.checkpoints()] == ["step-000001"]
