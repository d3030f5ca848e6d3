"""The state of the chain over the event log, for the status page and for metrics."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from labeling.models import Event, EventLink

MAY_CHANGE = "SELECT has_table_privilege('labeling_event', 'UPDATE, DELETE, TRUNCATE')"


@dataclass(frozen=True, slots=True)
class ChainState:
    """link: the chain's end, None without one. oldest_unsealed: the time of the first event after it."""

    link: EventLink | None
    oldest_unsealed: datetime | None
    may_change: bool
    """Whether the database lets this process's role change or delete events."""


def chain_state() -> ChainState:
    """How far the event log is sealed, and what protects it."""
    link = EventLink.objects.order_by("-number").first()
    newer = Event.objects.filter(pk__gt=link.event_number if link else 0).order_by("pk")
    with connection.cursor() as cursor:
        cursor.execute(MAY_CHANGE)
        (may_change,) = cursor.fetchone()
    return ChainState(link, newer.values_list("at", flat=True).first(), bool(may_change))
