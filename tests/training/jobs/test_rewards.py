"""The engine ranks candidates."""

from pathlib import Path

import pytest

from labeling.models import Campaign
from tests.training.conftest import NOW, TINY_SETTINGS
from tests.training.jobs.test_generation import real_source
from training.actions.generation import start_generation
from training.actions.planning import GenerationSpec
from training.jobs.generation import run_generation_job
from training.models import JobStatus, ModelVersion
from training.versions import files

pytestmark = pytest.mark.django_db


@pytest.mark.slow
def test_the_engine_itself_judges_candidates(campaign: Campaign, base: ModelVersion, var_dir: Path) -> None:
    """A real adapter, the real sampler, the real engine: the order is that of beta times the log-ratio."""
    from tests.training.generation.test_loading import write_adapter

    folder = write_adapter(Path(base.base_dir), var_dir / "adapter")
    judge = ModelVersion.objects.create(
        name="judge",
        base_dir=base.base_dir,
        adapter_dir=str(folder),
        content_hash=files.content_hash(folder),
        parent=base,
        lineage={"base_hash": base.content_hash},
        created_at=NOW,
    )
    spec = GenerationSpec(
        strategy="best_worst",
        candidates=3,
        versions=[base],
        reward_version=judge,
        settings=TINY_SETTINGS,
        seed=3,
    )
    prompts = campaign.prompts.order_by("pk")[:2]
    job = start_generation(campaign=campaign, acting_user=None, now=NOW, spec=spec, prompts=prompts)
    finished = run_generation_job(job.pk, source_of=real_source)
    assert finished is not None
    assert (finished.status, finished.error) == (JobStatus.FINISHED, "")
    for comparison in campaign.comparisons.select_related("completion_a", "completion_b"):
        sides = (comparison.completion_a, comparison.completion_b)
        selected = {side.sampling["selected"]["rank"]: side.sampling["selected"]["reward"] for side in sides}
        assert selected["best"] > selected["worst"]
    assert campaign.comparisons.count() + finished.dropped == 2
