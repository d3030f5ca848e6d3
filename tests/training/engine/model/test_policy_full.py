"""Training all weights, and merging an adapter: full models that transformers loads."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from tests.training.engine import tiny, workshop
from tests.training.engine.workshop import Events, Killed
from training.engine.cli import build_parser, main
from training.engine.data.packing import pack_row
from training.engine.data.records import read_token_pairs
from training.engine.data.text import TextEncoder
from training.engine.errors import InputError
from training.engine.model.head import trained_token_log_probs
from training.engine.model.merging import merge
from training.engine.model.policy import Policy

FULL: dict[str, Any] = {"tuning": "full", "learning_rate": 1e-3}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    workshop.write_pairs(tmp_path / "test.jsonl", 6, first=100)
    return workshop.write_pairs(tmp_path / "train.jsonl", 11)


def test_values_and_gradients_of_a_trained_head_are_those_of_log_softmax() -> None:
    torch.manual_seed(0)
    hidden, weight = (torch.randn(n, 6, dtype=torch.float64, requires_grad=True) for n in (300, 13))
    targets, direction = torch.randint(0, 13, (300,)), torch.randn(300, dtype=torch.float64)
    ours = trained_token_log_probs(hidden, weight, targets, torch.float64)
    plain = torch.log_softmax(hidden @ weight.T, dim=1).gather(1, targets[:, None]).squeeze(1)
    torch.testing.assert_close(ours, plain, atol=1e-12, rtol=0)
    found = torch.autograd.grad((ours * direction).sum(), (hidden, weight))
    expected = torch.autograd.grad((plain * direction).sum(), (hidden, weight))
    for mine, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-11, rtol=0)


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
    theirs = torch.stack([torch.stack(row) for row in oracle])
    direction = torch.linspace(-1, 1, theirs.numel(), dtype=torch.float64).view_as(theirs)
    torch.autograd.backward((theirs * direction).sum())
    expected = {name: each.grad.clone() for name, each in built.named_parameters()}
    built.zero_grad()
    policy = Policy(built, dtype=torch.float64, shape=None)
    ours = policy.side_log_probs(pack_row(pairs, range(5), share=policy.forward.packs)).view(-1, 2)
    torch.testing.assert_close(ours, theirs.detach(), atol=max(1e-10, precision / 10), rtol=0)
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


def test_a_merged_model_gives_the_log_probs_of_base_and_adapter(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = AutoModelForCausalLM.from_pretrained(model_folder)
    policy, pairs = tiny.policy_of(base, dtype=torch.float32), tiny.random_pairs(3)
    (tmp_path / "adapter").mkdir()
    tiny.save_adapter(tmp_path / "adapter", policy, base_model=str(model_folder))
    options = ["--model", str(model_folder), "--adapter", str(tmp_path / "adapter"), "--out", str(tmp_path / "merged")]
    assert main(["merge", *options]) == 0
    assert json.loads(capsys.readouterr().out)["layers"] == 14
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged").eval()
    with torch.no_grad():
        ours = policy.side_log_probs(pack_row(pairs, range(3), share=True)).view(3, 2)
        theirs = [
            [tiny.naive_log_prob(merged, each.prompt_ids, side).item() for side in (each.chosen_ids, each.rejected_ids)]
            for each in pairs
        ]
    torch.testing.assert_close(ours, torch.tensor(theirs, dtype=torch.float64), atol=1e-4, rtol=0)
    assert (tmp_path / "merged" / "tokenizer.json").read_bytes() == (model_folder / "tokenizer.json").read_bytes()


def test_merging_refuses_what_does_not_fit_and_what_is_there(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "adapter").mkdir()
    policy = tiny.policy_of(tiny.model(hidden_size=64), dtype=torch.float32)
    tiny.save_adapter(tmp_path / "adapter", policy, base_model="other")
    with pytest.raises(InputError, match="does not fit the model"):
        merge(model_folder, tmp_path / "adapter", tmp_path / "merged", dtype=torch.float32)
    assert not (tmp_path / "merged").exists()
    with pytest.raises(InputError, match="already exists"):
        merge(model_folder, tmp_path / "adapter", tmp_path, dtype=torch.float32)


def test_merging_into_bf16_is_rounded_once(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "adapter").mkdir()
    policy = tiny.policy_of(AutoModelForCausalLM.from_pretrained(model_folder), dtype=torch.float32)
    tiny.save_adapter(tmp_path / "adapter", policy, base_model="base")
    for name, dtype in (("wide", torch.float32), ("narrow", torch.bfloat16)):
        merge(model_folder, tmp_path / "adapter", tmp_path / name, dtype=dtype)
    wide, narrow = (load_file(tmp_path / name / "model.safetensors") for name in ("wide", "narrow"))
    assert wide.keys() == narrow.keys()
    assert all(torch.equal(wide[name].bfloat16(), narrow[name]) for name in wide)
    assert json.loads((tmp_path / "narrow" / "config.json").read_text())["dtype"] == "bfloat16"


def test_merge_wants_an_adapter() -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["merge", "--model", "m", "--out", "o"])
