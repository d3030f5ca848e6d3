"""The pages of gates by people, and where other pages speak of them."""

from datetime import timedelta

import pytest
from django.test import Client

from labeling.actions.members import pause_member
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


def test_the_page_says_which_prompts_take_no_part_and_what_leads_did(client: Client) -> None:
    scene = stage(comparisons=9)
    furnished = furnish(scene)
    gate = voting_gate(scene.campaign, furnished.two, furnished.one)
    assert gate.voting_at is not None
    later = gate.voting_at + timedelta(hours=1)
    for person in (scene.alice, scene.bob):
        gate = voted(gate, person, ["skip"] * 9)
    pause_member(campaign=gate.blind_test, user=scene.bob, acting_user=scene.maya, now=later)
    client.force_login(scene.maya)
    page = client.get(f"/people-gates/{gate.pk}/").content.decode()
    assert "9 take no part" in page
    assert "no annotator is left to give them" in page


def test_the_form_refuses_a_risk_that_would_let_luck_pass(client: Client) -> None:
    scene = stage(comparisons=3)
    furnished = furnish(scene)
    client.force_login(scene.maya)
    sent = {"campaign": "sums", "worth": "60", "error": "40", "votes_per_prompt": "1", "most_votes": "600"}
    page = client.post(f"/versions/{furnished.two.name}/people-gate/", sent).content.decode()
    assert "less than or equal to 10" in page
