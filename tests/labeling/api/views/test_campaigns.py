"""Campaigns through the API: created, started, changed and read."""

from tests.clients import Calling
from tests.people import stage


def test_a_lead_makes_starts_fills_and_reads_a_campaign(calling: Calling) -> None:
    scene = stage()
    maya = calling(scene.maya)
    made = maya.post(
        "/api/v1/campaigns/", {"name": "Kind answers", "overlap": 2, "guidelines": "Be kind."}, format="json"
    )
    assert made.status_code == 201
    assert (made.json()["slug"], made.json()["status"], made.json()["overlap"]) == ("kind-answers", "draft", 2)
    address = "/api/v1/campaigns/kind-answers/"
    assert maya.post(f"{address}status/", {"status": "active"}, format="json").json()["status"] == "active"
    added = maya.post(f"{address}members/", {"username": "alice", "role": "annotator"}, format="json")
    assert (added.status_code, added.json()["username"]) == (201, "alice")
    assert maya.get(f"{address}guidelines/").json()["results"][0]["number"] == 1
    assert maya.patch(address, {"allow_tie": False}, format="json").json()["allow_tie"] is False
    assert maya.get(f"{address}progress/").json()["comparisons"] == 0
    assert [event["verb"] for event in maya.get(f"{address}events/").json()["results"]] == [
        "campaign.changed",
        "member.added",
        "campaign.status_changed",
        "guidelines.written",
        "campaign.created",
    ]


def test_what_cannot_be_changed_by_a_patch_stays(calling: Calling) -> None:
    scene = stage()
    answer = calling(scene.maya).patch(
        "/api/v1/campaigns/sums/", {"slug": "other", "status": "archived", "created_at": None}, format="json"
    )
    assert (answer.status_code, answer.json()["slug"], answer.json()["status"]) == (200, "sums", "active")
