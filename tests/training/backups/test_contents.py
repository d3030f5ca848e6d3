"""The files in a backup."""

from pathlib import Path

import pytest

from labeling.models import Campaign
from tests.machines import Machines, two_machines
from tests.training.conftest import NOW, add_written_pairs, make_version
from training.actions.snapshots import take_snapshot
from training.backups.contents import bring_all, files_of
from training.jobs.stored_artifacts import publish_all
from training.models import ModelVersion

__all__ = ["two_machines"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def var_dir(two_machines: Machines) -> Path:
    """The first machine's."""
    return two_machines.first


def test_a_backup_has_the_files_that_are_on_no_disk_of_this_machine(
    two_machines: Machines, base: ModelVersion, campaign: Campaign
) -> None:
    make_version(base, two_machines.first, "tiny-v1")
    add_written_pairs(campaign, preference="first")
    snapshot = take_snapshot(campaign=campaign, acting_user=None, now=NOW)
    publish_all()
    before = {name for name, _path in files_of(two_machines.first, with_bases=True)}
    with two_machines.on(two_machines.second) as second:
        bring_all(with_bases=True)
        assert {name for name, _path in files_of(second, with_bases=True)} == before
    assert f"files/snapshots/{snapshot.content_hash}/train.jsonl" in before
