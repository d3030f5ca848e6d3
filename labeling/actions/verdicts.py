"""Verdicts of experts, where the campaign's rule finds no winner."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.errors import Conflict, Invalid
from common.wording import in_sentence
from labeling.access import require_expert
from labeling.events.record import record
from labeling.judging.settling import verdict_as_json
from labeling.models import Comparison, User, Verdict, Winner
from labeling.tally import add_to_tally, tally_of

ADJUDICATED_CONFIDENCE = 0.95
"""p(the expert's winner is preferred): nearly certain, since it was decided with all votes and reasons in view."""


class NoConflict(Conflict):
    type = "no-conflict"
    sentence = gettext_lazy("This comparison is %(status)s: only a conflict can be adjudicated.")


@transaction.atomic
def adjudicate(*, comparison: Comparison, winner: str, reason: str, acting_user: User, now: datetime) -> Verdict:
    """An expert settles a conflict, with a reason. Raises NotAllowed, Invalid, NoConflict."""
    require_expert(acting_user, comparison.campaign)
    if winner not in Winner.values:
        known = ", ".join(Winner.values)
        raise Invalid(
            _("There is no winner %(winner)s. Known are %(known)s.") % {"winner": repr(winner), "known": known},
            fields={"winner": _("One of %(known)s.") % {"known": known}},
        )
    if not reason.strip():
        raise Invalid(_("Say why: the reason stays with the verdict."), fields={"reason": _("Must not be empty.")})
    comparison = (
        Comparison.objects.select_related("campaign").select_for_update(no_key=True, of=("self",)).get(pk=comparison.pk)
    )
    if comparison.status != Comparison.Status.CONFLICT:
        raise NoConflict(status=in_sentence(comparison.get_status_display()))
    totals = tally_of(comparison)
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
        after=verdict_as_json(verdict) | {"reason": verdict.reason},
    )
    add_to_tally(comparison.campaign_id, tally_of(comparison) - totals)
    return verdict
