"""Sealing the event log: committed events get their links of the chain.

Acts write events without a lock on the chain, so that judging never queues up behind it. The sealer follows, a minute
behind at most, and seals in the order of ids. An id may be taken by a transaction that has not ended: everything up to
the newest visible event is sealed only once each transaction that could hold such an id has ended.
"""

import time
from datetime import datetime

from django.db import connection, transaction

from labeling.events.chain import CONTENT, FIRST, Seal, last_link, link_hash
from labeling.models import Event, EventLink

AT_ONCE = 2000
PATIENCE = 5.0
LOOK_EVERY = 0.02

# Every writer of events holds such a lock from before it takes an id until after its commit is visible.
WRITERS = """
SELECT array_agg(virtualtransaction) FROM pg_locks
WHERE locktype = 'relation' AND relation = 'labeling_event'::regclass AND granted AND pid <> pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
"""
ALONE = "SELECT pg_try_advisory_xact_lock(hashtext('event chain'), 0)"


def seal_events(*, now: datetime, seconds: float = 45.0) -> Seal | None:
    """Seals the committed events, for about that long; the next call goes on. Returns the chain's end.

    Two sealers at once do no harm: the second does nothing. While a transaction that writes events lasts for longer
    than `PATIENCE`, nothing is sealed.
    """
    begun = time.monotonic()
    horizon = _horizon()
    while _seal_some(horizon, now) and time.monotonic() - begun < seconds:
        pass
    link = last_link()
    return None if link is None else Seal(link.number, link.hash)


def _horizon() -> int:
    """An id with none below it that may still appear; 0: unknown."""
    newest = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    waited_for = _writers()
    give_up_at = time.monotonic() + PATIENCE
    while waited_for:
        if time.monotonic() > give_up_at:
            return 0
        time.sleep(LOOK_EVERY)
        waited_for &= _writers()
    return newest


def _writers() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(WRITERS)
        (found,) = cursor.fetchone()
    return set(found or ())


@transaction.atomic
def _seal_some(horizon: int, now: datetime) -> bool:
    """Seals the next events up to that id. Returns whether there may be more."""
    with connection.cursor() as cursor:
        cursor.execute(ALONE)
        (is_alone,) = cursor.fetchone()
    if not is_alone:
        return False
    last = last_link()
    number, previous, sealed = (last.number, last.hash, last.event_number) if last else (0, FIRST, 0)
    links = []
    for content in Event.objects.filter(pk__gt=sealed, pk__lte=horizon).order_by("pk").values(*CONTENT)[:AT_ONCE]:
        number, previous = number + 1, link_hash(previous, content)
        links.append(EventLink(number=number, event_number=content["id"], hash=previous, sealed_at=now))
    EventLink.objects.bulk_create(links)
    return len(links) == AT_ONCE
