"""A test message before the webhook is there."""

import json
from typing import Any

import pytest

from common.errors import NotAllowed
from labeling.actions.webhook_tests import send_test_message
from labeling.actions.webhooks import AddressRefused
from labeling.models import Event, Webhook, WebhookDelivery
from tests.clients import Visiting
from tests.labeling.receiver import Receiver
from tests.people import NOON, stage

pytestmark = pytest.mark.django_db


def test_a_signed_message_is_sent_once_and_nothing_is_stored(receiver: Receiver) -> None:
    scene = stage()
    events = Event.objects.count()
    reply = send_test_message(url=receiver.url, campaign=scene.campaign, acting_user=scene.maya, now=NOON)
    assert (reply.status, reply.excerpt) == (200, "thanks")
    ((headers, body),) = receiver.got
    assert headers["webhook-signature"].startswith("v1,")
    assert json.loads(body)["type"] == "webhook.test"
    assert (Webhook.objects.count(), WebhookDelivery.objects.count(), Event.objects.count()) == (0, 0, events)


def test_only_who_may_set_up_a_webhook_sends_a_test(receiver: Receiver, settings: Any) -> None:
    scene = stage()
    with pytest.raises(NotAllowed):
        send_test_message(url=receiver.url, campaign=scene.campaign, acting_user=scene.alice, now=NOON)
    with pytest.raises(NotAllowed):
        send_test_message(url=receiver.url, campaign=None, acting_user=scene.maya, now=NOON)
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    with pytest.raises(AddressRefused):
        send_test_message(url=receiver.url, campaign=scene.campaign, acting_user=scene.maya, now=NOON)
    assert receiver.got == []


def test_the_page_says_how_the_test_went_and_keeps_what_was_typed(receiver: Receiver, visiting: Visiting) -> None:
    scene = stage()
    browser = visiting(scene.maya)
    form = {"url": receiver.url, "event_types": ["verdict.settled"], "do": "test"}
    page = browser.post("/campaigns/sums/webhooks/", form).content.decode()
    assert "The test message was accepted: 200" in page
    assert receiver.url in page
    assert page.count(" checked") == 1
    page = browser.post("/campaigns/sums/webhooks/", {"url": "https://127.0.0.1:1/", "do": "test"}).content.decode()
    assert "https://127.0.0.1:1/" in page
    assert "accepted" not in page
    assert not Webhook.objects.exists()
