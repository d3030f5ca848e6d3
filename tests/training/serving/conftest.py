"""One stub server or two, and versions with files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.training.conftest import NOW
from tests.training.serving.stub import StubServer, stub
from training import storage
from training.models import ModelVersion


@pytest.fixture
def server(settings: Any) -> Iterator[StubServer]:
    """The only server that GENERATOR_URL names."""
    with stub() as started:
        settings.GENERATOR_URLS = [started.address]
        yield started


@pytest.fixture
def second(settings: Any, server: StubServer) -> Iterator[StubServer]:
    """Another one beside it."""
    with stub() as started:
        settings.GENERATOR_URLS = [server.address, started.address]
        yield started


def make_version(base: ModelVersion, folder: Path, name: str, parent: ModelVersion | None = None) -> ModelVersion:
    """A version whose adapter is two files."""
    adapter = folder / "versions" / name / "adapter"
    adapter.mkdir(parents=True)
    (adapter / "adapter_config.json").write_text('{"base_model_name_or_path": "/here/tiny", "r": 4}')
    (adapter / "adapter_model.safetensors").write_bytes(f"weights of {name}".encode() * 1000)
    return ModelVersion.objects.create(
        name=name,
        base_dir=base.base_dir,
        adapter_dir=str(adapter),
        content_hash=storage.folder_hash(adapter),
        parent=parent or base,
        lineage={"base_hash": base.content_hash},
        metrics={"reward_accuracy": 0.75, "pairs": 24},
        created_at=NOW,
    )


@pytest.fixture
def trained(base: ModelVersion, var_dir: Path) -> ModelVersion:
    """A version with an adapter on the disk."""
    return make_version(base, var_dir, "tiny-v1")
