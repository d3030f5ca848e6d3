"""A model out of its folder, or a sentence that says why not."""

import logging
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import T5Config, T5ForConditionalGeneration
from transformers.utils import logging as transformers_logging

from tests.training.engine import tiny
from training.language_models.loading import (
    ModelNotLoadable,
    check_model_folder,
    first_line,
    load_model,
    quiet_libraries,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny.save_model(tmp_path / "model")


def test_a_model_comes_in_the_format_it_is_stored_in_or_in_the_one_asked_for(folder: Path) -> None:
    assert load_model(folder).dtype == torch.float32
    assert load_model(folder, dtype=torch.bfloat16).dtype == torch.bfloat16


def test_a_model_with_an_encoder_is_refused_by_its_kind(tmp_path: Path) -> None:
    config = T5Config(d_model=16, d_ff=16, num_layers=1, num_heads=2, d_kv=8, vocab_size=32)
    T5ForConditionalGeneration(config).save_pretrained(tmp_path)
    with pytest.raises(ModelNotLoadable, match="transformers has none for a t5"):
        load_model(tmp_path)


def test_pickled_weights_are_refused(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save(tiny.model().state_dict(), folder / "pytorch_model.bin")
    with pytest.raises(ModelNotLoadable, match="cannot be loaded as a causal language model"):
        load_model(folder)


def test_a_model_that_lacks_weights_is_refused_instead_of_filled_with_random_numbers(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelNotLoadable, match=r"lacks 1 of the model's weights, model\.layers\.1\.mlp\.up_proj"):
        load_model(folder)


def test_an_absent_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelNotLoadable, match=r"the folder .*absent does not exist"):
        load_model(tmp_path / "absent")


def test_libraries_are_quiet_for_the_time_of_the_block_even_after_an_error() -> None:
    before = transformers_logging.get_verbosity()

    def fail_inside() -> None:
        with quiet_libraries():
            assert transformers_logging.get_verbosity() == logging.ERROR
            raise KeyError

    with pytest.raises(KeyError):
        fail_inside()
    assert transformers_logging.get_verbosity() == before


def test_an_error_without_words_is_named_by_its_kind() -> None:
    assert first_line(ValueError("\none\ntwo")) == "one"
    assert first_line(ValueError()) == "ValueError"


def test_a_refusal_of_pickled_weights_has_the_command_that_converts_them(folder: Path) -> None:
    stored = load_model(folder).state_dict()
    (folder / "model.safetensors").unlink()
    torch.save(stored, folder / "pytorch_model.bin")
    with pytest.raises(ModelNotLoadable, match=r"its weights are pickled \(pytorch_model\.bin\)") as refused:
        check_model_folder(folder)
    exec(str(refused.value).partition('python -c "')[2].removesuffix('"'))
    assert all(torch.equal(each, stored[name]) for name, each in load_model(folder).state_dict().items())


def test_a_pickle_beside_safetensors_is_not_read(folder: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(b"no pickle")
    assert load_model(folder).dtype == torch.float32
