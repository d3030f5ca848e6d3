"""Tiny random models that cost nothing; the real default model is a fixture of all training tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.training.engine import tiny
from tests.training.generation.chatting import Server, running


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random llama of two layers that speaks bytes; about one token in sixty ends its turn."""
    return tiny.save_model(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Small tensors gain nothing from a second thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of chat completions."""
    with running() as started:
        yield started
