"""Snapshots and runs that the database has only once, and the reason of the gate."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from labeling.models import Campaign
from tests.training.conftest import NOW
from training.models import JobStatus, ModelVersion, Run, Snapshot


def snapshot_of(campaign: Campaign, content_hash: str) -> Snapshot:
    return Snapshot.objects.create(
        campaign=campaign, content_hash=content_hash, manifest={}, train_pairs=1, test_pairs=1, created_at=NOW
    )


@pytest.mark.django_db
def test_a_campaign_has_each_snapshot_once(campaign: Campaign) -> None:
    assert str(snapshot_of(campaign, "0123456789abcdef")) == "0123456789ab"
    with pytest.raises(IntegrityError, match="snapshot_once"), transaction.atomic():
        snapshot_of(campaign, "0123456789abcdef")
    snapshot_of(campaign, "another")


@pytest.mark.django_db
@pytest.mark.parametrize("status", ["queued", "running", "cancelling"])
def test_a_campaign_has_one_active_run(campaign: Campaign, base: ModelVersion, status: str) -> None:
    values: dict[str, Any] = {"campaign": campaign, "parent": base, "created_at": NOW}
    values["snapshot"] = snapshot_of(campaign, "0")
    active = Run.objects.create(status=status, **values)
    with pytest.raises(IntegrityError, match="run_one_active_per_campaign"), transaction.atomic():
        Run.objects.create(**values)
    Run.objects.filter(pk=active.pk).update(status=JobStatus.FINISHED)
    Run.objects.create(**values)
