"""The settings of a run."""

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from training.engine.cli import main
from training.engine.config import RunConfig, load_config
from training.engine.errors import InputError
from training.engine.loss_settings import NAMES


def test_every_setting_has_a_sentence() -> None:
    for each in dataclasses.fields(RunConfig):
        sentence = each.metadata["sentence"]
        assert sentence.endswith("."), each.name
        assert len(sentence.split()) > 3, each.name


def test_a_config_survives_json() -> None:
    config = RunConfig(target_modules=("q_proj",), beta=0.25)
    assert RunConfig.from_mapping(json.loads(json.dumps(config.as_dict()))) == config


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"lerning_rate": 1e-4}, "unknown setting 'lerning_rate'"),
        ({"beta": 0}, "beta must be above 0"),
        ({"beta": "high"}, "beta must be of type float"),
        ({"learning_rate": float("nan")}, "learning_rate must be a finite number"),
        ({"learning_rate": 2.0}, "learning_rate must be at most 1"),
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"epochs": 1.5}, "epochs must be of type int"),
        ({"epochs": True}, "epochs must be of type int"),
        ({"share_prefix": 1}, "share_prefix must be of type bool"),
        ({"loss": "rmse"}, "loss must be one of"),
        ({"label_noise": 0.5}, "label_noise must be below 0.5"),
        ({"loss": "ipo", "dpop_weight": 1.0}, "dpop_weight works with the losses sigmoid"),
        ({"target_modules": []}, "target_modules must be a list of names"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"tuning": "half"}, "tuning must be one of lora, full"),
        ({"reference": "parent"}, "reference must be one of start, base"),
        ({"gradient_checkpointing": True}, "gradient_checkpointing must be of type str"),
        ({"kl_budget": 1.0}, "kl_budget needs probe_prompts"),
        ({"kl_budget": 1.0, "probe_prompts": 3}, "and evaluate_every"),
    ],
)
def test_a_bad_value_is_an_error_that_names_the_setting(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        RunConfig.from_mapping(values)


def test_single_settings_override_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text('{"beta": 1, "epochs": 5}')
    config = load_config(file, ["epochs=2", "schedule=cosine", "target_modules=q_proj,v_proj", "share_prefix=false"])
    assert (config.beta, config.epochs, config.schedule) == (1.0, 2, "cosine")
    assert config.target_modules == ("q_proj", "v_proj")
    assert config.share_prefix is False


@pytest.mark.parametrize(("content", "message"), [("{", "cannot read"), ("[1]", "must be a JSON object")])
def test_a_file_that_is_no_config_is_an_error(tmp_path: Path, content: str, message: str) -> None:
    file = tmp_path / "config.json"
    file.write_text(content)
    with pytest.raises(InputError, match=message):
        load_config(file, [])


def test_an_assignment_without_an_equals_sign_is_an_error() -> None:
    with pytest.raises(InputError, match="--set wants field=value"):
        load_config(None, ["beta"])


def test_the_documentation_lists_every_setting_as_the_command_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings"]) == 0
    table = capsys.readouterr().out.strip()
    document = (Path(__file__).parents[3] / "docs" / "explanation" / "engine.md").read_text(encoding="utf-8")
    assert table in document, "put what `python -m training.engine settings` prints into docs/explanation/engine.md"
    assert table.count("\n") == 1 + len(dataclasses.fields(RunConfig))


def test_every_test_that_the_documentation_names_exists() -> None:
    document = (Path(__file__).parents[3] / "docs" / "explanation" / "engine.md").read_text(encoding="utf-8")
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", document)
    assert len(named) > 40
    for file, name in named:
        texts = [path.read_text(encoding="utf-8") for path in Path(__file__).parents[1].rglob(file)]
        assert any(f"def {name}(" in text for text in texts), f"{file}::{name}"


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"loss": "ipo", "beta": 0.1}, r"beta=0.1 does not suit loss=ipo \(it asks for about 5 nats a token\)"),
        ({"loss": "simpo", "beta": 0.1, "simpo_margin": 0.0}, "set it between 0.5 and 100, or leave it out for 2"),
        ({"loss": "sigmoid", "beta": 50.0}, "beta=50 does not suit loss=sigmoid: set it between 0.001 and 10"),
        ({"loss": "simpo", "simpo_margin": 5.0}, "simpo_margin=5 asks for 2.5 nats a token"),
        (
            {"tuning": "full", "learning_rate": 0.005},
            "learning_rate=0.005 does not suit tuning=full: set it between 1e-08 and 0.001",
        ),
    ],
)
def test_a_value_that_can_hardly_be_meant_is_doubted_in_one_sentence(values: dict[str, Any], sentence: str) -> None:
    (doubt,) = RunConfig.from_mapping(values).doubts()
    assert re.search(sentence, doubt)


@pytest.mark.parametrize("name", NAMES)
def test_no_loss_doubts_its_own_defaults(name: str) -> None:
    assert RunConfig.from_mapping({"loss": name}).doubts() == []


def test_the_help_shows_every_loss_with_its_beta_and_range(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    shown = capsys.readouterr().out
    assert re.search(r"ipo +2.5 +0.5 to 100", shown)
    assert all(f"  {name} " in shown for name in NAMES)


def test_a_loss_over_means_has_a_beta_of_its_own_unless_one_is_set() -> None:
    betas = {name: RunConfig.from_mapping({"loss": name}).beta for name in NAMES}
    assert {name: beta for name, beta in betas.items() if beta != 0.1} == {
        "sigmoid_norm": 5.0,
        "ipo": 2.5,
        "simpo": 2.0,
    }
    assert RunConfig.from_mapping({"loss": "ipo", "beta": 0.3}).beta == 0.3
