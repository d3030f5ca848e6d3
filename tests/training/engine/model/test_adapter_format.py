"""Adapters on disk: PEFT reads what we write, we read what PEFT writes."""

import json
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from tests.training.engine import tiny
from training.engine.data.packing import pack_row
from training.engine.errors import InputError
from training.engine.model.adapter_format import read_shape, read_state
from training.engine.model.lora import AdapterShape


def test_a_saved_adapter_gives_the_same_log_probs_in_peft(model_folder: Path, tmp_path: Path) -> None:
    base = AutoModelForCausalLM.from_pretrained(model_folder)
    policy, pairs = tiny.policy_of(base, dtype=torch.float32), tiny.random_pairs(4)
    tiny.save_adapter(tmp_path, policy, base_model=str(model_folder))
    in_peft = PeftModel.from_pretrained(base, tmp_path).eval()
    with torch.no_grad():
        ours = policy.side_log_probs(pack_row(pairs, range(4), share=True)).view(4, 2)
        by_peft = [
            [
                tiny.naive_log_prob(in_peft, pair.prompt_ids, side).item()
                for side in (pair.chosen_ids, pair.rejected_ids)
            ]
            for pair in pairs
        ]
    torch.testing.assert_close(ours, torch.tensor(by_peft, dtype=torch.float64), atol=1e-4, rtol=0)


def test_an_adapter_that_peft_saved_can_be_continued(model_folder: Path, tmp_path: Path) -> None:
    base = AutoModelForCausalLM.from_pretrained(model_folder)
    shape = AdapterShape(4, 8.0, ("q_proj", "up_proj"))
    config = LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "up_proj"], init_lora_weights=False)
    get_peft_model(base, config).save_pretrained(str(tmp_path))
    assert read_shape(tmp_path) == shape
    policy = tiny.policy_of(AutoModelForCausalLM.from_pretrained(model_folder), dtype=torch.float32, shape=shape)
    policy.adapter.load(read_state(tmp_path))
    (pair,) = tiny.random_pairs(1)
    with torch.no_grad():
        ours = policy.side_log_probs(pack_row([pair], [0], share=True))[0].item()
        by_peft = tiny.naive_log_prob(base.train(False), pair.prompt_ids, pair.chosen_ids).item()
    assert ours == pytest.approx(by_peft, abs=1e-4)


def test_weights_and_shape_survive_the_disk_to_the_last_bit(tmp_path: Path) -> None:
    policy = tiny.policy_of(tiny.model(), dtype=torch.float32)
    tiny.save_adapter(tmp_path, policy, base_model="base")
    state = read_state(tmp_path)
    assert read_shape(tmp_path) == AdapterShape(4, 8.0, tuple(sorted(tiny.SHAPE.target_modules)))
    for name, parameter in policy.adapter.parameters().items():
        assert torch.equal(state[name], parameter)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"use_dora": True}, "use_dora=True"),
        ({"rank_pattern": {"q_proj": 2}}, "rank_pattern"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"peft_type": "IA3"}, "is not LoRA"),
        ({"target_modules": "all-linear"}, "must list its target_modules"),
    ],
)
def test_what_this_engine_would_compute_wrongly_is_refused(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    tiny.save_adapter(tmp_path, tiny.policy_of(tiny.model()), base_model="base")
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    (tmp_path / "adapter_config.json").write_text(json.dumps({**config, **changes}))
    with pytest.raises(InputError, match=message):
        read_shape(tmp_path)


def test_a_torn_file_is_an_error(tmp_path: Path) -> None:
    tiny.save_adapter(tmp_path, tiny.policy_of(tiny.model()), base_model="base")
    weights = tmp_path / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(InputError, match="cannot read the adapter"):
        read_state(tmp_path)
    with pytest.raises(InputError, match=r"the folder .*absent does not exist"):
        read_shape(tmp_path / "absent")
