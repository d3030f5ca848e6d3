"""Keeping answers for retries. No events: the act that was answered has its own."""

from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction

from labeling.models import KeptReply, User

KEPT_FOR = timedelta(hours=24)


def claim_reply(*, key: str, acting_user: User, now: datetime) -> KeptReply:
    """The row of this key, locked: with the answer it was given (status), or empty (status 0), to be filled or deleted.

    Only within a transaction, which the act then shares. Of two calls at the same moment the second waits here until
    the first is over.
    """
    key_hash = sha256(key.encode()).hexdigest()
    fresh = KeptReply(user=acting_user, key_hash=key_hash, expires_at=now + KEPT_FOR)
    KeptReply.objects.filter(user=acting_user, key_hash=key_hash, expires_at__lte=now).delete()
    KeptReply.objects.bulk_create([fresh], ignore_conflicts=True)
    return KeptReply.objects.select_for_update().get(user=acting_user, key_hash=key_hash)


def keep_reply(*, reply: KeptReply, request_hash: str, status: int, body: str) -> None:
    """Fills the row with what a retry is to be told."""
    reply.request_hash, reply.status, reply.body = request_hash, status, body
    reply.save(update_fields=["request_hash", "status", "body"])


@transaction.atomic
def forget_replies(*, now: datetime) -> int:
    """Deletes answers that are older than anybody retries; returns how many."""
    return KeptReply.objects.filter(expires_at__lte=now).delete()[0]
