"""Deliveries of webhooks."""

from labeling.models import Event, Webhook, WebhookDelivery
from tests.people import NOON, Stage


def test_the_last_attempt_of_a_delivery_is_the_newest_or_none(scene: Stage) -> None:
    webhook = Webhook.objects.create(
        url="https://example.org", event_types=[], secret="s", created_by=scene.maya, created_at=NOON
    )
    event = Event.objects.order_by("pk")[0]
    delivery = WebhookDelivery.objects.create(
        webhook=webhook, event=event, type="verdict.settled", message_id="m", due_at=NOON, created_at=NOON
    )
    assert WebhookDelivery.objects.get().last_attempt is None
    for http_status in (500, 200):
        delivery.log.create(at=NOON, http_status=http_status, seconds=0.1)
    attempt = delivery.last_attempt
    assert attempt is not None
    assert (attempt.http_status, str(attempt)) == (200, f"attempt at {delivery.pk}: 200")
