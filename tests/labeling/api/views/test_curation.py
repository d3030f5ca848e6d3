"""Leads' calls for single comparisons: retire, restore, review a flag, make gold."""

from tests.clients import Calling
from tests.people import stage


def test_a_retired_comparison_is_assigned_to_nobody_until_it_is_restored(calling: Calling) -> None:
    scene = stage(comparisons=1)
    maya, address = calling(scene.maya), f"/api/v1/comparisons/{scene.campaign.comparisons.get().pk}/"
    assert maya.post(f"{address}retire/", {"reason": "Off topic."}, format="json").json()["status"] == "retired"
    assert scene.next(scene.alice) is None
    assert maya.post(f"{address}restore/").json()["status"] == "open"
    assert scene.next(scene.alice) is not None


def test_a_flagged_comparison_is_kept_or_retired_with_a_reason(calling: Calling) -> None:
    scene = stage(comparisons=2)
    maya = calling(scene.maya)
    for keep, status in ((True, "open"), (False, "retired")):
        held = scene.given(scene.alice)
        scene.judge(held, "skip", flag="harm")
        address = f"/api/v1/comparisons/{held.comparison_id}/flag/"
        assert maya.post(address, {"keep": keep}, format="json").json()["errors"][0]["field"] == "reason"
        assert maya.post(address, {"keep": keep, "reason": "Read."}, format="json").json()["status"] == status


def test_gold_has_its_verdict_until_it_is_gold_no_longer(calling: Calling) -> None:
    scene = stage(comparisons=1)
    maya, address = calling(scene.maya), f"/api/v1/comparisons/{scene.campaign.comparisons.get().pk}/gold/"
    assert maya.put(address, {"winner": "a"}, format="json").json()["gold"] == "a"
    assert maya.put(address, {"winner": "c"}, format="json").status_code == 422
    assert maya.delete(address).json()["gold"] is None
