"""The model's jobs in sentences: for a lead's list of campaigns, and for annotators who wait for pairs."""

from datetime import timedelta

import pytest

from labeling.models import Campaign, User
from tests.training.conftest import NOW
from training import claims
from training.models import GenerationJob, JobStatus
from training.queries.coming import coming_pairs, model_work
from training.workers import report

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(seconds=45)


def test_annotators_learn_when_new_pairs_come(job: GenerationJob) -> None:
    campaign = job.campaign
    assert coming_pairs(campaign, NOW) == "New pairs are being written."  # it starts in a moment
    assert "does not answer now" in coming_pairs(campaign, LATER)  # no worker
    claims.claim(GenerationJob, job.pk, now=NOW)
    GenerationJob.objects.update(rate=0.1, done=job.total - 24)
    assert coming_pairs(campaign, LATER) == "New pairs are being written: about 4 minutes."
    GenerationJob.objects.update(status=JobStatus.FINISHED)
    assert coming_pairs(campaign, LATER) == ""


def test_annotators_learn_no_name_of_another_campaign(job: GenerationJob, charlie: User) -> None:
    report("worker-generate@here", {"generate"}, places=1, now=LATER)
    claims.claim(GenerationJob, job.pk, now=NOW)
    GenerationJob.objects.update(rate=0.1, done=job.total - 24)
    other = Campaign.objects.get(name="Charlie's")
    GenerationJob.objects.create(
        campaign=other, strategy="two_seeds", created_at=NOW, enqueued_at=NOW + timedelta(seconds=1)
    )
    sentence = coming_pairs(other, LATER)
    assert sentence == "New pairs will be written when the model is free: about 4 minutes."


def test_leads_see_each_job_of_their_campaigns(job: GenerationJob, maya: User) -> None:
    claims.claim(GenerationJob, job.pk, now=NOW)
    GenerationJob.objects.update(rate=0.1, done=job.total - 24)
    (line,) = model_work([job.campaign], maya, LATER)[job.campaign_id]
    assert (line.sentence, line.address) == ("Generation: about 4 minutes left.", "/campaigns/tiny/")
    assert model_work([], maya, LATER) == {}
