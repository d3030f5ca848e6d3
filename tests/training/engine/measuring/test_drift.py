"""The exact drift of samples: against plain passes of whole models, and of itself from itself."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.training.engine import tiny
from training.engine.cli import main
from training.engine.config import RunConfig
from training.engine.data.text import TextEncoder
from training.engine.errors import InputError, RecordError
from training.engine.events import StopRequest
from training.engine.measuring.drift import drift, read_samples
from training.language_models.messages import Message

CONFIG = RunConfig(dtype="float32", device="cpu", threads=1)
PROMPT: list[Message] = [{"role": "user", "content": "say 1"}]


def write(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def adapter_of(model_folder: Path, folder: Path, seed: int) -> tuple[Path, tiny.Oracle]:
    """A saved adapter full of noise, and its oracle."""
    built = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float64)
    policy = tiny.policy_of(built, dtype=torch.float32, seed=seed)
    folder.mkdir()
    tiny.save_adapter(folder, policy, base_model="base")
    return folder, tiny.Oracle(built, policy)


def kl_of(one: tiny.Oracle, other: tiny.Oracle | None, prompt: list[int], completion: list[int]) -> float:
    """KL(one || other or base), summed over the places of the completion."""
    both = []
    for weights in (one.weights, other.weights if other else {}):
        ids = torch.tensor([prompt + completion])
        logits = torch.func.functional_call(one.model, weights, args=(), kwargs={"input_ids": ids}).logits
        both.append(torch.log_softmax(logits[0, len(prompt) - 1 : -1], dim=1).detach())
    return float((both[0].exp() * (both[0] - both[1])).sum())


def test_the_drift_of_every_sample_is_that_of_two_whole_models(model_folder: Path, tmp_path: Path) -> None:
    own, oracle = adapter_of(model_folder, tmp_path / "own", 1)
    parent, parents = adapter_of(model_folder, tmp_path / "parent", 2)
    samples = [([7, 8, 9], [30 + number] * (number + 1)) for number in range(10)]  # more than are read at a time
    records = [
        {"id": f"s{number}", "prompt_ids": prompt, "completion_ids": completion}
        for number, (prompt, completion) in enumerate(samples)
    ]
    out = tmp_path / "drifts.jsonl"
    paths = ["--data", str(write(tmp_path / "samples.jsonl", *records)), "--out", str(out)]
    settings = ["--set", "dtype=float32", "--set", "device=cpu", "--set", "threads=1"]
    adapters = ["--adapter", str(own), "--reference-adapter", str(parent)]
    assert main(["drift", "--model", str(model_folder), *adapters, *paths, *settings]) == 0

    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line["id"] for line in lines] == [f"s{number}" for number in range(10)]
    for line, (prompt, completion) in zip(lines, samples, strict=True):
        assert line["tokens"] == len(completion)
        assert line["kl_to_base"] == pytest.approx(kl_of(oracle, None, prompt, completion), rel=1e-3, abs=1e-6)
        assert line["kl_to_reference"] == pytest.approx(kl_of(oracle, parents, prompt, completion), rel=1e-3, abs=1e-6)
    assert lines[0]["kl_to_base"] > 0.001


def test_a_base_has_not_moved_from_itself(model_folder: Path, tmp_path: Path) -> None:
    data = write(tmp_path / "samples.jsonl", {"id": 1, "prompt": PROMPT, "text": "abc", "ended": True})
    (line,) = drift(model_folder, None, None, data, CONFIG, stop=StopRequest())
    assert (line["tokens"], line["kl_to_base"]) == (4, 0.0)  # three bytes and the end of the turn
    assert line["entropy"] > 0
    assert "kl_to_reference" not in line


def test_texts_are_encoded_where_a_server_gave_no_ids_and_empty_ones_are_left_out(
    encoder: TextEncoder, tmp_path: Path
) -> None:
    text: dict[str, Any] = {"id": "text", "prompt": PROMPT, "text": "abc", "ended": False}
    data = write(tmp_path / "samples.jsonl", text, {**text, "id": "empty", "text": ""})
    (sample,) = read_samples(data, encoder)
    assert (sample.id, sample.completion_ids) == ("text", encoder.encode_completion("abc", ended=False))
    assert sample.prompt_ids == encoder.encode_prompt(PROMPT)
    with pytest.raises(InputError, match="no sample"):
        read_samples(write(data, {**text, "text": ""}), encoder)
    for wrong in (
        {"id": "a"},
        {**text, "completion_ids": [10**6]},
        {**text, "completion_ids": ["x"]},
        {**text, "completion_ids": "123"},
        {**text, "text": 3},
        {**text, "prompt": 3},
        {**text, "tools": [{"type": "function", "function": {"name": "f"}}]},  # which this model's template leaves out
    ):
        with pytest.raises(RecordError, match=r"samples.jsonl:2: "):
            read_samples(write(data, text, wrong), encoder)


def test_the_prompt_of_a_sample_may_be_a_text(encoder: TextEncoder, tmp_path: Path) -> None:
    (sample,) = read_samples(write(tmp_path / "samples.jsonl", {"prompt": "say 1", "text": "abc"}), encoder)
    assert (sample.id, sample.prompt_ids) == ("line-1", encoder.encode_prompt(PROMPT))
