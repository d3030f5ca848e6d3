"""The overview of a campaign's training."""

import pytest

from labeling.models import Campaign, User
from tests.training.conftest import NOW, add_written_pairs, judge_all
from training.actions.generation import start_generation
from training.models import GenerationJob, JobStatus, ModelVersion
from training.queries.overview import campaign_training_overview


@pytest.mark.django_db
def test_the_active_job_comes_before_a_newer_one_that_is_over(
    campaign: Campaign, base: ModelVersion, alice: User
) -> None:
    add_written_pairs(campaign)
    judge_all(campaign, alice)
    first = start_generation(campaign=campaign, acting_user=None, now=NOW)
    GenerationJob.objects.create(
        campaign=campaign, status=JobStatus.FINISHED, strategy="two_seeds", created_at=NOW, finished_at=NOW
    )
    overview = campaign_training_overview(campaign)
    assert overview.generation == first
    assert (overview.serving, overview.before, overview.run, overview.rule) == (base, None, None, None)
    assert overview.fresh_verdicts == overview.preference_pairs == 18
    assert overview.as_dict()["serving"] == "tiny-base"
