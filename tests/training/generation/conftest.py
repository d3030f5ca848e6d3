"""Models of two sizes: the real default model, prepared once, and tiny random ones that cost nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.training.engine import tiny
from training.generation import prepare_model

PROJECT_DIR = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """SmolLM2-135M-Instruct, in CHOSEN_TEST_MODEL or where `make run` keeps it; workers that ask together share one."""
    default = PROJECT_DIR / "var" / "models" / "smollm2-135m-instruct"
    return prepare_model(Path(os.environ.get("CHOSEN_TEST_MODEL", default)))


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
