"""Verdicts by experts, where the campaign's rule finds no winner."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy

from common.errors import Conflict
from common.wording import in_sentence
from labeling.access import require_expert, require_not_archived
from labeling.actions.comparison_rows import ADJUDICATED_CONFIDENCE
from labeling.actions.validation import check_winner, checked_reason
from labeling.events.record import record
from labeling.judging.settling import verdict_as_json
from labeling.models import Comparison, User, Verdict
from labeling.queries.conflicts import has_judged
from labeling.tally import add_to_tally, tally_of


class NoConflict(Conflict):
    type = "no-conflict"
    sentence = gettext_lazy("This comparison is %(status)s: only a conflict can be adjudicated.")


class OwnConflict(Conflict):
    type = "own-conflict"
    sentence = gettext_lazy(
        "You judged this comparison yourself, so somebody else should settle it. To settle it anyway, say so."
    )


@transaction.atomic
def adjudicate(
    *,
    comparison: Comparison,
    winner: str,
    reason: str,
    despite_own_judgment: bool = False,
    acting_user: User,
    now: datetime,
) -> Verdict:
    """Settles a conflict by an expert's decision.

    despite_own_judgment: also if the expert's own judgment is part of the conflict; the event log then says so.
    Raises NotAllowed, Invalid, NoConflict, OwnConflict.
    """
    require_expert(acting_user, comparison.campaign)
    require_not_archived(comparison.campaign)
    check_winner(winner)
    reason = checked_reason(reason)
    comparison = (
        Comparison.objects.select_related("campaign").select_for_update(no_key=True, of=("self",)).get(pk=comparison.pk)
    )
    if comparison.status != Comparison.Status.CONFLICT:
        raise NoConflict(status=in_sentence(comparison.get_status_display()))
    is_own = has_judged(acting_user, comparison)
    if is_own and not despite_own_judgment:
        raise OwnConflict
    totals = tally_of(comparison)
    verdict = Verdict.objects.create(
        comparison=comparison,
        campaign=comparison.campaign,
        winner=winner,
        confidence=ADJUDICATED_CONFIDENCE,
        votes=comparison.votes,
        settled_by=Verdict.SettledBy.ADJUDICATION,
        settled_by_user=acting_user,
        reason=reason,
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
        after=verdict_as_json(verdict)
        | {"reason": verdict.reason}
        | ({"despite_own_judgment": True} if is_own else {}),
    )
    add_to_tally(comparison.campaign_id, tally_of(comparison) - totals)
    return verdict
