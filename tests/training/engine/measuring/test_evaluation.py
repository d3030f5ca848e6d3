"""Scores and figures of a file of pairs."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.training.engine import tiny, workshop
from training.engine.config import RunConfig
from training.engine.errors import Cancelled, InputError
from training.engine.events import StopRequest
from training.engine.measuring.evaluation import evaluate, read_all, score
from training.engine.model.lora import AdapterShape
from training.engine.model.policy import Policy


@pytest.fixture
def data(tmp_path: Path) -> Path:
    workshop.write_pairs(tmp_path / "test.jsonl", 6, first=100)
    return workshop.write_pairs(tmp_path / "train.jsonl", 11)


def test_the_held_out_figures_are_those_of_the_saved_adapter(model_folder: Path, data: Path, tmp_path: Path) -> None:
    meta = workshop.run(model_folder, data, tmp_path / "out")
    config = RunConfig(**workshop.SETTINGS)
    adapter = tmp_path / "out" / "adapter"
    scored, scores = score(model_folder, adapter, None, data.with_name("test.jsonl"), config, stop=StopRequest())
    again = evaluate(scores, scored, config, tmp_path / "figures.json")
    for name, value in meta["test"].items():
        assert again[name] == pytest.approx(value, abs=1e-4), name
    assert json.loads((tmp_path / "figures.json").read_text()) == again
    _, itself = score(model_folder, adapter, adapter, data, config, stop=StopRequest())
    assert not np.any(itself.chosen_log_ratio)
    _, base = score(model_folder, None, None, data, config, stop=StopRequest())
    assert not np.any(base.chosen_log_ratio)


def test_two_adapters_of_different_shapes_are_refused(model_folder: Path, data: Path, tmp_path: Path) -> None:
    adapters = [tmp_path / "small", tmp_path / "large"]
    for folder, rank in zip(adapters, (2, 4), strict=True):
        folder.mkdir()
        policy = Policy.load(model_folder, RunConfig(device="cpu"), shape=AdapterShape(rank, 4.0, ("q_proj",)))
        tiny.save_adapter(folder, policy, base_model="base")
    with pytest.raises(InputError, match="it has lora_rank=2, not 4"):
        score(model_folder, adapters[0], adapters[1], data, RunConfig(device="cpu"), stop=StopRequest())


def test_a_file_without_usable_pairs_is_an_error_with_the_reasons(model_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps({"prompt": "p", "chosen": "same", "rejected": "same"}) + "\n")
    with pytest.raises(InputError, match=r"no usable preference pair .*identical"):
        read_all(model_folder, path, RunConfig())


def test_a_stop_is_honoured_between_rows(model_folder: Path, data: Path) -> None:
    stop = StopRequest()
    stop.ask()
    with pytest.raises(Cancelled):
        score(model_folder, None, None, data, RunConfig(device="cpu"), stop=stop)
