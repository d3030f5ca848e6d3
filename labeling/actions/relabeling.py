"""Sends settled comparisons to annotators again, because a model or a person doubts the verdict."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from common.errors import Invalid
from common.wording import in_sentence
from labeling.access import require_may_change
from labeling.actions.blind_test_acts import Kind, refuse_in_blind_test
from labeling.actions.curation import WrongComparisonStatus
from labeling.actions.validation import checked_reason
from labeling.events.record import record
from labeling.judging.queue import queue_position, rewind_behind_commit
from labeling.judging.settling import verdict_as_json
from labeling.models import Assignment, Comparison, Membership, User, Verdict
from labeling.tally import add_to_tally, tally_of

MOST_JUDGMENTS = 50  # for one comparison, as for a campaign's overlap
FRONT = 1  # the priority of comparisons that are judged again


@transaction.atomic
def relabel_comparison(
    *, comparison: Comparison, more: int, reason: str, acting_user: User | None, now: datetime
) -> Comparison:
    """Opens a settled comparison, or a conflict, for more judgments, at the front of the queue.

    more: how many, by people who have not judged it. Earlier judgments count with the new ones. The verdict is deleted
    until these arrive (the event keeps it). Raises NotAllowed, NotFound, Invalid, WrongComparisonStatus.
    """
    require_may_change(acting_user, comparison.campaign)
    refuse_in_blind_test(comparison.campaign, Kind.ASK_AGAIN)
    reason = checked_reason(reason)
    rows = Comparison.objects.select_related("campaign")
    locked = rows.select_for_update(no_key=True, of=("self",)).get(pk=comparison.pk)
    if locked.status not in (Comparison.Status.SETTLED, Comparison.Status.CONFLICT):
        raise WrongComparisonStatus(
            _("This comparison is %(status)s: only a settled one or a conflict can be judged again.")
            % {"status": in_sentence(locked.get_status_display())}
        )
    _check_people(locked, more)
    verdict, totals = Verdict.objects.filter(comparison=locked).first(), tally_of(locked)
    former_status = str(locked.status)
    if verdict is not None:
        verdict.delete()
    locked.status = Comparison.Status.OPEN
    locked.overlap = locked.taken + more
    locked.priority = max(locked.priority, FRONT)
    locked.position = queue_position(locked.priority)
    locked.save(update_fields=["status", "overlap", "priority", "position"])
    rewind_behind_commit(locked.campaign, locked.position)
    record(
        "comparison.asked_again",
        locked,
        acting_user=acting_user,
        now=now,
        campaign=locked.campaign,
        before={"status": former_status, "verdict": verdict_as_json(verdict)},
        after={"status": str(locked.status), "more": more, "reason": reason},
    )
    add_to_tally(locked.campaign_id, tally_of(locked) - totals)
    return locked


def _check_people(comparison: Comparison, more: int) -> None:
    """Raises Invalid if there are not enough people left to judge it."""
    if not 1 <= more <= MOST_JUDGMENTS - comparison.taken:
        most = MOST_JUDGMENTS - comparison.taken
        raise Invalid(
            _("Ask for 1 to %(most)s more judgments.") % {"most": most},
            fields={"more": _("1 to %(most)s.") % {"most": most}},
        )
    judged = Assignment.objects.filter(comparison=comparison).exclude(status=Assignment.Status.RELEASED)
    members = Membership.objects.filter(campaign=comparison.campaign, paused_at=None, user__is_active=True)
    left = members.exclude(user__in=judged.values("annotator")).count()
    if left < more:
        raise Invalid(
            _("Only %(left)s members can still judge it. Add members, or ask for fewer.") % {"left": left},
            fields={"more": _("At most %(left)s.") % {"left": left}},
        )
