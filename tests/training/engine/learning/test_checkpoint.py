"""A checkpoint brings weights, optimizer and random state back to the bit."""

from pathlib import Path

import pytest
import torch

from tests.training.engine import tiny
from training.engine.config import RunConfig
from training.engine.learning.checkpoint import RunProgress, load_checkpoint, save_checkpoint
from training.engine.learning.step import make_optimizer


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
