"""The history of one prompt or comparison, newest first: its events, and the bulk acts that changed it."""

from datetime import datetime
from typing import NamedTuple

from labeling.models import BulkActItem, Comparison, Event, Prompt, User
from labeling.web.event_labels import event_label

MOST_SHOWN = 100


class HistoryEntry(NamedTuple):
    """An event as a page shows it."""

    at: datetime
    actor: User | None
    label: str
    reason: str


def history_of(row: Prompt | Comparison) -> list[HistoryEntry]:
    """The newest events of a row. An act on many rows is one event, so it is read from its items."""
    name = "prompt" if isinstance(row, Prompt) else "comparison"
    events = Event.objects.filter(campaign=row.campaign, subject_type=name, subject_id=str(row.pk))
    entries = [
        HistoryEntry(event.at, event.actor, event_label(event.verb), event.after.get("reason", ""))
        for event in events.select_related("actor").order_by("-pk")[:MOST_SHOWN]
    ]
    items = BulkActItem.objects.filter(**{name: row}).select_related("act__requested_by")
    entries += [
        HistoryEntry(item.act.created_at, item.act.requested_by, item.act.get_kind_display(), item.act.reason)
        for item in items.order_by("-pk")[:MOST_SHOWN]
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)
