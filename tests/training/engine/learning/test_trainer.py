"""A whole run on a tiny model, in this process: what it learns, what it leaves alone, what it writes."""

import hashlib
import json
import math
import threading
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.training.engine import workshop
from tests.training.engine.workshop import Events
from training.engine.config import RunConfig
from training.engine.data.packing import pack_row
from training.engine.data.records import read_token_pairs
from training.engine.data.text import TextEncoder
from training.engine.errors import InputError
from training.engine.learning import run
from training.engine.learning.run import load_start
from training.engine.model.policy import Policy, TrainedModel
from training.engine.run_folder import RunFolder
from training.language_models.adapters import AdaptedLinear


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Eleven pairs to learn from (three steps an epoch, the last one smaller) and six held out."""
    workshop.write_pairs(tmp_path / "test.jsonl", 6, first=100)
    return workshop.write_pairs(tmp_path / "train.jsonl", 11)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_first_step_has_rewards_of_exactly_zero_and_a_loss_of_ln_2(
    model_folder: Path, data: Path, tmp_path: Path, dtype: str
) -> None:
    events = Events()
    workshop.run(model_folder, data, tmp_path / "out", events, dtype=dtype)
    first = events.of("progress")[0]
    assert first["step"] == 1
    assert first["loss"] == pytest.approx(math.log(2), rel=1e-15)
    assert (first["margin"], first["chosen_logratio"], first["rejected_logratio"]) == (0.0, 0.0, 0.0)
    assert first["grad_norm"] > 0


def test_it_learns_what_the_pairs_say_and_reports_it(model_folder: Path, data: Path, tmp_path: Path) -> None:
    events = Events()
    meta = workshop.run(model_folder, data, tmp_path / "out", events, epochs=12)
    assert meta["steps"] == 36
    assert [event["step"] for event in events.of("progress")] == list(range(1, 37))
    assert all(event["tokens_per_second"] > event["pairs_per_second"] > 0 for event in events.of("progress"))
    assert all(
        event["displacement"] == (event["margin"] > 0 and event["chosen_logratio"] < 0)
        for event in events.of("progress")
    )
    assert [event["step"] for event in events.of("evaluated")] == list(range(3, 37, 3))
    assert meta["test"]["reward_accuracy"] == 1.0
    assert meta["test"]["loss"] < 0.3
    assert meta["test"]["margin"] > 1.0
    written = workshop.lines(tmp_path / "out" / "metrics.jsonl")
    assert written == [event for event in events.seen if event["event"] in ("progress", "evaluated")]
    assert json.loads((tmp_path / "out" / "meta.json").read_text())["test"] == meta["test"]


def test_reading_a_long_file_is_reported_with_how_many_lines_there_are(
    model_folder: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_LINES_BETWEEN", 4)
    data.write_text(data.read_text().replace("\n", "\n\n", 1))  # an empty line is none
    events = Events()
    workshop.run(model_folder, data, tmp_path / "out", events, epochs=1, final_margins=False)
    assert events.of("reading")[0] == {"event": "reading", "what": "train", "lines": 11, "of": 11}


def test_the_models_folder_and_its_weights_in_memory_stay_as_they_were(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    def fingerprint(trained: TrainedModel) -> str:
        state = hashlib.sha256()
        for name, module in trained.model.named_modules():
            frozen = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
            for tensor in [module.weight] if isinstance(module, AdaptedLinear) else frozen:
                state.update(name.encode() + tensor.detach().numpy().tobytes())
        return state.hexdigest()

    files = {path.name: path.read_bytes() for path in model_folder.iterdir()}
    trainer = workshop.trainer_of(model_folder, data, tmp_path / "out")
    before = fingerprint(trainer.model)
    trainer.make_reference()
    trainer.run()
    assert fingerprint(trainer.model) == before
    assert {path.name: path.read_bytes() for path in model_folder.iterdir()} == files


def test_the_reference_pass_leaves_flags_adapter_and_random_state_as_they_were(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    trainer = workshop.trainer_of(model_folder, data, tmp_path / "out")
    adapter = trainer.model.adapter
    with torch.no_grad():
        for parameter in adapter.parameters().values():
            parameter.add_(0.1)
    weights = [parameter.detach().clone() for parameter in adapter.parameters().values()]
    state = torch.get_rng_state()
    trainer.make_reference()
    assert torch.equal(torch.get_rng_state(), state)
    assert all(layer.enabled for layer in adapter.layers.values())
    assert not any(module.training for module in trainer.model.model.modules())
    for parameter, before in zip(adapter.parameters().values(), weights, strict=True):
        assert torch.equal(parameter, before)
        assert parameter.requires_grad
        assert parameter.grad is None


def test_a_child_starts_from_its_parent_and_its_reference_is_the_parent(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    workshop.run(model_folder, data, tmp_path / "parent", epochs=6)
    parent = tmp_path / "parent" / "adapter"
    events = Events()
    workshop.run(model_folder, data, tmp_path / "child", events, adapter=parent)
    assert events.of("progress")[0]["margin"] == 0.0
    reference = load_file(tmp_path / "child" / "reference.safetensors")["train"]
    config = RunConfig(**workshop.SETTINGS)
    policy = load_start(Policy, model_folder, parent, config)
    pairs = read_token_pairs(data, TextEncoder.from_directory(model_folder), max_length=100).pairs
    with torch.no_grad():
        row = pack_row(pairs, range(len(pairs)), share=True)
        of_parent = policy.side_log_probs(row).view(-1, 2)
        with policy.adapter.switched_off():
            of_base = policy.side_log_probs(row).view(-1, 2)
    torch.testing.assert_close(reference, of_parent, atol=1e-4, rtol=0)
    assert (reference - of_base).abs().max() > 1.0


def test_a_parent_of_another_shape_is_refused(model_folder: Path, data: Path, tmp_path: Path) -> None:
    workshop.run(model_folder, data, tmp_path / "parent", epochs=1)
    with pytest.raises(InputError, match=r"adapter has lora_rank=\d+, not 3: make the settings agree"):
        workshop.run(model_folder, data, tmp_path / "child", adapter=tmp_path / "parent" / "adapter", lora_rank=3)


def test_a_finished_run_says_so_again_without_training(model_folder: Path, data: Path, tmp_path: Path) -> None:
    first = workshop.run(model_folder, data, tmp_path / "out")
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.json*")}
    events = Events()
    again = workshop.run(model_folder, data, tmp_path / "out", events)
    assert again == json.loads(json.dumps(first))
    assert events.seen == []
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.json*")} == files


def test_another_config_or_other_data_in_the_same_folder_is_refused(
    model_folder: Path, data: Path, tmp_path: Path
) -> None:
    workshop.run(model_folder, data, tmp_path / "out", epochs=1)
    with pytest.raises(InputError, match=r"its beta is 0\.1, not 0\.2"):
        workshop.run(model_folder, data, tmp_path / "out", epochs=1, beta=0.2)
    workshop.write_pairs(data, 12)
    with pytest.raises(InputError, match="its train_sha256 is"):
        workshop.run(model_folder, data, tmp_path / "out", epochs=1)


def test_two_runs_in_one_folder_at_a_time_are_refused(model_folder: Path, data: Path, tmp_path: Path) -> None:
    holders = [RunFolder(tmp_path / "out")]
    with pytest.raises(InputError, match="another process is training"):
        workshop.run(model_folder, data, tmp_path / "out")
    threading.Timer(0.5, holders.clear).start()  # its lock goes with it, as with a process that ends
    assert RunFolder(tmp_path / "out", wait_seconds=60).finished() is None


def test_nothing_to_learn_from_is_an_error_with_the_reasons(model_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps({"prompt": "p", "chosen": "same", "rejected": "same"}))
    with pytest.raises(InputError, match="identical completions"):
        workshop.run(model_folder, path, tmp_path / "out")


def test_a_snapshot_folder_brings_its_held_out_pairs(model_folder: Path, data: Path, tmp_path: Path) -> None:
    meta = workshop.run(model_folder, data.parent, tmp_path / "out", epochs=1)
    assert meta["pairs"] == {"train": 11, "test": 6}
