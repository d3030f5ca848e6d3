"""Every test here uses the database."""

import json
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """The test database, rolled back afterwards."""


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """A file with two good records and a bad one between them."""
    good = [{"prompt": f"What is {number}?", "chosen": "Yes.", "rejected": f"No {number}."} for number in range(2)]
    file = tmp_path / "pairs.jsonl"
    file.write_text(f"{json.dumps(good[0])}\n{{broken\n{json.dumps(good[1])}\n")
    return file
