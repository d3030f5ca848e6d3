"""People who are not members cannot tell that a campaign exists; lost access is lost at once."""

import pytest

from labeling.models import Comparison, Membership, Role, User
from tests.clients import Calling
from tests.people import person, stage

pytestmark = pytest.mark.django_db


def test_charlie_cannot_tell_a_campaign_of_others_from_none(calling: Calling) -> None:
    stage()
    charlie = calling(User.objects.get(username="charlie"))
    there, not_there = (charlie.get(f"/api/v1/campaigns/{slug}/") for slug in ("sums", "nothing"))
    assert there.status_code == not_there.status_code == 404
    assert there.json() == not_there.json()
    assert charlie.get("/api/v1/campaigns/").json()["results"] == []


def test_a_comparison_of_others_cannot_be_told_from_none(calling: Calling) -> None:
    scene = stage(comparisons=1)
    charlie = calling(scene.charlie)
    body = {"winner": "a", "reason": "Because."}
    there = charlie.post(f"/api/v1/comparisons/{Comparison.objects.get().pk}/adjudication/", body, format="json")
    not_there = charlie.post("/api/v1/comparisons/999999/adjudication/", body, format="json")
    assert there.json() == not_there.json()


def test_who_leads_one_campaign_does_not_lead_another_by_annotating_it(calling: Calling) -> None:
    scene = stage()
    other = person("other", Role.LEAD)
    scene.join(other, role=Membership.Role.ANNOTATOR)
    client = calling(other)
    assert client.get("/api/v1/campaigns/sums/").status_code == 200
    assert client.get("/api/v1/campaigns/sums/export/").status_code == 403
    assert client.patch("/api/v1/campaigns/sums/", {"overlap": 9}, format="json").status_code == 403


def test_a_revoked_token_and_a_switched_off_account_open_nothing(calling: Calling) -> None:
    scene = stage()
    alice, bob = calling(scene.alice), calling(scene.bob)
    (token,) = alice.get("/api/v1/tokens/").json()["results"]
    assert alice.delete(f"/api/v1/tokens/{token['id']}/").status_code == 204
    assert alice.get("/api/v1/me/").status_code == 401
    User.objects.filter(username="bob").update(is_active=False)
    assert bob.get("/api/v1/me/").status_code == 401


def test_an_expert_adjudicates_and_runs_nothing() -> None:
    from labeling.access import adjudicates, leads

    scene = stage()
    expert = person("erin")
    scene.join(expert, role="expert")
    assert adjudicates(expert, scene.campaign)
    assert not leads(expert, scene.campaign)
    assert not adjudicates(scene.alice, scene.campaign)
