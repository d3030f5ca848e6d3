"""Models whose layers have no memory yet, and reading their weights in parts."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.training.engine import tiny
from training.language_models.hollow import StoredWeights, load_hollow
from training.language_models.loading import ModelNotLoadable

CPU = torch.device("cpu")


@pytest.mark.parametrize("is_tied", [True, False])
@pytest.mark.parametrize("family", tiny.FAMILIES)
def test_it_has_all_but_its_layers(tmp_path: Path, family: str, is_tied: bool) -> None:
    whole = tiny.model(family, tie_word_embeddings=is_tied)
    whole.save_pretrained(tmp_path)
    hollow: Any = load_hollow(tmp_path, StoredWeights(tmp_path), CPU)
    within = {id(each) for each in hollow.base_model.layers.parameters()}
    expected = dict(whole.named_parameters())
    for name, parameter in hollow.named_parameters():
        assert parameter.is_meta == (id(parameter) in within), name
        if not parameter.is_meta:
            assert torch.equal(parameter, expected[name]), name
    assert (hollow.get_output_embeddings().weight is hollow.get_input_embeddings().weight) == is_tied
    assert torch.equal(hollow.base_model.rotary_emb.inv_freq, whole.base_model.rotary_emb.inv_freq)


def test_rows_are_read_from_several_files(tmp_path: Path) -> None:
    whole = tiny.model()
    whole.save_pretrained(tmp_path, max_shard_size="20KB")
    assert (tmp_path / "model.safetensors.index.json").exists()
    stored, name = StoredWeights(tmp_path), "model.layers.1.mlp.up_proj.weight"
    assert torch.equal(stored.rows(name, 8, 20), whole.get_parameter(name)[8:20])
    with pytest.raises(ModelNotLoadable, match="has no lm_tail"):
        stored.rows("lm_tail")


def test_a_family_that_does_not_pack_is_refused(tmp_path: Path) -> None:
    tiny.model("gemma2").save_pretrained(tmp_path)
    with pytest.raises(ModelNotLoadable, match="gemma2 cannot be shared by processes: set sharding to none"):
        load_hollow(tmp_path, StoredWeights(tmp_path), CPU)


def test_damaged_weights_are_named(tmp_path: Path) -> None:
    tiny.model().save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelNotLoadable, match="cannot be read"):
        StoredWeights(tmp_path)
