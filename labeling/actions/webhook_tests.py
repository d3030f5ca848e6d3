"""A test message to an address, before a webhook is made of it."""

import secrets
from datetime import datetime

from django.conf import settings

from common.outgoing.posting import NotSent, Reply, post
from common.outgoing.webhook_signatures import new_secret, signed_headers
from labeling.actions.webhooks import AddressRefused, checked_url, require_may_run
from labeling.exchange import canonical_json
from labeling.models import Campaign, User

TYPE = "webhook.test"
SECONDS = 5.0
"""The deadline of the exchange: a person waits for the page."""


def send_test_message(*, url: str, campaign: Campaign | None, acting_user: User, now: datetime) -> Reply:
    """Posts one signed test message; its secret is used this once. Nothing is stored.

    campaign: None: for the webhooks of all campaigns. Raises AddressRefused where no response arrives, NotAllowed.
    """
    require_may_run(acting_user, campaign)
    address = checked_url(url)
    data = {"campaign": campaign.slug if campaign else None}
    body = canonical_json({"type": TYPE, "timestamp": now.isoformat(), "data": data})
    headers = signed_headers(f"msg_{secrets.token_hex(16)}", int(now.timestamp()), body, [new_secret()])
    headers |= {"Content-Type": "application/json", "User-Agent": "Chosen"}
    try:
        return post(address, body, headers, allow_private=settings.WEBHOOKS_ALLOW_PRIVATE, seconds=SECONDS)
    except NotSent as error:
        raise AddressRefused(str(error), fields={"url": str(error)}) from error
