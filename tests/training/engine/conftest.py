"""Fixtures of the engine's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.training.engine import tiny
from training.engine.data.text import TextEncoder


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small tensors gain nothing from a second thread, and nothing leaks from one test's settings into the next."""
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(deterministic)


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random llama with a byte tokenizer."""
    return tiny.save_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def encoder() -> TextEncoder:
    """The byte tokenizer's encoder."""
    return TextEncoder(tiny.tokenizer(), eos_ids=frozenset({tiny.EOS}), vocabulary_size=tiny.VOCABULARY)
