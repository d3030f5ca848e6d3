"""A labeled campaign, and its rule."""

import pytest

from labeling.models import Campaign, User
from tests.training.conftest import NOW, add_written_pairs, judge_all
from training.actions.retraining import save_retraining_rule
from training.models import ModelVersion, RetrainingRule


@pytest.fixture
def labeled(campaign: Campaign, base: ModelVersion, alice: User) -> Campaign:
    add_written_pairs(campaign)
    judge_all(campaign, alice)
    return campaign


def rule_of(campaign: Campaign, **values: object) -> RetrainingRule:
    return save_retraining_rule(campaign=campaign, acting_user=None, now=NOW, **values)  # type: ignore[arg-type]
