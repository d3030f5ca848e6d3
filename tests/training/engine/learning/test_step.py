"""One optimizer step: its gradient is that of all its pairs, weighted, and is checked."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.training.engine import workshop
from training.engine.config import RunConfig
from training.engine.errors import Diverged
from training.engine.learning.run import prepare_torch
from training.engine.learning.step import fastest_way, make_optimizer


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return workshop.write_pairs(tmp_path / "train.jsonl", 11)


@pytest.mark.parametrize("budget", [1, 60, 100_000])
def test_the_gradient_of_a_step_does_not_depend_on_how_its_pairs_are_spread_over_rows(
    model_folder: Path, data: Path, tmp_path: Path, budget: int
) -> None:
    """One pair a row (accumulation), a ragged split, and one row for all."""

    def gradients(tokens_per_row: int) -> dict[str, torch.Tensor]:
        trainer = workshop.trainer_of(
            model_folder,
            data,
            tmp_path / f"{tokens_per_row}",
            tokens_per_row=tokens_per_row,
            dtype="float64",
            pairs_per_step=11,
        )
        trainer.make_reference()
        parameters = trainer.model.adapter.parameters()
        with torch.no_grad():
            for number, parameter in enumerate(parameters.values()):
                parameter.add_(0.01 * (number % 7))
        trainer.optimization.accumulate(trainer.batch(1))
        return {name: parameter.grad for name, parameter in parameters.items() if parameter.grad is not None}

    expected, result = gradients(200), gradients(budget)
    assert expected.keys() == result.keys()
    assert max(tensor.abs().max() for tensor in expected.values()) > 1e-3
    for name, tensor in expected.items():
        torch.testing.assert_close(result[name], tensor, atol=1e-6, rtol=1e-5)  # norms are fp32 in transformers


@pytest.mark.parametrize("weights", [(3.0, 1.0), (2.0, 0.0)])
def test_weights_are_copies_and_a_weight_of_zero_is_absence(
    model_folder: Path, tmp_path: Path, weights: tuple[float, ...]
) -> None:
    def adapter(name: str, records: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        workshop.run(model_folder, path, tmp_path / name, pairs_per_step=8, epochs=1, dtype="float64")
        return load_file(tmp_path / name / "adapter" / "adapter_model.safetensors")

    records: list[dict[str, Any]] = [
        {"prompt": "p", "chosen": "a" * (n + 1), "rejected": "zz", "weight": w} for n, w in enumerate(weights)
    ]
    copies = [{**record, "weight": 1.0} for record in records for _ in range(int(record["weight"]))]
    weighted, copied = adapter("weighted", records), adapter("copied", copies)
    for name, tensor in weighted.items():
        torch.testing.assert_close(tensor, copied[name], atol=1e-5, rtol=0)


def test_a_gradient_that_is_not_finite_stops_the_run_and_names_the_pairs(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    trainer = workshop.trainer_of(model_folder, data, tmp_path / "out")
    trainer.make_reference()
    parameter = next(iter(trainer.model.adapter.parameters().values()))
    parameter.register_hook(lambda gradient: gradient * math.inf)
    with pytest.raises(Diverged, match=r"the gradient is not finite after the pairs 'pair-\d+'"):
        trainer.run()


def test_rows_that_are_copied_ahead_give_the_same_gradient_to_the_bit(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    """As on CUDA, where it is the default; a CPU has nothing to copy."""
    trainer = workshop.trainer_of(model_folder, data, tmp_path / "out", tokens_per_row=60, lanes=1)
    trainer.make_reference()
    assert trainer.optimization.copies_ahead is False
    gradients = []
    for trainer.optimization.copies_ahead in (False, True):
        values = trainer.optimization.accumulate(trainer.batch(1))
        gradients.append((values.tolist(), [each.grad for each in trainer.optimization.parameters]))
        trainer.optimization.optimizer.zero_grad(set_to_none=True)
    (plain, expected), (ahead, result) = gradients
    assert ahead == plain
    for one, other in zip(expected, result, strict=True):
        assert one is not None
        assert other is not None
        assert torch.equal(one, other)


def test_on_cuda_adamw_takes_its_step_in_one_kernel() -> None:
    assert fastest_way("adamw", {"cuda"}) == "fused"
    assert fastest_way("adamw", {"cpu"}) == fastest_way("rmsprop", {"cuda"}) == "foreach"
    made = make_optimizer([torch.nn.Parameter(torch.ones(2))], RunConfig())
    assert (made.defaults["foreach"], made.defaults["fused"]) == (True, None)


def test_tf32_is_off_unless_it_is_asked_for() -> None:
    for asked in (True, False):
        prepare_torch(RunConfig(tf32=asked))
        assert torch.backends.cuda.matmul.allow_tf32 is asked
