"""An event and its webhook messages are written with the act, or not at all."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from labeling.actions.campaigns import change_campaign_status
from labeling.actions.webhooks import (
    create_webhook,
    deliver,
    due_deliveries,
)
from labeling.models import Webhook, WebhookDelivery
from tests.labeling.receiver import Receiver, receiving
from tests.people import NOON, Stage, stage

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOKS_ALLOW_PRIVATE = True
    with receiving() as made:
        yield made


def hook(scene: Stage, url: str, *types: str, everywhere: bool = False) -> Webhook:
    user = scene.root if everywhere else scene.maya
    campaign = None if everywhere else scene.campaign
    return create_webhook(campaign=campaign, url=url, event_types=types, acting_user=user, now=NOON)


def send_all(now: Any = None) -> list[WebhookDelivery]:
    now = now or timezone.now()
    sent = [deliver(delivery_id=identifier, now=now) for identifier in due_deliveries(now=now)]
    return [one for one in sent if one is not None]


def test_only_what_was_asked_for_is_told_and_only_of_that_campaign(receiver: Receiver) -> None:
    scene = stage(comparisons=2, overlap=2)
    hook(scene, receiver.url, "comparison.conflict")
    hook(scene, receiver.url, "campaign.finished", everywhere=True)
    other = hook(scene, receiver.url, "verdict.settled", "comparison.conflict")
    Webhook.objects.filter(pk=other.pk).update(is_active=False)
    for user, winner in ((scene.alice, "a"), (scene.bob, "b")):
        scene.vote(scene.given(user), winner)
    change_campaign_status(campaign=scene.campaign, status="closed", acting_user=scene.maya, now=NOON)
    send_all()
    assert sorted(json.loads(body)["type"] for _, body in receiver.got) == ["campaign.finished", "comparison.conflict"]


def test_a_message_is_there_if_and_only_if_the_act_is(receiver: Receiver) -> None:
    scene = stage(comparisons=1)
    hook(scene, receiver.url, "verdict.settled")
    with transaction.atomic():
        scene.settle("a")
        assert WebhookDelivery.objects.count() == 1
        transaction.set_rollback(True)
    assert WebhookDelivery.objects.count() == 0


def test_names_of_people_are_in_no_message(receiver: Receiver) -> None:
    scene = stage(comparisons=1)
    hook(scene, receiver.url, "campaign.status_changed")
    change_campaign_status(campaign=scene.campaign, status="paused", acting_user=scene.maya, now=NOON)
    send_all()
    ((_, body),) = receiver.got
    assert json.loads(body)["data"]["actor"] == scene.maya.pseudonym
    assert b"maya" not in body
