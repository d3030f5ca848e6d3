"""Generations that the database has only once."""

import pytest
from django.db import IntegrityError, transaction

from labeling.models import Campaign
from tests.training.conftest import NOW
from training.models import CandidateStrategy, GenerationItem, GenerationJob, JobStatus, ModelVersion

pytestmark = pytest.mark.django_db


def generation(campaign: Campaign, status: str = JobStatus.QUEUED) -> GenerationJob:
    return GenerationJob.objects.create(
        campaign=campaign, strategy=CandidateStrategy.TWO_SEEDS, status=status, created_at=NOW
    )


@pytest.mark.parametrize("status", ["queued", "running", "cancelling"])
def test_a_campaign_has_one_active_generation(campaign: Campaign, status: str) -> None:
    active = generation(campaign, status)
    with pytest.raises(IntegrityError, match="generation_one_active_per_campaign"), transaction.atomic():
        generation(campaign)
    GenerationJob.objects.filter(pk=active.pk).update(status=JobStatus.FAILED)
    generation(campaign)


def test_a_pair_of_a_prompt_is_written_once(campaign: Campaign, base: ModelVersion) -> None:
    item = GenerationItem.objects.create(
        job=generation(campaign),
        prompt=campaign.prompts.order_by("pk")[0],
        number=0,
        version_first=base,
        version_second=base,
        seed_first=1,
        seed_second=2,
    )
    item.pk = None
    with pytest.raises(IntegrityError, match="generation_item_once"), transaction.atomic():
        item.save(force_insert=True)
    item.number = 1
    item.save(force_insert=True)
