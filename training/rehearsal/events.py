"""The part of the event log that tells what became of the rounds of a rehearsal."""

from typing import Any

from django.db.models import Q

from labeling.models import Campaign, Event

PREFIXES = ("round.", "gate.", "retraining_rule.", "version.promoted", "version.rolled_back", "training.left_out")
ALSO = ("member.added", "member.removed")


def last_event(campaign: Campaign) -> int:
    """The number of the newest event of a campaign; 0: there is none."""
    newest = Event.objects.filter(campaign=campaign).order_by("-pk").values_list("pk", flat=True).first()
    return newest or 0


def events_since(campaign: Campaign, after: int) -> list[dict[str, Any]]:
    """The events of rounds, gates, promotions, rollbacks and the rule since an event, oldest first."""
    wanted = Q(verb__in=ALSO)
    for prefix in PREFIXES:
        wanted |= Q(verb__startswith=prefix)
    rows = Event.objects.filter(wanted, campaign=campaign, pk__gt=after).select_related("actor").order_by("pk")
    return [
        {
            "event": event.pk,
            "verb": event.verb,
            "at": event.at.isoformat(),
            "by": event.actor.username if event.actor else None,
            "version": event.after.get("version") or event.after.get("serving"),
            "reason": _reason(event),
        }
        for event in rows
    ]


def _reason(event: Event) -> str:
    return str(event.after.get("reason") or event.after.get("outcome") or "")
