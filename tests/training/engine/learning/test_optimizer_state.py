"""AdamW's memory in eight bits, or in pages that CUDA moves: smaller, nearly the same steps, and resumed to the bit."""

import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.engine import tiny, workshop
from tests.training.engine.workshop import Events, Killed
from training.engine.config import RunConfig
from training.engine.errors import InputError
from training.engine.learning.memory import memory_need
from training.engine.learning.step import make_optimizer, state_bytes
from training.engine.model.policy import Policy

STATES = ["8bit", "paged"]
pytestmark = pytest.mark.filterwarnings("ignore:Paged optimizers are not supported on CPU")


def steps_of(state: str, count: int = 5) -> tuple[torch.Tensor, torch.optim.Optimizer]:
    """A matrix after some steps on drawn gradients, and the optimizer."""
    generator = torch.Generator().manual_seed(0)
    parameter = torch.nn.Parameter(torch.randn(64, 128, generator=generator))
    optimizer = make_optimizer([parameter], RunConfig(optimizer_state=state, learning_rate=1e-2, weight_decay=0.1))
    for _ in range(count):
        parameter.grad = torch.randn(64, 128, generator=generator)
        optimizer.step()
    return parameter.detach(), optimizer


def test_the_steps_are_adamws_to_rounding_in_pages_and_nearly_so_in_eight_bits() -> None:
    start = torch.randn(64, 128, generator=torch.Generator().manual_seed(0))
    full, eight, paged = (steps_of(state)[0] for state in ("full", *STATES))
    torch.testing.assert_close(paged, full, atol=1e-6, rtol=0)
    moved = (full - start).norm()
    assert 0 < (eight - full).norm() < 0.1 * moved


@pytest.mark.parametrize("state", ["full", *STATES])
def test_the_estimate_is_what_the_state_takes(state: str) -> None:
    parameter, optimizer = steps_of(state, count=1)
    kept = [each for each in optimizer.state.values() for each in each.items()]
    taken = sum(each.nbytes for name, each in kept if torch.is_tensor(each) and each.numel() > 1 and "qmap" not in name)
    config = RunConfig(optimizer_state=state)
    assert taken == state_bytes([parameter], config)
    assert state_bytes([parameter], config) <= (0.26 if state == "8bit" else 1.0) * 2 * parameter.nbytes
    on_gpu = torch.empty(1000, 1000, device="meta")
    expected = {"full": 8e6, "8bit": 2e6 + 2 * 4 * 3907, "paged": 0}
    assert state_bytes([on_gpu], config) == expected[state]


def test_the_need_of_a_run_counts_it() -> None:
    pairs = tiny.random_pairs(3)
    policy = Policy(tiny.model(hidden_size=64, intermediate_size=512), dtype=torch.float32, shape=None)
    needs = [
        memory_need(policy, pairs, RunConfig(tuning="full", optimizer_state=state)).state for state in ("full", "8bit")
    ]
    assert needs[1] < 0.6 * needs[0]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return workshop.write_pairs(tmp_path_factory.mktemp("data") / "train.jsonl", 8)


@pytest.mark.parametrize("state", STATES)
def test_a_run_learns_and_killed_it_ends_in_the_same_bytes(
    state: str, data: Path, model_folder: Path, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {
        "tuning": "full",
        "optimizer_state": state,
        "learning_rate": 1e-3,
        "epochs": 4,
        "final_margins": False,
    }
    events = Events()
    workshop.run(model_folder, data, tmp_path / "whole", events, **settings)
    losses = [each["hard_loss"] for each in events.of("progress")]
    assert losses[-1] < 0.5 < losses[0]
    with pytest.raises(Killed):
        workshop.run(model_folder, data, tmp_path / "out", Events(kill_at=("progress", 5)), **settings)
    workshop.run(model_folder, data, tmp_path / "out", **settings)
    whole, resumed = ((tmp_path / each / "model" / "model.safetensors").read_bytes() for each in ("whole", "out"))
    assert whole == resumed


def test_a_state_that_cannot_be_had_is_refused_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="optimizer_state=8bit is for adamw"):
        RunConfig(optimizer_state="8bit", optimizer="rmsprop")
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(InputError, match="optimizer_state=paged cannot be used: bitsandbytes is needed"):
        make_optimizer([torch.nn.Parameter(torch.ones(2))], RunConfig(optimizer_state="paged"))
