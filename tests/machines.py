"""Two machines on one: data directories of their own, with nothing in common but the database and the storage."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fsspec
import pytest
from moto.server import ThreadedMotoServer


@dataclass(frozen=True)
class Machines:
    """first, second: their directories."""

    settings: Any
    first: Path
    second: Path

    @contextmanager
    def on(self, var: Path) -> Iterator[Path]:
        """Whatever is done within happens on that machine. Rows that were loaded elsewhere are loaded again there."""
        before = self.settings.VAR_DIR
        self.settings.VAR_DIR = var
        try:
            yield var
        finally:
            self.settings.VAR_DIR = before


@pytest.fixture(scope="session")
def object_store() -> Iterator[dict[str, Any]]:
    """The options of s3fs for a store that speaks S3: a real server on this machine."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {"key": "chosen", "secret": "chosen", "endpoint_url": f"http://{host}:{port}"}
    server.stop()


def new_bucket(options: dict[str, Any]) -> str:
    """The address of an empty storage in the object store."""
    name = f"chosen-{secrets.token_hex(4)}"
    fsspec.filesystem("s3", **options).mkdir(name)
    return f"s3://{name}/installation"


@pytest.fixture
def two_machines(settings: Any, tmp_path: Path) -> Machines:
    """The storage is a disk at first; a test that wants another one sets it. Tests begin on the first machine."""
    machines = Machines(settings, tmp_path / "first", tmp_path / "second")
    machines.first.mkdir()
    machines.second.mkdir()
    settings.VAR_DIR = machines.first
    settings.STORAGE_URL, settings.STORAGE_OPTIONS = f"file://{tmp_path}/storage", "{}"
    return machines
