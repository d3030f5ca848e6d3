"""train freezes the labels of a campaign and trains on them."""

import json

import pytest

from labeling.models import Campaign
from tests.training.commands import QUICK, output_of
from tests.training.conftest import add_written_pairs
from training.models import JobStatus, ModelVersion, Run

pytestmark = pytest.mark.django_db


def test_with_here_a_version_is_made_at_once(campaign: Campaign, base: ModelVersion) -> None:
    add_written_pairs(campaign, preference="first")
    trained = json.loads(output_of("train", "tiny", *QUICK, "--here", "--json"))
    assert (trained["status"], trained["parent"], trained["version"]) == ("finished", "tiny-base", "tiny-v1")
    assert trained["metrics"]["pairs"] > 0


def test_without_here_or_wait_the_job_is_left_to_a_worker(campaign: Campaign, base: ModelVersion) -> None:
    add_written_pairs(campaign, preference="first")
    assert json.loads(output_of("train", "tiny", "--json"))["version"] is None
    assert Run.objects.get().status == JobStatus.QUEUED
