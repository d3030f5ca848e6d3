"""Every test of an action uses the database."""

import pytest


@pytest.fixture(autouse=True)
def _database(db: None) -> None:
    """The test database, rolled back afterwards."""
