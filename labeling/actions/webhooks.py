"""Webhooks: leads set them up, workers post to them, and they are switched off after a day of failures."""

import random
from collections.abc import Collection
from datetime import datetime, timedelta
from time import monotonic

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from common.errors import Conflict, Invalid
from common.outgoing.posting import NotSent, Reply, check_address, post
from common.outgoing.webhook_signatures import new_secret, signed_headers
from common.sentences import Sentence, sentence_of
from labeling.access import require_admin, require_lead, require_not_archived
from labeling.actions.validation import checked
from labeling.events.record import record, send_deliveries
from labeling.events.types import offered, payload
from labeling.exchange import canonical_json
from labeling.models import Campaign, User, Webhook, WebhookAttempt, WebhookDelivery

BOTH_SECRETS_FOR = timedelta(hours=24)
# Seconds until the next attempt, after each failed one. After about a day the delivery is given up.
DELAYS = (10, 30, 90, 300, 900, 2700, 7200, 14400, 21600, 28800)
JITTER = 0.2
"""The share by which each delay varies at random, so that deliveries that failed together are spread out."""
LEASE = timedelta(seconds=120)
"""Longer than an attempt can take. After it, the worker is taken for dead."""
GONE = 410

REPLIED_GONE = gettext_noop("It replied that it is gone (410).")
ACCEPTED_NOTHING = gettext_noop("It accepted no message for about a day.")

Status = WebhookDelivery.Status


class AddressRefused(Invalid):
    """The raiser says which rule the address breaks."""

    type = "webhook-address-refused"
    sentence = gettext_lazy("This is not a public address. An operator can allow private networks.")


class WebhookOff(Conflict):
    type = "webhook-off"
    sentence = gettext_lazy("This webhook is switched off. Switch it on first.")


@transaction.atomic
def create_webhook(
    *,
    campaign: Campaign | None,
    url: str,
    event_types: Collection[str],
    acting_user: User,
    now: datetime,
    seed: str | None = None,
) -> Webhook:
    """Creates a webhook. campaign: None: for the events of all campaigns (admins only).

    seed: the basis of its secret, for callers that must be able to generate the same one again.
    Raises NotAllowed, Invalid, AddressRefused.
    """
    require_may_change_webhooks(acting_user, campaign)
    webhook = Webhook(
        campaign=campaign,
        url=checked_url(url),
        event_types=_checked_types(event_types),
        secret=new_secret(seed),
        created_by=acting_user,
        created_at=now,
    )
    checked(webhook).save(force_insert=True)
    after = {"url": url, "event_types": webhook.event_types}
    record("webhook.created", webhook, acting_user=acting_user, now=now, campaign=campaign, after=after)
    return webhook


@transaction.atomic
def change_webhook(
    *,
    webhook: Webhook,
    acting_user: User,
    now: datetime,
    url: str | None = None,
    event_types: Collection[str] | None = None,
    is_active: bool | None = None,
) -> Webhook:
    """Changes the address or the event types of a webhook, or switches it on or off. None: unchanged.

    That of an archived campaign can only be switched off. Raises NotAllowed, CampaignArchived, Invalid, AddressRefused.
    """
    require_may_run(acting_user, webhook.campaign)
    webhook = Webhook.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=webhook.pk)
    wanted = {
        "url": webhook.url if url is None else checked_url(url),
        "event_types": webhook.event_types if event_types is None else _checked_types(event_types),
        "is_active": webhook.is_active if is_active is None else is_active,
    }
    before = {name: getattr(webhook, name) for name, value in wanted.items() if getattr(webhook, name) != value}
    if not before:
        return webhook
    if before != {"is_active": True}:
        require_may_change_webhooks(acting_user, webhook.campaign)
    for name, value in wanted.items():
        setattr(webhook, name, value)
    if webhook.is_active:
        webhook.disabled_reason = ""
    checked(webhook).save(update_fields=[*wanted, "disabled_reason"])
    after = {name: wanted[name] for name in before}
    record(
        "webhook.changed",
        webhook,
        acting_user=acting_user,
        now=now,
        campaign=webhook.campaign,
        before=before,
        after=after,
    )
    return webhook


@transaction.atomic
def rotate_webhook_secret(*, webhook: Webhook, acting_user: User, now: datetime, seed: str | None = None) -> Webhook:
    """Gives a webhook a new secret. For a day messages are signed with both, so that the receiver can switch over.

    Raises NotAllowed, CampaignArchived.
    """
    require_may_change_webhooks(acting_user, webhook.campaign)
    webhook = Webhook.objects.select_for_update(of=("self",)).select_related("campaign").get(pk=webhook.pk)
    webhook.previous_secret, webhook.previous_until = webhook.secret, now + BOTH_SECRETS_FOR
    webhook.secret = new_secret(seed)
    webhook.save(update_fields=["secret", "previous_secret", "previous_until"])
    record("webhook.secret_rotated", webhook, acting_user=acting_user, now=now, campaign=webhook.campaign)
    return webhook


@transaction.atomic
def delete_webhook(*, webhook: Webhook, acting_user: User, now: datetime) -> None:
    """Deletes a webhook and its deliveries. Raises NotAllowed."""
    require_may_run(acting_user, webhook.campaign)
    before = {"url": webhook.url, "event_types": webhook.event_types}
    record("webhook.deleted", webhook, acting_user=acting_user, now=now, campaign=webhook.campaign, before=before)
    webhook.delete()


@transaction.atomic
def retry_delivery(*, delivery: WebhookDelivery, acting_user: User, now: datetime) -> WebhookDelivery:
    """Sends a message again, with as many attempts as a new one. Raises NotAllowed, CampaignArchived, WebhookOff."""
    require_may_change_webhooks(acting_user, delivery.webhook.campaign)
    delivery = WebhookDelivery.objects.select_for_update(of=("self",)).select_related("webhook").get(pk=delivery.pk)
    if not delivery.webhook.is_active:
        raise WebhookOff
    delivery.status, delivery.attempts, delivery.due_at = Status.WAITING, 0, now
    delivery.save(update_fields=["status", "attempts", "due_at"])
    send_deliveries([delivery.pk])
    return delivery


def deliver(*, delivery_id: int, now: datetime) -> WebhookDelivery | None:
    """Attempts a delivery that is due. None: it is not due, or another worker has it.

    The attempt is claimed first and made outside of any transaction, so nothing is locked during the wait.
    """
    claimed = WebhookDelivery.objects.filter(
        pk=delivery_id, status=Status.WAITING, due_at__lte=now, webhook__is_active=True
    ).update(due_at=now + LEASE)
    if not claimed:
        return None
    delivery = WebhookDelivery.objects.select_related("webhook__campaign", "event__campaign", "event__actor").get(
        pk=delivery_id
    )
    started = monotonic()
    try:
        reply = _send(delivery, now)
    except NotSent as error:
        return _record_attempt(delivery, WebhookAttempt(error=sentence_of(error), seconds=monotonic() - started), now)
    attempt = WebhookAttempt(http_status=reply.status, excerpt=reply.excerpt[:500], seconds=reply.seconds)
    return _record_attempt(delivery, attempt, now)


def due_deliveries(*, now: datetime, limit: int = 200) -> list[int]:
    """The ids of deliveries that are due now, the longest due first."""
    due = WebhookDelivery.objects.filter(status=Status.WAITING, due_at__lte=now, webhook__is_active=True)
    return list(due.order_by("due_at").values_list("pk", flat=True)[:limit])


def require_may_run(user: User | None, campaign: Campaign | None) -> None:
    """Raises NotAllowed or CampaignNotFound unless this person may set up webhooks for it. campaign: None: for all."""
    if campaign is None:
        require_admin(user)
    else:
        require_lead(user, campaign)


def require_may_change_webhooks(user: User | None, campaign: Campaign | None) -> None:
    """Raises what `require_may_run` raises, and CampaignArchived."""
    require_may_run(user, campaign)
    if campaign is not None:
        require_not_archived(campaign)


def _send(delivery: WebhookDelivery, now: datetime) -> Reply:
    webhook = delivery.webhook
    body = canonical_json(payload(delivery.type, delivery.event))
    keys = [webhook.secret]
    if webhook.previous_until is not None and webhook.previous_until > now:
        keys.append(webhook.previous_secret)
    headers = signed_headers(delivery.message_id, int(now.timestamp()), body, keys)
    headers |= {"Content-Type": "application/json", "User-Agent": "Chosen"}
    return post(webhook.url, body, headers, allow_private=settings.WEBHOOKS_ALLOW_PRIVATE)


@transaction.atomic
def _record_attempt(delivery: WebhookDelivery, attempt: WebhookAttempt, now: datetime) -> WebhookDelivery:
    """Stores the outcome of an attempt, and schedules the next one or ends the delivery."""
    attempt.delivery, attempt.at = delivery, now
    attempt.save()
    delivery.attempts += 1
    delivery.tried_at = now
    delivery.http_status = attempt.http_status
    delivery.seconds = attempt.seconds if attempt.http_status else None
    delivery.excerpt, delivery.error = attempt.excerpt, attempt.error
    if attempt.http_status is not None and 200 <= attempt.http_status < 300:
        delivery.status = Status.DELIVERED
    elif delivery.attempts > len(DELAYS) or delivery.http_status == GONE:
        delivery.status = Status.GIVEN_UP
    else:
        delay = DELAYS[delivery.attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)
        delivery.due_at = now + timedelta(seconds=delay)
    delivery.save()
    if delivery.status == Status.GIVEN_UP:
        _switch_off_if_dead(delivery, now)
    return delivery


def _switch_off_if_dead(delivery: WebhookDelivery, now: datetime) -> None:
    """Switches a webhook off if it replied 410, or accepted no message during all attempts at this one."""
    is_gone = delivery.http_status == GONE
    accepted = WebhookDelivery.objects.filter(
        webhook=delivery.webhook_id, status=Status.DELIVERED, tried_at__gte=delivery.created_at
    )
    if not is_gone and accepted.exists():
        return
    reason = Sentence(REPLIED_GONE if is_gone else ACCEPTED_NOTHING)
    if not Webhook.objects.filter(pk=delivery.webhook_id, is_active=True).update(
        is_active=False, disabled_reason=reason
    ):
        return
    record(
        "webhook.disabled",
        delivery.webhook,
        acting_user=None,
        now=now,
        campaign=delivery.webhook.campaign,
        after={"url": delivery.webhook.url, "reason": reason.text},
    )


def checked_url(url: str) -> str:
    """The address, if messages can be sent to it. Raises AddressRefused."""
    try:
        check_address(url, allow_private=settings.WEBHOOKS_ALLOW_PRIVATE)
    except NotSent as error:
        raise AddressRefused(str(error), fields={"url": str(error)}) from error
    return url


def _checked_types(types: Collection[str]) -> list[str]:
    unknown = sorted(set(types) - set(offered()))
    if unknown or not types:
        text = (
            gettext("Choose among %(known)s. There is no %(unknown)s.")
            if unknown
            else gettext("Choose among %(known)s.")
        )
        raise Invalid.of("event_types", text % {"known": ", ".join(offered()), "unknown": ", ".join(unknown)})
    return sorted(set(types))
