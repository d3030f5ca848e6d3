"""Names as leads see them."""

import pytest

from labeling.queries.names import name_for_leads
from tests.people import stage


@pytest.mark.parametrize("pseudonymous", [True, False])
def test_leads_see_names_unless_the_campaign_is_pseudonymous(pseudonymous: bool) -> None:
    scene = stage(pseudonymous=pseudonymous)
    assert name_for_leads(scene.alice, scene.campaign) == (scene.alice.pseudonym if pseudonymous else "alice")


def test_erased_people_have_only_their_pseudonym() -> None:
    scene = stage()
    scene.alice.is_active = False
    assert name_for_leads(scene.alice, scene.campaign) == scene.alice.pseudonym
