"""Shared by labeling's tests."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.labeling.receiver import Receiver, receiving


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A server on this machine that webhooks may be sent to."""
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with receiving() as server:
        yield server
