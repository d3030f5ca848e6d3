"""An adapter folded into its base model: a folder that transformers loads."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from tests.training.engine import tiny
from training.engine.cli import build_parser, main
from training.engine.data.packing import pack_row
from training.engine.errors import InputError
from training.engine.model.merging import merge


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
        expected = [
            [tiny.naive_log_prob(merged, each.prompt_ids, side).item() for side in (each.chosen_ids, each.rejected_ids)]
            for each in pairs
        ]
    torch.testing.assert_close(ours, torch.tensor(expected, dtype=torch.float64), atol=1e-4, rtol=0)
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
