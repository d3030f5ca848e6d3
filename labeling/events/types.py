"""What webhooks can be told of: types of messages, each made from a verb of the event log.

Apps above this one offer their own (`offer`), so that labeling need not know of them.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from labeling.models import Event

SETTLED, CONFLICT, FINISHED = "verdict.settled", "comparison.conflict", "campaign.finished"

_OFFERED: dict[str, str | Promise] = {
    SETTLED: _("A comparison has its verdict."),
    CONFLICT: _("The judgments of a comparison disagree: somebody must adjudicate."),
    FINISHED: _("A campaign was closed."),
    "campaign.status_changed": _("A campaign was started, paused, closed, reopened or archived."),
    "comparisons.added": _("Comparisons were brought in."),
    "campaign.exported": _("Somebody took an export."),
    "judgment.undone": _("A judgment was taken back."),
    "webhook.disabled": _("A webhook was switched off after a day of failures."),
}


def offer(verbs: Mapping[str, str | Promise]) -> None:
    """Lets webhooks be told of these verbs of the event log, under the same name. verbs: each with its meaning."""
    _OFFERED.update(verbs)


def offered() -> dict[str, str | Promise]:
    """Every type with its meaning, by name."""
    return dict(sorted(_OFFERED.items()))


def types_of(verb: str, after: Mapping[str, Any]) -> list[str]:
    """The types of message that an event makes."""
    types = [verb] if verb in _OFFERED else []
    is_judgment = verb in ("judgment.made", "judgment.changed")
    if verb == "comparison.adjudicated" or (is_judgment and after.get("verdict")):
        types.append(SETTLED)
    if is_judgment and after.get("status") == "conflict":
        types.append(CONFLICT)
    if verb == "campaign.status_changed" and after.get("status") == "closed":
        types.append(FINISHED)
    return types


def payload(kind: str, event: Event) -> dict[str, Any]:
    """The message: made from the event, which never changes, so every attempt says the same. People are pseudonyms."""
    told: dict[str, Any] = {"event": event.pk, "campaign": event.campaign.slug if event.campaign else None}
    if kind in (SETTLED, CONFLICT):
        told["comparison"] = event.after.get("comparison", event.subject_id)
        verdict = event.after.get("verdict") or {name: event.after.get(name) for name in VERDICT}
        told |= {"verdict": verdict} if kind == SETTLED else {}
    else:
        told |= {
            "actor": event.actor.pseudonym if event.actor else None,
            "subject": {"type": event.subject_type, "id": event.subject_id},
            "before": event.before,
            "after": event.after,
        }
    return {"type": kind, "timestamp": event.at.isoformat(), "data": told}


VERDICT = ("winner", "confidence", "settled_by")
