"""Scores token by token: they add up to the scores, and their texts add up to the text."""

import json
from pathlib import Path

import pytest

from tests.training.engine import workshop
from tests.training.engine.test_cli import settings
from training.engine.cli import main
from training.engine.data.text import TextEncoder


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
            told = parts.pop(f"{side}_tokens")
            assert "".join(text for text, _, _ in told) == record[side] + "</s>"
            assert sum(mine for _, mine, _ in told) == pytest.approx(whole[f"policy_{side}_logp"], abs=1e-9)
            assert sum(theirs for _, _, theirs in told) == pytest.approx(whole[f"reference_{side}_logp"], abs=1e-9)
        assert parts == pytest.approx(whole, abs=1e-9)


@pytest.mark.parametrize(
    "text", ["plain words", "naïve café", "日本語のテスト", "a😀b", " two  spaces\n\tand a tab", ""]
)
def test_a_character_of_several_tokens_belongs_to_its_last_one(encoder: TextEncoder, text: str) -> None:
    ids = encoder.encode_completion(text, ended=True)
    parts = encoder.pieces(ids)
    assert len(parts) == len(ids) == len(text.encode()) + 1
    assert "".join(parts) == text + "</s>"
    assert not any("\ufffd" in part for part in parts)


def test_half_a_character_at_the_end_is_shown_as_it_decodes(encoder: TextEncoder) -> None:
    ids = encoder.encode_completion("aé", ended=False)[:-1]
    assert encoder.pieces(ids) == ["a", "\ufffd"]
