"""Groups of annotators through the API: declared, read with their agreement, filtered by, removed."""

import pytest
from django.core.management import CommandError, call_command

from labeling.models import Campaign
from tests.clients import Calling
from tests.people import stage

GROUPINGS = "/api/v1/campaigns/sums/groupings/"


def test_a_grouping_is_declared_read_filtered_by_and_removed(calling: Calling) -> None:
    scene = stage(comparisons=2, overlap=2)
    for user, winner in ((scene.alice, "a"), (scene.bob, "b")):
        scene.vote(scene.given(user), winner)
    maya = calling(scene.maya)
    body = {"name": "Region", "groups": {"North": ["alice"], "South": [scene.bob.pseudonym]}}
    made = maya.post(GROUPINGS, body, format="json")
    assert (made.status_code, made.json()["members"]) == (201, {"North": ["alice"], "South": ["bob"]})
    (listed,) = maya.get(GROUPINGS).json()["results"]
    assert (listed["name"], listed["groups"], listed["was_found"]) == ("Region", ["North", "South"], False)
    read = maya.get(f"{GROUPINGS}{listed['id']}/").json()
    assert read["between"][0]["agreement"]["value"] == 0.0
    rows = maya.get("/api/v1/campaigns/sums/comparisons/", {"group": "Region/North"}).json()["results"]
    assert len(rows) == 1
    refused = maya.get("/api/v1/campaigns/sums/comparisons/", {"group": "friends"})
    assert (refused.status_code, "not a valid choice" in str(refused.json())) == (422, True)
    for address in ("comparisons/", "prompts/", "export/", "export/report/"):
        misspelt = maya.get(f"/api/v1/campaigns/sums/{address}", {"group": "Region/Nort"})
        assert (misspelt.status_code, "no group Region/Nort" in str(misspelt.json())) == (422, True)
    act = {"target": "comparisons", "kind": "retire", "reason": "r", "filter": {"group": "Region/Nort"}}
    assert "no group Region/Nort" in str(maya.post("/api/v1/campaigns/sums/bulk/", act, format="json").json())
    with pytest.raises(CommandError, match="no group Region/Nort"):
        call_command("export", "sums", "--group", "Region/Nort", "--out", "-")
    Campaign.objects.update(pseudonymous=True)
    hidden = maya.get("/api/v1/campaigns/sums/export/", {"group": "Region/North"})
    assert (hidden.status_code, "no group Region/North" in str(hidden.json())) == (422, True)
    assert maya.delete(f"{GROUPINGS}{listed['id']}/").status_code == 204
    assert maya.get(f"{GROUPINGS}{listed['id']}/").status_code == 404


def test_unknown_people_are_refused_and_annotators_may_not_look(calling: Calling) -> None:
    scene = stage()
    refused = calling(scene.maya).post(GROUPINGS, {"name": "Region", "groups": {"North": ["zoe"]}}, format="json")
    assert (refused.status_code, "no user called zoe" in str(refused.json())) == (422, True)
    assert calling(scene.alice).get(GROUPINGS).status_code == 403
