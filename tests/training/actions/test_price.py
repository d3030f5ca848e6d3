"""Measuring a learning curve: who may, once at a time, on what."""

import pytest

from common.errors import NotAllowed
from labeling.models import Campaign, Event, User
from tests.training.conftest import NOW, add_written_pairs
from training.actions.price import PriceSpec, cancel_price, start_price
from training.errors import JobActive, JobOver, TooFewPairs, WrongSettings
from training.models import JobStatus, ModelVersion, PriceJob

pytestmark = pytest.mark.django_db


@pytest.fixture
def rich(campaign: Campaign, base: ModelVersion) -> Campaign:
    """The campaign with enough verdicts."""
    add_written_pairs(campaign, preference="first", per_prompt=3)
    return campaign


def test_a_lead_has_the_newest_snapshot_measured_and_the_event_says_on_what(rich: Campaign, maya: User) -> None:
    job = start_price(campaign=rich, acting_user=maya, now=NOW, spec=PriceSpec(draws=2, minutes=5))
    assert (job.status, job.draws, job.minutes) == (JobStatus.QUEUED, 2, 5)
    assert job.snapshot == rich.snapshots.get()
    assert job.total == 2 * len(
        {8, job.snapshot.train_pairs >> 2, job.snapshot.train_pairs >> 1, job.snapshot.train_pairs}
    )
    event = Event.objects.get(verb="price.started")
    assert event.after["snapshot"] == job.snapshot.content_hash


def test_a_campaign_has_one_measurement_at_a_time(rich: Campaign, maya: User) -> None:
    start_price(campaign=rich, acting_user=maya, now=NOW)
    with pytest.raises(JobActive):
        start_price(campaign=rich, acting_user=maya, now=NOW)
    assert cancel_price(campaign=rich, acting_user=maya, now=NOW).status == JobStatus.CANCELLED
    assert start_price(campaign=rich, acting_user=maya, now=NOW).status == JobStatus.QUEUED


def test_without_a_measurement_there_is_none_to_cancel(rich: Campaign, maya: User) -> None:
    with pytest.raises(JobOver):
        cancel_price(campaign=rich, acting_user=maya, now=NOW)


def test_annotators_may_not(rich: Campaign, alice: User) -> None:
    with pytest.raises(NotAllowed):
        start_price(campaign=rich, acting_user=alice, now=NOW)
    assert not PriceJob.objects.exists()


def test_too_few_pairs_and_impossible_efforts_are_refused(campaign: Campaign, base: ModelVersion, maya: User) -> None:
    add_written_pairs(campaign, preference="first")
    with pytest.raises(TooFewPairs, match="at least 32"):
        start_price(campaign=campaign, acting_user=maya, now=NOW)
    for spec in (PriceSpec(draws=1), PriceSpec(minutes=0), PriceSpec(draws=99)):
        with pytest.raises(WrongSettings):
            start_price(campaign=campaign, acting_user=maya, now=NOW, spec=spec)
