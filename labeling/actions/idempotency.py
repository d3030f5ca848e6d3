"""Replies that are kept for retries. They are not in the event log: the act itself is."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction

from labeling.models import KeptReply, User

KEPT_FOR = timedelta(hours=24)


def claim_reply(*, key: str, acting_user: User, now: datetime) -> KeptReply:
    """The locked row of this key: with the reply that was given, or empty (status 0), to be filled or deleted.

    Call it within the transaction of the act. Of two calls at the same moment, the second waits here for the first.
    """
    key_hash = sha256(key.encode()).hexdigest()
    empty = KeptReply(user=acting_user, key_hash=key_hash, salt=secrets.token_hex(32), expires_at=now + KEPT_FOR)
    KeptReply.objects.filter(user=acting_user, key_hash=key_hash, expires_at__lte=now).delete()
    KeptReply.objects.bulk_create([empty], ignore_conflicts=True)
    return KeptReply.objects.select_for_update().get(user=acting_user, key_hash=key_hash)


def keep_reply(*, reply: KeptReply, request_hash: str, status: int, body: str) -> None:
    """Stores the reply that a retry is given. request_hash: tells a retry from another call with the same key."""
    reply.request_hash, reply.status, reply.body = request_hash, status, body
    reply.save(update_fields=["request_hash", "status", "body"])


@transaction.atomic
def forget_replies(*, now: datetime) -> int:
    """Deletes expired replies; returns how many."""
    return KeptReply.objects.filter(expires_at__lte=now).delete()[0]
