"""The version that serves, the one before it, and the run that has the machine."""

from typing import Any

import pytest

from labeling.models import Campaign
from tests.training.conftest import NOW, add_written_pairs
from training.actions.runs import start_run
from training.actions.versions import promote
from training.errors import NothingServes
from training.models import JobStatus, ModelVersion, Run
from training.queries.serving import serving_version, training_now, version_before

pytestmark = pytest.mark.django_db


def test_nothing_serves_at_first() -> None:
    assert version_before() is None
    with pytest.raises(NothingServes):
        serving_version()


def test_the_version_before_is_that_of_a_rollback(base: ModelVersion, trained: ModelVersion) -> None:
    assert (serving_version(), version_before()) == (base, None)
    promote(version=trained, acting_user=None, now=NOW)
    assert (serving_version(), version_before()) == (trained, base)
    with pytest.raises(NothingServes):
        serving_version("another channel")


def test_a_run_has_the_machine_only_while_it_runs_on_a_shared_one(
    base: ModelVersion, campaign: Campaign, settings: Any
) -> None:
    add_written_pairs(campaign, preference="first")
    run = start_run(campaign=campaign, acting_user=None, now=NOW)
    Run.objects.update(status=JobStatus.CANCELLING, holds_machine=True)
    assert training_now() is None
    settings.GENERATOR_HANDOVER = "sleep"
    assert training_now() == run
    Run.objects.update(status=JobStatus.FINISHED)
    assert training_now() is None
