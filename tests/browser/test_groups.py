"""Browser tests run on two workers: more at once slow each other down until something waits too long."""

import os

import pytest

from tests.conftest import BROWSER_WORKERS


def test_every_browser_test_is_in_one_of_two_groups(request: pytest.FixtureRequest) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("there are no groups without several workers")
    groups = [item.nodeid.rpartition("@")[2] for item in request.session.items if item.get_closest_marker("browser")]
    assert set(groups) <= {f"browser-{number}" for number in range(BROWSER_WORKERS)}
