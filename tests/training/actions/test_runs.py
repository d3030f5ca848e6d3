"""Starting runs."""

import pytest

from labeling.models import Campaign
from tests.training.conftest import NOW, add_written_pairs
from training.actions.runs import RunSpec, start_run
from training.errors import WrongSettings
from training.models import ModelVersion, Run

pytestmark = pytest.mark.django_db


def test_a_whole_model_is_not_trained_here(campaign: Campaign, base: ModelVersion) -> None:
    add_written_pairs(campaign, preference="first")
    with pytest.raises(WrongSettings, match="Versions are adapters here"):
        start_run(campaign=campaign, acting_user=None, now=NOW, spec=RunSpec(config={"tuning": "full"}))
    assert not Run.objects.exists()


def test_a_beta_that_its_loss_cannot_work_with_is_refused(campaign: Campaign, base: ModelVersion) -> None:
    add_written_pairs(campaign, preference="first")
    spec = RunSpec(config={"loss": "ipo", "beta": 0.1})
    with pytest.raises(WrongSettings, match=r"beta=0\.1 does not suit loss=ipo .* leave it out for 2\.5"):
        start_run(campaign=campaign, acting_user=None, now=NOW, spec=spec)
    assert not Run.objects.exists()
