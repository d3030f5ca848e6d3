"""An event and its webhook messages are written with the act, or not at all."""

import json

import pytest
from django.db import transaction

from labeling.actions.campaigns import change_campaign_status
from labeling.models import Webhook, WebhookDelivery
from tests.labeling.hooks import hook, send_all
from tests.labeling.receiver import Receiver
from tests.people import NOON, stage

pytestmark = pytest.mark.django_db


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
