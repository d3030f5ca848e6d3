"""evaluate measures a version on held-out pairs."""

import json

import pytest
from django.core.management import CommandError

from labeling.models import Campaign
from tests.training.commands import QUICK, output_of
from tests.training.conftest import add_written_pairs
from training.models import Evaluation, ModelVersion

pytestmark = pytest.mark.django_db


def test_a_version_is_measured_against_its_parent_on_the_pairs_of_its_run(
    campaign: Campaign, base: ModelVersion
) -> None:
    add_written_pairs(campaign, preference="first")
    trained = json.loads(output_of("train", "tiny", *QUICK, "--here", "--json"))
    evaluated = json.loads(output_of("evaluate", "tiny-v1", "--json"))
    assert evaluated["against"] == "tiny-base"
    assert evaluated["reward_accuracy"] == trained["metrics"]["reward_accuracy"]
    assert Evaluation.objects.get().kind == "held_out"


def test_a_campaign_without_a_snapshot_has_no_held_out_pairs(campaign: Campaign, base: ModelVersion) -> None:
    with pytest.raises(CommandError, match="tiny has no snapshot yet"):
        output_of("evaluate", "tiny-base", "--campaign", "tiny")
