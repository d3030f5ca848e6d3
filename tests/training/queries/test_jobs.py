"""How far jobs are, and what came of them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from labeling.models import Campaign
from tests.training.conftest import NOW, QUESTIONS, TINY_SETTINGS
from training.actions.generation import start_generation
from training.actions.planning import GenerationSpec
from training.models import GenerationJob, JobStatus, ModelVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def job(campaign: Campaign, base: ModelVersion) -> GenerationJob:
    return start_generation(
        campaign=campaign, acting_user=None, now=NOW, spec=GenerationSpec(settings=TINY_SETTINGS, seed=3)
    )


def test_the_rate_says_how_long_it_will_still_take(job: GenerationJob) -> None:
    from training.queries.jobs import remaining_seconds

    assert remaining_seconds(job) is None
    GenerationJob.objects.filter(pk=job.pk).update(
        status=JobStatus.RUNNING, rate=2.0, done=10, heartbeat_at=timezone.now() + timedelta(days=1)
    )
    job.refresh_from_db()
    assert remaining_seconds(job) == pytest.approx((2 * len(QUESTIONS) - 10) / 2)
