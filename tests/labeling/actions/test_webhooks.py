"""Webhook messages: written once with the act itself, then signed, retried, given up."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks.webhooks import Webhook as Oracle
from standardwebhooks.webhooks import WebhookVerificationError

from common.errors import Invalid, NotAllowed
from labeling.access import CampaignArchived
from labeling.actions.webhooks import (
    DELAYS,
    AddressRefused,
    WebhookOff,
    change_webhook,
    create_webhook,
    deliver,
    retry_delivery,
    rotate_webhook_secret,
)
from labeling.models import Campaign, Event, Webhook, WebhookDelivery
from tests.labeling.hooks import hook, send_all
from tests.labeling.receiver import Receiver
from tests.people import NOON, stage

pytestmark = pytest.mark.django_db


def test_a_verdict_is_told_with_a_signature_that_the_standards_own_library_accepts(receiver: Receiver) -> None:
    scene = stage(comparisons=1)
    webhook = hook(scene, receiver.url, "verdict.settled")
    (settled,) = scene.settle("a")
    (delivery,) = send_all()
    assert (delivery.status, delivery.http_status, delivery.attempts) == ("delivered", 200, 1)
    assert delivery.excerpt == "thanks"
    ((headers, body),) = receiver.got
    event = Oracle(webhook.secret).verify(body, headers)
    assert headers["webhook-id"] == delivery.message_id
    assert event["type"] == "verdict.settled"
    assert event["timestamp"] == NOON.isoformat()
    assert (event["data"]["campaign"], event["data"]["comparison"]) == ("sums", settled.pk)
    assert event["data"]["verdict"]["winner"] == "a"
    with pytest.raises(WebhookVerificationError):
        Oracle(webhook.secret).verify(body.replace(b'"a"', b'"b"'), headers)
    assert send_all() == []


def test_during_a_change_of_secrets_both_are_good(receiver: Receiver) -> None:
    scene = stage(comparisons=2)
    webhook = hook(scene, receiver.url, "verdict.settled")
    now = timezone.now()
    rotated = rotate_webhook_secret(webhook=webhook, acting_user=scene.maya, now=now)
    assert rotated.secret != webhook.secret
    scene.settle("a")
    send_all(now)
    headers, body = receiver.got[-1]
    for secret in (rotated.secret, webhook.secret):
        assert Oracle(secret).verify(body, headers)
    scene.settle("a")
    Webhook.objects.update(previous_until=now - timedelta(seconds=1))
    send_all(now)
    headers, body = receiver.got[-1]
    assert Oracle(rotated.secret).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Oracle(webhook.secret).verify(body, headers)


def test_what_fails_is_tried_for_about_a_day_then_the_webhook_is_switched_off(receiver: Receiver) -> None:
    scene = stage(comparisons=1)
    hook(scene, receiver.url, "verdict.settled")
    scene.settle("a")
    receiver.status, receiver.body = 503, b"x" * 10_000
    delivery, now, waited = WebhookDelivery.objects.get(), NOON, []
    while delivery.status == "waiting":
        assert deliver(delivery_id=delivery.pk, now=delivery.due_at - timedelta(milliseconds=1)) is None
        now = delivery.due_at
        tried = deliver(delivery_id=delivery.pk, now=now)
        assert tried is not None
        delivery = tried
        waited.append((delivery.due_at - now).total_seconds())
    assert (delivery.status, delivery.attempts, delivery.http_status) == ("given_up", len(DELAYS) + 1, 503)
    assert len(delivery.excerpt) == 500
    assert all(0.8 * delay <= wait <= 1.2 * delay for delay, wait in zip(DELAYS, waited, strict=False))
    assert timedelta(hours=16) < now - NOON < timedelta(hours=30)
    assert {headers["webhook-id"] for headers, _ in receiver.got} == {delivery.message_id}
    webhook = Webhook.objects.get()
    assert (webhook.is_active, webhook.disabled_reason) == (False, "It accepted no message for about a day.")
    assert Event.objects.filter(verb="webhook.disabled", actor=None).count() == 1
    with pytest.raises(WebhookOff):
        retry_delivery(delivery=delivery, acting_user=scene.maya, now=now)
    change_webhook(webhook=webhook, is_active=True, acting_user=scene.maya, now=now)
    receiver.status = 204
    retry_delivery(delivery=delivery, acting_user=scene.maya, now=now)
    (again,) = send_all(now)
    assert (again.status, again.http_status, again.attempts) == ("delivered", 204, 1)
    log = list(again.log.all())
    assert [attempt.http_status for attempt in log] == [503] * (len(DELAYS) + 1) + [204]
    assert [attempt.at for attempt in log] == sorted(attempt.at for attempt in log)
    assert {attempt.excerpt for attempt in log} == {"x" * 500, ""}
    assert all(attempt.seconds > 0 for attempt in log)


def test_who_is_gone_is_not_asked_again(receiver: Receiver) -> None:
    scene = stage(comparisons=1)
    hook(scene, receiver.url, "verdict.settled")
    scene.settle("a")
    receiver.status = 410
    (delivery,) = send_all()
    assert (delivery.status, delivery.attempts) == ("given_up", 1)
    assert not Webhook.objects.get().is_active


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    scene = stage(comparisons=1)
    hook(scene, receiver.url, "verdict.settled")
    scene.settle("a")
    receiver.status, receiver.headers = 302, {"Location": receiver.url}
    (delivery,) = send_all()
    assert (delivery.status, delivery.http_status, len(receiver.got)) == ("waiting", 302, 1)


def test_a_server_that_nobody_runs_is_an_error_in_a_sentence(receiver: Receiver) -> None:
    scene = stage(comparisons=1)
    hook(scene, "http://127.0.0.1:9/", "verdict.settled")
    scene.settle("a")
    (delivery,) = send_all()
    assert (delivery.status, delivery.http_status) == ("waiting", None)
    assert delivery.error.startswith("127.0.0.1 cannot be reached")
    assert delivery.log.get().error == delivery.error


def test_two_workers_do_not_send_the_same_message(receiver: Receiver) -> None:
    scene = stage(comparisons=1)
    hook(scene, receiver.url, "verdict.settled")
    scene.settle("a")
    delivery, now = WebhookDelivery.objects.get(), timezone.now()
    WebhookDelivery.objects.update(due_at=now + timedelta(seconds=60))  # as the first one leaves it
    assert deliver(delivery_id=delivery.pk, now=now) is None
    assert receiver.got == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost:8000/",
        "http://10.1.2.3/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "ftp://example.org/",
        "https://user:password@1.1.1.1/",
        "no address",
    ],
)
def test_an_address_that_leads_inside_is_refused(url: str) -> None:
    scene = stage()
    with pytest.raises(AddressRefused):
        hook(scene, url, "verdict.settled")


def test_an_address_that_comes_to_lead_inside_is_refused_when_it_is_used(receiver: Receiver, settings: Any) -> None:
    scene = stage(comparisons=1)
    hook(scene, receiver.url, "verdict.settled")
    scene.settle("a")
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    (delivery,) = send_all()
    assert "address that is not public" in delivery.error
    assert receiver.got == []


def test_only_leads_set_up_webhooks_and_only_admins_those_of_all_campaigns() -> None:
    scene = stage()
    for user, campaign in ((scene.alice, scene.campaign), (scene.maya, None)):
        with pytest.raises(NotAllowed):
            create_webhook(
                campaign=campaign, url="https://1.1.1.1/", event_types=["run.finished"], acting_user=user, now=NOON
            )


def test_the_webhook_of_an_archived_campaign_can_only_be_switched_off() -> None:
    scene = stage()
    by: Any = {"webhook": hook(scene, "https://1.1.1.1/", "verdict.settled"), "acting_user": scene.maya, "now": NOON}
    Campaign.objects.filter(pk=scene.campaign.pk).update(status="archived")
    changes: list[dict[str, Any]] = [{"url": "https://1.1.1.1/other"}, {"event_types": ["run.finished"]}]
    for change in changes:
        with pytest.raises(CampaignArchived):
            change_webhook(**by, **change, is_active=False)
    with pytest.raises(CampaignArchived):
        rotate_webhook_secret(**by)
    assert not change_webhook(**by, is_active=False).is_active
    with pytest.raises(CampaignArchived):
        change_webhook(**by, is_active=True)


@pytest.mark.parametrize("types", [[], ["judgment.made"], ["verdict.settled", "nothing"]])
def test_types_that_are_not_offered_are_refused(types: list[str]) -> None:
    scene = stage()
    with pytest.raises(Invalid):
        hook(scene, "https://1.1.1.1/", *types)
