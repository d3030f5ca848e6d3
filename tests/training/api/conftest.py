"""Everybody on stage calls the API with a token of their own; a tiny model serves."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from labeling.actions import create_token
from labeling.models import User
from tests.people import NOON, Stage, stage
from training.actions import promote, register_base_version
from training.models import ModelVersion

Calling = Callable[[User | None], Any]


@pytest.fixture
def calling() -> Calling:
    """A client that calls as somebody; None: as nobody."""

    def client_of(user: User | None) -> APIClient:
        client: Any = APIClient()
        if user is not None:
            _, key = create_token(user=user, name="test", acting_user=user, now=NOON)
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
        return client  # type: ignore[no-any-return]

    return client_of


@pytest.fixture
def scene(db: None, tiny_model: Path, var_dir: Path) -> Stage:
    """Maya's campaign `sums` with twenty imported verdicts; the tiny model serves."""
    from tests.people import pair

    scene = stage()
    scene.add([pair(number, preference="first") for number in range(20)])
    base = register_base_version(name="tiny-base", directory=tiny_model, acting_user=None, now=NOON)
    promote(version=base, acting_user=None, now=NOON)
    return scene


def child_of(base: ModelVersion, scene: Stage) -> ModelVersion:
    """A version that the campaign has trained, as far as rights are concerned: its files are the base's."""
    from training.actions import start_run
    from training.models import JobStatus, Run

    run = start_run(campaign=scene.campaign, acting_user=scene.maya, now=NOON)
    Run.objects.filter(pk=run.pk).update(status=JobStatus.FINISHED)
    return ModelVersion.objects.create(
        name="sums-v1",
        base_dir=base.base_dir,
        content_hash=base.content_hash,
        parent=base,
        run=run,
        created_at=NOON,
    )
