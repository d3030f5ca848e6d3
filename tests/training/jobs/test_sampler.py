"""The embedded sampler in a process of its own."""

from pathlib import Path

import pytest

from labeling.models import Campaign
from tests.training.conftest import NOW
from training.actions.generation import start_generation
from training.actions.planning import GenerationSpec
from training.actions.versions import register_base_version
from training.jobs.generation import run_generation_job
from training.models import JobStatus, ModelVersion

pytestmark = pytest.mark.django_db


def test_a_model_that_cannot_be_used_is_said_so_and_not_tried_again(
    campaign: Campaign, base: ModelVersion, var_dir: Path
) -> None:
    folder = var_dir / "no-model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    version = register_base_version(name="no-model", directory=folder, acting_user=None, now=NOW)
    job = start_generation(campaign=campaign, acting_user=None, now=NOW, spec=GenerationSpec(versions=[version]))

    done = run_generation_job(job.pk)

    assert done is not None
    assert done.status == JobStatus.FAILED
    assert "no-model" in done.error
    assert "Unexpected" not in done.error
