"""The explicit reward model: a head at the last token, trained by Bradley-Terry on the same rows."""

import copy
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import peft
import pytest
import torch
from torch import Tensor
from transformers import AutoModelForSequenceClassification

from tests.training.engine import tiny, workshop
from tests.training.engine.workshop import Events, Killed
from training.engine.cli import main
from training.engine.config import RewardConfig, RunConfig, as_table
from training.engine.data.packing import pack_row, pack_rows
from training.engine.errors import InputError
from training.engine.events import Caller, StopRequest
from training.engine.learning.reward import RewardModel, reward_config, reward_figures
from training.engine.learning.run import TrainingKind, load_start, train
from training.engine.losses import Pairs, pair_losses
from training.engine.model.lora import AdapterShape
from training.engine.run_folder import TrainFiles


@pytest.fixture
def data(tmp_path: Path) -> Path:
    workshop.write_pairs(tmp_path / "test.jsonl", 6, first=100)
    return workshop.write_pairs(tmp_path / "train.jsonl", 11)


def reward_policy(built: Any, shape: AdapterShape = tiny.SHAPE) -> RewardModel:
    policy = RewardModel(built, dtype=torch.float64, shape=shape)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in policy.weights(Path()).parameters().values():
            parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return policy


@pytest.mark.parametrize(
    ("family", "targets", "precision"),
    [("llama", tiny.SHAPE.target_modules, 1e-9), ("gpt_neox", ("query_key_value", "dense"), 1e-4)],
)
def test_rewards_and_gradients_are_those_of_the_last_tokens_in_plain_forward_passes(
    family: str, targets: tuple[str, ...], precision: float
) -> None:
    built = tiny.model(family)
    built = tiny.widen(built) if family == "llama" else built.double()
    policy = reward_policy(copy.deepcopy(built), AdapterShape(4, 8.0, targets))
    oracle, pairs = tiny.Oracle(built, policy), tiny.random_pairs(6)
    head = policy.reward_head.detach().clone().requires_grad_()

    def reward(ids: tuple[int, ...]) -> Tensor:
        states = torch.func.functional_call(
            oracle.model,
            oracle.weights,
            args=(),
            kwargs={"input_ids": torch.tensor([ids]), "use_cache": False, "output_hidden_states": True},
        ).hidden_states[-1]
        value: Tensor = states[0, -1] @ head
        return value

    expected = torch.stack(
        [reward(pair.prompt_ids + side) for pair in pairs for side in (pair.chosen_ids, pair.rejected_ids)]
    )
    ours = policy.side_values(pack_row(pairs, range(6), share=policy.forward.packs, keep_last=True))
    torch.testing.assert_close(ours, expected, atol=precision, rtol=0)
    direction = torch.linspace(-1, 1, 12, dtype=torch.float64)
    torch.autograd.backward([(ours * direction).sum(), (expected * direction).sum()])
    torch.testing.assert_close(policy.reward_head.grad, head.grad, atol=precision, rtol=precision)
    for name, parameter in policy.adapter.parameters().items():
        assert parameter.grad is not None
        torch.testing.assert_close(parameter.grad, oracle.leaves[name].grad, atol=precision, rtol=precision)


def test_rows_with_last_tokens_hold_every_token_and_say_where_completions_end() -> None:
    row = pack_row([tiny.pair([1, 2], [3, 4, 5], [3, 4])], [0], share=True, keep_last=True)
    assert row.input_ids.tolist() == [1, 2, 3, 4, 5]
    assert row.ends.tolist() == [4, 3]
    pairs = tiny.random_pairs(9)
    for share in (True, False):
        for packed in pack_rows(pairs, range(9), tokens_per_row=60, share=share, keep_last=True):
            ends = packed.input_ids[packed.ends].view(-1, 2).tolist()
            assert ends == [[pairs[index].chosen_ids[-1], pairs[index].rejected_ids[-1]] for index in packed.pairs]


def test_it_learns_from_ln_2_on_and_scores_pairs(
    model_folder: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = [
        part
        for name, value in {**workshop.SETTINGS, "epochs": 25}.items()
        for part in ("--set", f"{name}={value if isinstance(value, str) else json.dumps(value)}")
    ]
    common = ["--model", str(model_folder), "--data", str(data), *settings]
    assert main(["reward", *common, "--out", str(tmp_path / "out")]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    steps = [event for event in events if event["event"] == "progress"]
    assert steps[0]["loss"] == pytest.approx(math.log(2), rel=1e-12)
    assert (steps[0]["chosen_reward"], steps[0]["rejected_reward"], steps[0]["margin"]) == (0.0, 0.0, 0.0)
    assert steps[-1]["loss"] < 0.35
    reward_model, out = tmp_path / "out" / "reward_model", tmp_path / "scores.jsonl"
    assert main(["score", *common, "--reward-model", str(reward_model), "--out", str(out)]) == 0
    figures, lines = json.loads(capsys.readouterr().out), workshop.lines(out)
    margins = {line["id"]: line["margin"] for line in workshop.lines(tmp_path / "out" / "margins.jsonl")}
    assert [line["margin"] for line in lines] == pytest.approx([margins[line["id"]] for line in lines], abs=1e-5)
    assert all(line["margin"] == pytest.approx(line["chosen_reward"] - line["rejected_reward"]) for line in lines)
    assert figures["reward_accuracy"] == sum(line["margin"] > 0 for line in lines) / 11 == 1.0
    assert figures["margin"] == pytest.approx(sum(margins.values()) / 11, abs=1e-5)
    assert main(["score", *common, "--reward-model", str(tmp_path), "--out", str(out)]) == 2


@pytest.mark.parametrize("family", ["llama", "gpt_neox"])
def test_transformers_and_peft_load_it_as_a_model_for_sequence_classification(family: str, tmp_path: Path) -> None:
    folder, out = tmp_path / "model", tmp_path / "reward"
    tiny.model(family).save_pretrained(folder)
    config = RunConfig(target_modules=("all-linear",), lora_rank=2, dtype="float32", device="cpu")
    rewarded = load_start(RewardModel, folder, None, config)
    weights = rewarded.weights(folder)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in weights.parameters().values():
            parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator))
    out.mkdir()
    weights.write(out, weights.state())
    base = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=1, dtype=torch.float32)
    theirs = peft.PeftModel.from_pretrained(base, out).eval()
    [pair] = tiny.random_pairs(1, longest=9)
    row = pack_row([pair], [0], share=rewarded.shares_prefix(config), keep_last=True)
    with torch.no_grad():
        ours = rewarded.side_values(row).tolist()
        of_peft = [
            float(theirs(input_ids=torch.tensor([[*pair.prompt_ids, *side]])).logits[0, 0])
            for side in (pair.chosen_ids, pair.rejected_ids)
        ]
    assert of_peft == pytest.approx(ours, abs=1e-4)
    assert abs(ours[0] - ours[1]) > 1e-3
    again = load_start(RewardModel, folder, None, config).weights(folder)
    again.load(again.read(out))
    assert all(torch.equal(each, weights.state()[name]) for name, each in again.state().items())
    with pytest.raises(InputError, match=r"uses modules_to_save=\['score'\]"):
        load_start(RewardModel, folder, out, config)


def test_killed_and_started_again_it_ends_in_the_same_bytes(model_folder: Path, data: Path, tmp_path: Path) -> None:
    meta = workshop.run(model_folder, data, tmp_path / "whole", kind=TrainingKind.REWARD_MODEL)
    assert meta["test"].keys() & {"chosen_reward", "chosen_logratio", "displacement"} == {"chosen_reward"}
    with pytest.raises(Killed):
        workshop.run(
            model_folder, data, tmp_path / "out", Events(kill_at=("progress", 3)), kind=TrainingKind.REWARD_MODEL
        )
    workshop.run(model_folder, data, tmp_path / "out", kind=TrainingKind.REWARD_MODEL)
    for name in ("adapter_model.safetensors", "reward_head.safetensors"):
        resumed, expected = ((tmp_path / run / "reward_model" / name).read_bytes() for run in ("out", "whole"))
        assert resumed == expected


def test_a_policy_and_a_reward_model_do_not_share_a_folder(model_folder: Path, data: Path, tmp_path: Path) -> None:
    workshop.run(model_folder, data, tmp_path / "out", epochs=1, beta=1.0)
    with pytest.raises(InputError, match="belongs to another run"):
        workshop.run(model_folder, data, tmp_path / "out", epochs=1, kind=TrainingKind.REWARD_MODEL)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"tuning": "full"}, "is trained with"),
        ({"probe_prompts": 3}, "is trained with"),
        ({"loss": "ipo"}, "to which loss, beta would not apply"),
        ({"sft_weight": 1.0}, "to which sft_weight would not apply"),
        ({"beta": 0.3}, "to which beta would not apply"),
        ({"reference": "base"}, "to which reference would not apply"),
    ],
)
def test_settings_that_would_change_nothing_are_refused(values: dict[str, Any], reason: str) -> None:
    for read in (RewardConfig.from_mapping, lambda given: reward_config(RunConfig.from_mapping(given))):
        with pytest.raises(InputError, match=f"a reward model .*{reason}"):
            read(values)


def test_it_has_defaults_of_its_own_and_its_config_can_be_read_again() -> None:
    config = RewardConfig.from_mapping({})
    assert (config.loss, config.beta, config.learning_rate, config.epochs) == ("sigmoid", 1.0, 1e-4, 1)
    assert RewardConfig.from_mapping(config.as_dict()) == config
    assert reward_config(RunConfig(epochs=3)) == RewardConfig(epochs=3, learning_rate=5e-4)
    assert as_table(RewardConfig) in Path("docs/explanation/engine.md").read_text()


def test_its_loss_is_bradley_terry_with_centred_rewards() -> None:
    """Equation 2 of arXiv 2312.09244: ``-log sigma(r_c - r_r) + eta (r_c + r_r)^2``."""
    settings = RewardConfig(center_rewards_coefficient=0.01).loss_settings
    rewards = torch.tensor([[1.5, -0.5], [2.0, 3.0]], dtype=torch.float64)
    ones = torch.ones(2, dtype=torch.float64)
    losses = pair_losses(Pairs(rewards, torch.zeros_like(rewards), torch.ones_like(rewards), ones), settings)
    expected = [math.log1p(math.exp(-2.0)) + 0.01 * 1.0, math.log1p(math.exp(1.0)) + 0.01 * 25.0]
    assert losses.tolist() == pytest.approx(expected, rel=1e-12)


def test_a_coefficient_moves_the_rewards_of_a_run_towards_zero(model_folder: Path, data: Path, tmp_path: Path) -> None:
    sums = []
    for number, coefficient in enumerate((0.0, 1.0)):
        config = RewardConfig.from_mapping({**workshop.SETTINGS, "center_rewards_coefficient": coefficient})
        files = TrainFiles(model_folder, data, tmp_path / str(number), held_out=data.with_name("test.jsonl"))
        meta = train(files, config, caller=Caller(lambda event: None, StopRequest()), kind=TrainingKind.REWARD_MODEL)
        sums.append(abs(meta["test"]["chosen_reward"] + meta["test"]["rejected_reward"]))
    assert sums[1] < sums[0]


def test_its_figures_by_hand() -> None:
    figures = reward_figures(np.array([[1.0, 0.0], [2.0, 2.0], [0.0, 3.0], [5.0, 1.0]]))
    assert (figures["reward_accuracy"], figures["ties"], figures["margin"]) == (0.625, 1, 0.5)
    assert figures["reward_accuracy_low"] < 0.625 < figures["reward_accuracy_high"]
