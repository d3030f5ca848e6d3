"""The rule of a campaign; a version that people are asked about, and their gate."""

import pytest

from labeling.models import Campaign, User
from tests.training.conftest import NOW, add_written_pairs, judge_all
from tests.training.gated import finished_run
from tests.training.gates_by_people import hold, opened, written
from training.actions.retraining import save_retraining_rule
from training.models import ModelVersion, PeopleGate, RetrainingRule


def rule_of(campaign: Campaign, **values: object) -> RetrainingRule:
    return save_retraining_rule(campaign=campaign, acting_user=None, now=NOW, **values)  # type: ignore[arg-type]


@pytest.fixture
def candidate(campaign: Campaign, base: ModelVersion, alice: User) -> ModelVersion:
    """A version of the campaign, which holds half of its prompts for gates; the tiny model serves."""
    hold(campaign)
    add_written_pairs(campaign)
    judge_all(campaign, alice)
    return finished_run(campaign, base)[1]


@pytest.fixture
def gate(campaign: Campaign, candidate: ModelVersion, maya: User) -> PeopleGate:
    """An open gate whose texts are written; a decision errs with 10 %, so few votes decide."""
    return written(opened(campaign, candidate, maya, error=0.1))
