"""The time of a retraining rule."""

import pytest

from labeling.models import Campaign
from tests.training.conftest import NOW
from training.actions.retraining import save_retraining_rule
from training.models import RetrainingRule


@pytest.mark.django_db
def test_cron_is_read_back_as_it_was_saved(campaign: Campaign) -> None:
    save_retraining_rule(campaign=campaign, acting_user=None, now=NOW, cron="15 3 * * 1-5")
    assert RetrainingRule.objects.get().cron == "15 3 * * 1-5"
    save_retraining_rule(campaign=campaign, acting_user=None, now=NOW)
    assert RetrainingRule.objects.get().cron == ""
