"""A storage on a disk and one in an object store, and two machines that share it."""

import json
from pathlib import Path
from typing import Any

import pytest

from common.storage.room import Room
from tests.machines import Machines, new_bucket, object_store, two_machines

__all__ = ["object_store", "two_machines"]


@pytest.fixture(params=["file", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, dict[str, Any]]:
    """The address of an empty storage, and its options."""
    if request.param == "file":
        return f"file://{tmp_path}/storage", {}
    options = request.getfixturevalue("object_store")
    return new_bucket(options), options


@pytest.fixture
def room(storage: tuple[str, dict[str, Any]]) -> Room:
    """An empty storage."""
    return Room(*storage)


@pytest.fixture
def machines(two_machines: Machines, storage: tuple[str, dict[str, Any]]) -> Machines:
    """Two machines that share the storage."""
    two_machines.settings.STORAGE_URL, options = storage
    two_machines.settings.STORAGE_OPTIONS = json.dumps(options)
    return two_machines
