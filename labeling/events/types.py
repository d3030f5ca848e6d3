"""The types of webhook messages, each made from a verb of the event log.

Apps that labeling does not know of add their own with `offer`.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from labeling.models import Event
from labeling.queries.names import veil

SETTLED, CONFLICT, FINISHED = "verdict.settled", "comparison.conflict", "campaign.finished"

_OFFERED: dict[str, str | Promise] = {
    SETTLED: _("A comparison was settled."),
    CONFLICT: _("The judgments of a comparison are in conflict: an expert must adjudicate."),
    FINISHED: _("A campaign was closed."),
    "campaign.agreement_fell": _("Agreement in a campaign fell by more than chance explains."),
    "campaign.status_changed": _("A campaign was started, paused, closed, reopened or archived."),
    "comparisons.added": _("Comparisons were added."),
    "campaign.exported": _("A campaign was exported."),
    "judgment.undone": _("A judgment was undone."),
    "member.paused": _("An annotator was paused: by a lead, or because too many gold answers were wrong."),
    "question.asked": _("An annotator asked a question about a pair."),
    "question.answered": _("A lead answered an annotator's question."),
    "webhook.disabled": _("A webhook was switched off after a day of failures."),
}


def offer(verbs: Mapping[str, str | Promise]) -> None:
    """Offers these verbs of the event log as types of webhook messages. verbs: each with a sentence about it."""
    _OFFERED.update(verbs)


def offered() -> dict[str, str | Promise]:
    """Every type by name, with a sentence about it."""
    return dict(sorted(_OFFERED.items()))


def types_of(verb: str, after: Mapping[str, Any]) -> list[str]:
    """The types of the messages that an event causes. after: as in the event."""
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
    """The body of a message: the same in every attempt, since events never change. People go by pseudonym."""
    data: dict[str, Any] = {"event": event.pk, "campaign": event.campaign.slug if event.campaign else None}
    if kind in (SETTLED, CONFLICT):
        data["comparison"] = event.after.get("comparison", event.subject_id)
        verdict = event.after.get("verdict") or {name: event.after.get(name) for name in VERDICT}
        data |= {"verdict": verdict} if kind == SETTLED else {}
    else:
        veil(event, event.campaign)
        data |= {
            "actor": event.actor.pseudonym if event.actor else None,
            "subject": {"type": event.subject_type, "id": event.subject_id},
            "before": event.before,
            "after": event.after,
        }
    return {"type": kind, "timestamp": event.at.isoformat(), "data": data}


VERDICT = ("winner", "confidence", "settled_by")
