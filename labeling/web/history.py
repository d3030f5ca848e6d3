"""The history of one prompt or comparison, newest first: its events, and the bulk acts that changed it."""

from datetime import datetime
from typing import NamedTuple

from labeling.models import BulkActItem, Comparison, Event, Prompt, User
from labeling.queries.names import ShownName, shown_names, with_actor_names
from labeling.web.event_labels import event_label

MOST_SHOWN = 100

_Act = tuple[datetime, User | None, str, str, str]
"""When, by whom, under which name, what, and why."""


class HistoryEntry(NamedTuple):
    """An event as a page shows it."""

    at: datetime
    actor: ShownName | None
    label: str
    reason: str


def history_of(row: Prompt | Comparison) -> list[HistoryEntry]:
    """The newest events of a row. An act on many rows is one event, so it is read from its items."""
    name = "prompt" if isinstance(row, Prompt) else "comparison"
    events = Event.objects.filter(campaign=row.campaign, subject_type=name, subject_id=str(row.pk))
    acts: list[_Act] = [
        (event.at, event.actor, event.actor_name, event_label(event.verb), event.after.get("reason", ""))  # type: ignore[attr-defined]
        for event in with_actor_names(events, row.campaign).select_related("actor").order_by("-pk")[:MOST_SHOWN]
    ]
    items = BulkActItem.objects.filter(**{name: row}).select_related("act__requested_by")
    for item in items.order_by("-pk")[:MOST_SHOWN]:
        act, lead = item.act, item.act.requested_by
        acts.append((act.created_at, lead, lead.username if lead else "", act.get_kind_display(), act.reason))
    actors = iter(shown_names(row.campaign, [(user, name) for _, user, name, _, _ in acts if user]))
    entries = [HistoryEntry(at, next(actors) if user else None, label, reason) for at, user, _, label, reason in acts]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)
