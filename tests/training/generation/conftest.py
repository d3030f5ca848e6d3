"""Models of two sizes: the real default model, prepared once, and tiny random ones that cost nothing."""

import os
from pathlib import Path

import pytest

from training.generation import prepare_model

PROJECT_DIR = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """SmolLM2-135M-Instruct, in CHOSEN_TEST_MODEL or where `make run` keeps it; workers that ask together share one."""
    default = PROJECT_DIR / "var" / "models" / "smollm2-135m-instruct"
    return prepare_model(Path(os.environ.get("CHOSEN_TEST_MODEL", default)))
