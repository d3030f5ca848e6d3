"""The demo, made again after an interruption and changes."""

from typing import Any

import pytest

from labeling.actions.onboarding import answer_practice, next_pair, read_guidelines, start_round
from labeling.judging.assignments import next_assignments
from labeling.judging.refusals import GuidelinesUnread, PracticeNeeded
from labeling.models import Campaign, Comparison, User
from tests.training.commands import output_of
from tests.training.conftest import NOW, add_written_pairs
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
    campaign.refresh_from_db()
    assert (campaign.practice_pairs, campaign.comparisons.filter(status="practice").count()) == (3, 3)

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


def test_an_annotator_of_the_demo_reads_and_practises_before_anything_is_assigned(demo: list[str]) -> None:
    campaign, annotator = Campaign.objects.get(slug="demo"), User.objects.get(username="annotator")
    add_written_pairs(campaign)
    by: Any = {"campaign": campaign, "acting_user": annotator, "now": NOW}
    with pytest.raises(GuidelinesUnread):
        next_assignments(**by)
    read_guidelines(number=1, **by)
    with pytest.raises(PracticeNeeded):
        next_assignments(**by)
    round_ = start_round(use="practice", **by)
    while (pair := next_pair(round_=round_, acting_user=annotator, now=NOW)) is not None:
        answer = answer_practice(answer=pair.pk, choice="left", acting_user=annotator, now=NOW)
        assert answer.comparison.practice.explanation
    given = next_assignments(**by).next
    assert given is not None
    assert given.comparison.status in (Comparison.Status.OPEN, Comparison.Status.GOLD)


def test_a_lead_of_the_demo_judges_at_once(demo: list[str]) -> None:
    campaign, lead = Campaign.objects.get(slug="demo"), User.objects.get(username="lead")
    add_written_pairs(campaign)
    assert next_assignments(campaign=campaign, acting_user=lead, now=NOW).next is not None
