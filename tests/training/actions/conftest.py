"""The rule of a campaign."""

from labeling.models import Campaign
from tests.training.conftest import NOW
from training.actions.retraining import save_retraining_rule
from training.models import RetrainingRule


def rule_of(campaign: Campaign, **values: object) -> RetrainingRule:
    return save_retraining_rule(campaign=campaign, acting_user=None, now=NOW, **values)  # type: ignore[arg-type]
