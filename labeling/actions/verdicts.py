"""Verdicts: made by the campaign's rule when the votes are in, or by an expert when the rule finds no winner."""

from datetime import datetime
from typing import Any

from django.db import transaction

from labeling.access import require_lead
from labeling.actions.events import record
from labeling.errors import Conflict, Invalid
from labeling.models import Campaign, Comparison, User, Verdict, Winner
from labeling.stats import RULES
from labeling.tally import Tally, add_to_tally

ADJUDICATED_CONFIDENCE = 0.95
"""p(the expert's winner is preferred): nearly certain, since it was decided with all votes and reasons in view."""


class NoConflict(Conflict):
    """Only a comparison whose judgments disagree can be adjudicated; this one is not, or no longer, in conflict."""

    type = "no-conflict"


def settle(comparison: Comparison, campaign: Campaign, now: datetime) -> tuple[Verdict | None, Tally]:
    """Applies the campaign's rule if the comparison has all its judgments; changes its status, without saving it.

    Returns the verdict (written) if there is one, and what changed in the campaign's totals. The comparison must be
    locked.
    """
    if comparison.judged < comparison.overlap:
        return None, Tally()
    result = RULES[campaign.verdict_rule](comparison.votes)
    if result.winner is None:
        comparison.status = Comparison.Status.CONFLICT
        return None, Tally(conflicts=1)
    comparison.status = Comparison.Status.SETTLED
    verdict = Verdict.objects.create(
        comparison=comparison,
        campaign=campaign,
        winner=result.winner,
        confidence=result.confidence,
        votes=comparison.votes,
        settled_by=result.how,
        settled_at=now,
    )
    return verdict, Tally(settled=1)


@transaction.atomic
def adjudicate(*, comparison: Comparison, winner: str, reason: str, acting_user: User, now: datetime) -> Verdict:
    """An expert settles a conflict, with a reason. Raises NotAllowed, Invalid, NoConflict."""
    require_lead(acting_user, comparison.campaign)
    if winner not in Winner.values:
        known = ", ".join(Winner.values)
        raise Invalid(f"There is no winner {winner!r}. Known are {known}.", fields={"winner": f"One of {known}."})
    if not reason.strip():
        raise Invalid("Say why: the reason stays with the verdict.", fields={"reason": "Must not be empty."})
    comparison = (
        Comparison.objects.select_related("campaign").select_for_update(no_key=True, of=("self",)).get(pk=comparison.pk)
    )
    if comparison.status != Comparison.Status.CONFLICT:
        raise NoConflict(f"This comparison is {comparison.status}: only a conflict can be adjudicated.")
    verdict = Verdict.objects.create(
        comparison=comparison,
        campaign=comparison.campaign,
        winner=winner,
        confidence=ADJUDICATED_CONFIDENCE,
        votes=comparison.votes,
        settled_by=Verdict.SettledBy.ADJUDICATION,
        settled_by_user=acting_user,
        reason=reason.strip(),
        settled_at=now,
    )
    comparison.status = Comparison.Status.SETTLED
    comparison.save(update_fields=["status"])
    record(
        "comparison.adjudicated",
        comparison,
        acting_user=acting_user,
        now=now,
        campaign=comparison.campaign,
        after=told(verdict) | {"reason": verdict.reason},
    )
    add_to_tally(comparison.campaign_id, settled=1, conflicts=-1)
    return verdict


def told(verdict: Verdict | None) -> dict[str, Any]:
    """A verdict as an event tells it."""
    if verdict is None:
        return {}
    return {"winner": str(verdict.winner), "confidence": verdict.confidence, "settled_by": str(verdict.settled_by)}
