"""Training all weights, and merging an adapter: full models that transformers loads."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.training.engine import tiny, workshop
from tests.training.engine.workshop import Events, Killed
from training.engine.data.packing import pack_row
from training.engine.data.records import read_token_pairs
from training.engine.data.text import TextEncoder
from training.engine.errors import InputError
from training.engine.model.policy import Policy

FULL: dict[str, Any] = {"tuning": "full", "learning_rate": 1e-3}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    workshop.write_pairs(tmp_path / "test.jsonl", 6, first=100)
    return workshop.write_pairs(tmp_path / "train.jsonl", 11)


@pytest.mark.parametrize(
    ("family", "tied", "precision"),
    [(family, False, 1e-9) for family in tiny.FAMILIES] + [("llama", True, 1e-9), ("gpt_neox", False, 1e-4)],
)
def test_gradients_of_every_weight_are_the_oracles(family: str, tied: bool, precision: float) -> None:
    built = tiny.model(family, tie_word_embeddings=tied)
    built = (built.double() if family == "gpt_neox" else tiny.widen(built)).eval()
    built.set_attn_implementation("sdpa")  # eager rounds its softmax to fp32
    pairs = tiny.random_pairs(5)
    built.requires_grad_(True)
    oracle = [
        [tiny.naive_log_prob(built, pair.prompt_ids, side) for side in (pair.chosen_ids, pair.rejected_ids)]
        for pair in pairs
    ]
    log_probs = torch.stack([torch.stack(row) for row in oracle])
    direction = torch.linspace(-1, 1, log_probs.numel(), dtype=torch.float64).view_as(log_probs)
    torch.autograd.backward((log_probs * direction).sum())
    expected = {name: each.grad.clone() for name, each in built.named_parameters()}
    built.zero_grad()
    policy = Policy(built, dtype=torch.float64, shape=None)
    ours = policy.side_log_probs(pack_row(pairs, range(5), share=policy.forward.packs)).view(-1, 2)
    torch.testing.assert_close(ours, log_probs.detach(), atol=max(1e-10, precision / 10), rtol=0)
    torch.autograd.backward((ours * direction).sum())
    parameters = policy.weights(Path()).parameters()
    assert parameters.keys() == expected.keys()
    for name, parameter in parameters.items():
        torch.testing.assert_close(parameter.grad, expected[name], atol=precision, rtol=precision)


def test_a_full_run_learns_from_a_frozen_reference_and_leaves_a_model_that_transformers_loads(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    events = Events()
    settings = {**FULL, "epochs": 8, "probe_prompts": 3, "probe_tokens": 4}
    meta = workshop.run(model_folder, data, tmp_path / "out", events, **settings)
    first = events.of("progress")[0]
    assert (first["margin"], first["chosen_logratio"]) == (0.0, 0.0)
    assert meta["test"]["reward_accuracy"] == 1.0
    assert meta["test"]["loss"] < 0.3
    assert meta["test"]["kl"] > 0
    trained, base = (AutoModelForCausalLM.from_pretrained(each) for each in (tmp_path / "out" / "model", model_folder))
    assert trained.dtype == torch.float32
    moved = [not torch.equal(a, b) for a, b in zip(trained.parameters(), base.parameters(), strict=True)]
    assert all(moved)
    margins = {one["id"]: one for one in workshop.lines(tmp_path / "out" / "margins.jsonl")}
    pair = read_token_pairs(data, TextEncoder.from_directory(tmp_path / "out" / "model"), max_length=100).pairs[3]
    with torch.no_grad():
        ratio = [
            (
                tiny.naive_log_prob(trained, pair.prompt_ids, side) - tiny.naive_log_prob(base, pair.prompt_ids, side)
            ).item()
            for side in (pair.chosen_ids, pair.rejected_ids)
        ]
    assert margins[pair.id]["margin"] == pytest.approx(0.1 * (ratio[0] - ratio[1]), abs=1e-3)


@pytest.mark.parametrize("moment", [("progress", 3), ("checkpoint", 4), ("evaluated", 3)], ids=str)
def test_a_full_run_that_is_killed_ends_in_the_same_bytes(
    model_folder: Path, data: Path, tmp_path: Path, moment: tuple[str, int]
) -> None:
    workshop.run(model_folder, data, tmp_path / "whole", **FULL)
    with pytest.raises(Killed):
        workshop.run(model_folder, data, tmp_path / "out", Events(kill_at=moment), **FULL)
    workshop.run(model_folder, data, tmp_path / "out", **FULL)
    for name in ("model/model.safetensors", "margins.jsonl"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_full_run_does_not_start_from_an_adapter(model_folder: Path, data: Path, tmp_path: Path) -> None:
    workshop.run(model_folder, data, tmp_path / "parent", epochs=1)
    with pytest.raises(InputError, match="merge the adapter"):
        workshop.run(model_folder, data, tmp_path / "out", adapter=tmp_path / "parent" / "adapter", **FULL)
