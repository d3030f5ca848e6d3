"""The pages of gates by people, and where other pages speak of them."""

import pytest
from django.test import Client

from tests.browser.furnished import furnish
from tests.people import NOON, stage
from tests.training.gates_by_people import voted, voting_gate
from training.actions.gate import save_gate
from training.models import RetrainingRule

pytestmark = pytest.mark.django_db


def test_the_campaigns_page_says_where_versions_are_promoted_without_people(client: Client) -> None:
    scene = stage(comparisons=3)
    client.force_login(scene.maya)
    assert b"without-people" not in client.get("/campaigns/sums/").content
    RetrainingRule.objects.create(campaign=scene.campaign, enabled=True, auto_promote=True, updated_at=NOON)
    assert b"without-people" in client.get("/campaigns/sums/").content
    rules = [{"figure": "pairs", "floor": 10}, {"figure": "people", "floor": 1, "on_missing": "hold"}]
    save_gate(campaign=scene.campaign, rules=rules, acting_user=None, now=NOON)
    assert b"without-people" not in client.get("/campaigns/sums/").content


def test_the_page_shows_the_figures_of_the_evidence(client: Client) -> None:
    scene = stage(comparisons=9)
    furnished = furnish(scene)
    gate = voted(voting_gate(scene.campaign, furnished.two, furnished.one), scene.alice, ["candidate"] * 7)
    client.force_login(scene.maya)
    page = client.get(f"/people-gates/{gate.pk}/").content.decode()
    assert f"{2.718281828459045 ** gate.figures['better']:.2f} ✓" in page
    assert "100.0 %" in page
    assert "Passed: better" in page
