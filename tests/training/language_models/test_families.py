"""Which models may run many sequences in one pass."""

from typing import Any

import pytest
from transformers import AutoConfig

from tests.training.engine import tiny
from training.language_models.families import FAMILIES, has_plain_attention


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_the_proven_families_have_plain_attention(family: str) -> None:
    assert has_plain_attention(tiny.model(family).config)


@pytest.mark.parametrize(
    ("family", "overrides"),
    [
        ("gpt_neox", {}),
        ("gemma2", {"sliding_window": 4}),
        ("mistral", {"sliding_window": 8}),
        ("qwen2", {"use_sliding_window": True, "sliding_window": 8, "max_window_layers": 1}),
        ("llama", {"rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}}),
    ],
)
def test_windows_unknown_families_and_positions_that_depend_on_length_are_left_to_transformers(
    family: str, overrides: dict[str, Any]
) -> None:
    assert not has_plain_attention(tiny.model(family, **overrides).config)


def test_a_window_that_a_config_names_and_does_not_use_is_none() -> None:
    config = AutoConfig.for_model("qwen2", sliding_window=8, use_sliding_window=False)
    config.sliding_window = 8  # as older configs have it
    assert has_plain_attention(config)
