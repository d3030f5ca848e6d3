"""Every test here uses the database."""

import pytest

from tests.people import Stage, stage


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """The test database, rolled back afterwards."""


@pytest.fixture
def scene() -> Stage:
    """One judgment has been made."""
    scene = stage(comparisons=1)
    scene.vote(scene.given(scene.alice), "a", comment="Shorter.")
    return scene
