"""Taking a skip back for its annotator, so that they are given the pair again."""

import math
from datetime import datetime

from labeling.access import AssignmentNotFound
from labeling.events.record import record
from labeling.judging.effects import write_back
from labeling.judging.locks import LockedAssignment, lock_assignment
from labeling.judging.seats import Seat, take_seat_of
from labeling.judging.settling import verdict_as_json
from labeling.models import Assignment, Comparison, Judgment, User
from labeling.tally import Tally

Kind = Assignment.Kind


def reopen_skip(*, assignment: Assignment, acting_user: User | None, now: datetime) -> bool:
    """Supersedes the annotator's skip, so that the pair comes next for them; False: there is nothing to reopen.

    Nothing is leased. A flag stays, and so does a skip whose comparison needs nobody any more. Call it within a
    transaction.
    """
    try:
        seat = take_seat_of(user=assignment.annotator, assignment_id=assignment.pk)
    except AssignmentNotFound:  # they have left the campaign
        return False
    locked = lock_assignment(seat, assignment.pk, "")
    skip = Judgment.objects.filter(assignment=locked.assignment, superseded_at=None).first()
    if locked.assignment.status != Assignment.Status.SKIPPED or skip is None or skip.flag or not _is_wanted(locked):
        return False
    skip.superseded_at = now
    skip.save(update_fields=["superseded_at"])
    _release(seat, locked.assignment)
    before = {"comparison": skip.comparison_id, "choice": skip.choice, "verdict": verdict_as_json(None)}
    record("judgment.undone", skip, acting_user=acting_user, now=now, campaign=seat.campaign, before=before)
    return True


def _is_wanted(locked: LockedAssignment) -> bool:
    comparison = locked.assignment.comparison
    if locked.assignment.kind == Kind.GOLD:
        return comparison.status == Comparison.Status.GOLD
    if locked.assignment.kind == Kind.RETEST:
        return comparison.status not in Comparison.OUT
    return comparison.status == Comparison.Status.OPEN and comparison.taken < comparison.overlap


def _release(seat: Seat, assignment: Assignment) -> None:
    """The assignment holds no place: it only becomes free for its annotator, and their cursor moves back to it."""
    assignment.status = Assignment.Status.RELEASED
    if assignment.kind == Kind.NORMAL:
        before = math.nextafter(assignment.comparison.position, -math.inf)
        seat.membership.cursor = min(seat.membership.cursor, before)
    write_back(seat, assignment, Tally())
