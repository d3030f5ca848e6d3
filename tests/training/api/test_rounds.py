"""Rounds and their plan, as programs use them."""

import pytest

from tests.browser.furnished import furnish
from tests.clients import Calling
from tests.people import stage

pytestmark = pytest.mark.django_db


def test_the_rounds_of_a_campaign_are_listed_and_one_is_shown(calling: Calling) -> None:
    on_stage = stage(comparisons=3)
    furnished = furnish(on_stage)
    maya = calling(on_stage.maya)
    listed = maya.get("/api/v1/campaigns/sums/rounds/").json()["results"]
    assert [(one["number"], one["outcome"]) for one in listed] == [
        (4, ""),
        (3, ""),
        (2, "not_promoted"),
        (1, "promoted"),
    ]
    shown = maya.get(f"/api/v1/rounds/{furnished.round.pk}/").json()
    assert shown == listed[2]
    assert shown["version"] == "sums-v2"
    train = shown["phases"][2]
    assert (train["phase"], train["state"]) == ("train", "done")
    assert train["things"] == [{"kind": "run", "id": furnished.finished.pk}]
    assert calling(on_stage.alice).get(f"/api/v1/rounds/{furnished.round.pk}/").status_code == 404


def test_the_plan_is_changed_field_by_field(calling: Calling) -> None:
    maya = calling(stage().maya)
    address = "/api/v1/campaigns/sums/rounds/plan/"
    assert maya.get(address).json()["updated_at"] is None
    saved = maya.put(address, {"min_agreement": 0.7, "human_hour": "24.50", "currency": "EUR"}, format="json")
    assert saved.status_code == 200
    maya.put(address, {"target": 0.65}, format="json")
    plan = maya.get(address).json()
    assert (plan["min_agreement"], plan["human_hour"], plan["target"]) == (0.7, "24.50", 0.65)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"time_zone": "Berlin"}, "time_zone"),
        ({"canary_share": 0.2}, "canary_share"),
        ({"quiet_from": "22:00"}, "quiet_until"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "quiet_until"),
        ({"budget_money": "10.00"}, "budget_money"),
        ({"machine_hour": "2.00"}, "currency"),
        ({"target": 1.2}, "target"),
        ({"min_agreement": -0.1}, "min_agreement"),
    ],
    ids=str,
)
def test_a_plan_that_cannot_be_is_refused_at_its_field(calling: Calling, wrong: dict[str, object], field: str) -> None:
    maya = calling(stage().maya)
    address = "/api/v1/campaigns/sums/rounds/plan/"
    refused = maya.put(address, wrong, format="json")
    assert refused.status_code in (400, 422)
    assert refused.json()["errors"][0]["field"] == field
    assert maya.get(address).json()["updated_at"] is None
