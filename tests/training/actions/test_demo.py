"""The demo, made again after an interruption and changes."""

import pytest

from labeling.models import Campaign
from tests.training.commands import output_of
from tests.training.conftest import NOW
from training.actions.versions import promote
from training.models import JobStatus, ModelVersion
from training.queries.serving import serving_version

pytestmark = pytest.mark.django_db


def test_the_demo_goes_on_where_it_was_interrupted_and_leaves_alone_what_a_lead_has_changed(demo: list[str]) -> None:
    campaign = Campaign.objects.get(slug="demo")
    campaign.generation_jobs.update(status=JobStatus.FAILED)
    Campaign.objects.update(status="draft")
    campaign.prompts.first().delete()  # type: ignore[union-attr]
    output_of("demo")
    assert campaign.prompts.count() >= 60
    assert campaign.generation_jobs.filter(status=JobStatus.QUEUED).count() == 1

    Campaign.objects.update(status="paused")
    campaign.memberships.filter(user__username="annotator").delete()
    other = ModelVersion.objects.create(
        name="other", base_dir=serving_version().base_dir, content_hash=serving_version().content_hash, created_at=NOW
    )
    promote(version=other, acting_user=None, now=NOW)
    output_of("demo")
    campaign.refresh_from_db()
    assert campaign.status == "paused"
    assert not campaign.memberships.filter(user__username="annotator").exists()
    assert serving_version() == other
