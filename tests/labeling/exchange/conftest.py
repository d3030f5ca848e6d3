"""Fixtures of the exchange tests."""

from pathlib import Path

import pytest

REAL_DATA = Path(__file__).parents[4] / "shared" / "data"


@pytest.fixture
def real_data() -> Path:
    """The folder of real data beside the repository; the test is skipped where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip("The real data (../shared/data) are not on this machine.")
    return REAL_DATA
