"""The page of the groups: win rates of one grouping's groups only."""

import pytest

from labeling.actions.blind_tests import create_blind_test
from labeling.actions.groups import declare_grouping
from tests.browser.furnished import furnish
from tests.browser.groups import grouping_of
from tests.people import NOON, stage
from training.models import PeopleGate
from training.queries.group_page import gate_rates

pytestmark = pytest.mark.django_db


def test_a_grouping_has_only_its_own_groups_whatever_slashes_names_hold() -> None:
    scene = stage(comparisons=2)
    made, grouping = furnish(scene), grouping_of(scene)
    other = declare_grouping(
        campaign=scene.campaign,
        name="Region/West",
        groups={"Coast": [scene.bob]},
        acting_user=scene.maya,
        now=NOON,
    )
    PeopleGate.objects.create(
        campaign=scene.campaign,
        candidate=made.two,
        serving=made.one,
        blind_test=create_blind_test(
            like=scene.campaign,
            number=1,
            prompts=list(scene.campaign.prompts.all()),
            votes=1,
            acting_user=None,
            now=NOON,
        ),
        job=made.writing,
        attempt=1,
        status="better",
        opened_at=NOON,
        worth=0.6,
        error=0.05,
        votes_per_prompt=1,
        most_votes=600,
        hides_from_leads=True,
    )
    (shown,) = gate_rates(scene.campaign, grouping)
    assert [rate.group for rate in shown.rates] == ["North", "South"]
    (shown,) = gate_rates(scene.campaign, other)
    assert [rate.group for rate in shown.rates] == ["Coast"]
