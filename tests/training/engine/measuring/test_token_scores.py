"""Scores token by token: they add up to the scores, and their texts add up to the text."""

import json
from pathlib import Path

import pytest

from tests.training.engine import workshop
from tests.training.engine.test_cli import settings
from training.engine.cli import main


def test_tokens_add_up_to_the_pair_and_their_texts_to_its_texts(
    model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = workshop.write_pairs(tmp_path / "pairs.jsonl", 5)
    files = ["--model", str(model_folder), "--data", str(data), *settings()]
    adapter = tmp_path / "run" / "adapter"
    assert main(["train", *files, "--out", str(tmp_path / "run")]) == 0
    policy = [*files, "--adapter", str(adapter)]
    assert main(["score", *policy, "--out", str(tmp_path / "plain.jsonl")]) == 0
    assert main(["score", *policy, "--tokens", "--out", str(tmp_path / "tokens.jsonl")]) == 0
    capsys.readouterr()
    plain, tokens = (
        [json.loads(line) for line in (tmp_path / f"{name}.jsonl").read_text().splitlines()]
        for name in ("plain", "tokens")
    )
    records = [json.loads(line) for line in data.read_text().splitlines()]
    assert len(tokens) == len(plain) == 5
    for record, whole, parts in zip(records, plain, tokens, strict=True):
        for side in ("chosen", "rejected"):
            scores = parts.pop(f"{side}_tokens")
            assert "".join(text for text, _, _ in scores) == record[side] + "</s>"
            assert sum(of_policy for _, of_policy, _ in scores) == pytest.approx(whole[f"policy_{side}_logp"], abs=1e-9)
            assert sum(of_reference for _, _, of_reference in scores) == pytest.approx(
                whole[f"reference_{side}_logp"], abs=1e-9
            )
        assert parts == pytest.approx(whole, abs=1e-9)
