"""Webhooks through the API: created, changed, rotated, deleted, and their deliveries."""

import pytest

from labeling.models import WebhookDelivery
from tests.clients import Calling
from tests.people import stage

WEBHOOKS = "/api/v1/webhooks/"
BODY = {"campaign": "sums", "url": "https://1.1.1.1/hook", "event_types": ["verdict.settled"]}


def test_the_secret_is_shown_when_the_webhook_is_created_or_rotated_and_never_else(calling: Calling) -> None:
    maya = calling(stage().maya)
    created = maya.post(WEBHOOKS, BODY, format="json")
    assert created.status_code == 201
    address = f"{WEBHOOKS}{created.json()['id']}/"
    assert "secret" not in maya.get(address).json()
    rotated = maya.post(f"{address}rotate/").json()
    assert rotated["secret"] != created.json()["secret"]
    assert rotated["secret"] not in str(maya.get(WEBHOOKS).json())


def test_a_webhook_is_listed_by_campaign_changed_and_deleted(calling: Calling) -> None:
    maya = calling(stage().maya)
    address = f"{WEBHOOKS}{maya.post(WEBHOOKS, BODY, format='json').json()['id']}/"
    assert len(maya.get(WEBHOOKS, {"campaign": "sums"}).json()["results"]) == 1
    assert maya.get(WEBHOOKS, {"campaign": "others"}).json()["results"] == []
    assert maya.patch(address, {"is_active": False}, format="json").json()["is_active"] is False
    assert maya.delete(address).status_code == 204
    assert maya.get(address).status_code == 404


@pytest.mark.parametrize("change", [{"campaign": None}, {"campaign": "others"}])
def test_a_lead_has_webhooks_for_the_own_campaigns_only(calling: Calling, change: dict[str, str | None]) -> None:
    refused = calling(stage().maya).post(WEBHOOKS, BODY | change, format="json")
    assert refused.status_code == (403 if change["campaign"] is None else 404)


def test_a_delivery_is_listed_and_sent_again(calling: Calling) -> None:
    scene = stage(comparisons=1)
    maya = calling(scene.maya)
    webhook = maya.post(WEBHOOKS, BODY, format="json").json()["id"]
    scene.settle("a")
    WebhookDelivery.objects.update(status="given_up")
    (listed,) = maya.get(f"{WEBHOOKS}{webhook}/deliveries/", {"status": "given_up"}).json()["results"]
    assert listed["type"] == "verdict.settled"
    assert maya.post(f"{WEBHOOKS}deliveries/{listed['id']}/retry/").json()["status"] == "waiting"
    assert maya.get(f"{WEBHOOKS}{webhook}/deliveries/", {"status": "given_up"}).json()["results"] == []


def test_the_types_of_events_are_listed_with_their_meaning(calling: Calling) -> None:
    types = calling(stage().maya).get(f"{WEBHOOKS}types/").json()
    assert {"verdict.settled", "comparison.conflict"} <= {row["type"] for row in types}
    assert all(row["meaning"] for row in types)
