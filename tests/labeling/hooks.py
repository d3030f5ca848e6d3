"""Webhooks of a stage: made, and sent."""

from typing import Any

from django.utils import timezone

from labeling.actions.webhooks import (
    create_webhook,
    deliver,
    due_deliveries,
)
from labeling.models import Webhook, WebhookDelivery
from tests.people import NOON, Stage


def hook(scene: Stage, url: str, *types: str, everywhere: bool = False) -> Webhook:
    user = scene.root if everywhere else scene.maya
    campaign = None if everywhere else scene.campaign
    return create_webhook(campaign=campaign, url=url, event_types=types, acting_user=user, now=NOON)


def send_all(now: Any = None) -> list[WebhookDelivery]:
    now = now or timezone.now()
    sent = [deliver(delivery_id=identifier, now=now) for identifier in due_deliveries(now=now)]
    return [one for one in sent if one is not None]
