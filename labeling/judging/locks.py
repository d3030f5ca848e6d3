"""Locking an assignment and its comparison, and the facts about them that the same statement reads.

The annotator's membership is locked already (see `seats`), so no other transaction acts for this annotator.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError
from django.db.models import OuterRef, Q, QuerySet, Subquery

from common.database.prepared import Prepared
from labeling.access import AssignmentNotFound
from labeling.judging.refusals import KeyUsed
from labeling.judging.seats import Seat
from labeling.models import Assignment, Gold, Judgment
from labeling.queries.first_judged import first_judged, with_first_judged


@dataclass(frozen=True, slots=True)
class LockedAssignment:
    """An assignment of the annotator on the seat, locked together with its comparison.

    gold_winner: the known verdict of its comparison; None: the comparison is not gold. first_judged_at: see
    `queries.first_judged`. judgment_of_key: the id of the judgment that this annotator made under the same key, about
    this assignment or another; None: the key is new.
    """

    assignment: Assignment
    gold_winner: str | None
    first_judged_at: datetime | None = None
    judgment_of_key: int | None = None


def lock_assignment(seat: Seat, assignment_id: int, key: str) -> LockedAssignment:
    """Locks the assignment, then its comparison, and looks the key up. Raises AssignmentNotFound."""
    rows = LOCKED.annotated(assignment=assignment_id, annotator=seat.user.pk, key=key)
    if not rows:
        raise AssignmentNotFound
    assignment, annotations = rows[0]
    assignment.campaign = assignment.comparison.campaign = seat.campaign
    return LockedAssignment(assignment, **annotations)


def lock_with_open(seat: Seat, assignment_id: int) -> tuple[LockedAssignment, list[Assignment]]:
    """Locks an assignment, all other open assignments of the annotator in the campaign, and their comparisons.

    One statement locks them in the order of the comparisons, so that two annotators who need the same two comparisons
    cannot deadlock. Returns the others in the order in which they were leased. Raises AssignmentNotFound.
    """
    rows = LOCKED_WITH_OPEN.annotated(assignment=assignment_id, annotator=seat.user.pk, campaign=seat.campaign.pk)
    by_id = {assignment.pk: LockedAssignment(assignment, **annotations) for assignment, annotations in rows}
    if assignment_id not in by_id:
        raise AssignmentNotFound
    wanted = by_id.pop(assignment_id)
    wanted.assignment.campaign = wanted.assignment.comparison.campaign = seat.campaign
    others = [locked.assignment for locked in by_id.values()]
    return wanted, sorted(others, key=lambda other: (other.leased_at, other.pk))


def earlier_judgment(locked: LockedAssignment) -> Judgment | None:
    """The judgment made under the same key; None: the key is new.

    Raises KeyUsed if that judgment is about another assignment.
    """
    if locked.judgment_of_key is None:
        return None
    judgment = with_first_judged(Judgment.objects.all()).get(pk=locked.judgment_of_key)
    if judgment.assignment_id != locked.assignment.pk:
        raise KeyUsed
    judgment.assignment = locked.assignment
    return judgment


@contextmanager
def one_key_once() -> Iterator[None]:
    """Turns the database's refusal of a key that is sent in two campaigns at the same moment into KeyUsed."""
    try:
        yield
    except IntegrityError as error:
        if "judgment_key_once" in str(error):
            raise KeyUsed from error
        raise


def _lock() -> QuerySet[Assignment]:
    gold_winner = Gold.objects.filter(comparison=OuterRef("comparison")).values("winner")
    return (
        Assignment.objects.select_related("comparison")
        .annotate(gold_winner=Subquery(gold_winner), first_judged_at=first_judged(OuterRef("pk")))
        .select_for_update(no_key=True, of=("self", "comparison"))
    )


def _locked(assignment: int, annotator: int, key: str) -> QuerySet[Assignment]:
    same_key = Judgment.objects.filter(annotator=annotator, key=key).values("pk")
    return _lock().annotate(judgment_of_key=Subquery(same_key)).filter(pk=assignment, annotator=annotator)


def _locked_with_open(assignment: int, annotator: int, campaign: int) -> QuerySet[Assignment]:
    wanted = Q(pk=assignment) | Q(campaign=campaign, status=Assignment.Status.LEASED)
    return _lock().filter(wanted, annotator=annotator).order_by("comparison_id")


LOCKED = Prepared(_locked, assignment=int, annotator=int, key=str)
LOCKED_WITH_OPEN = Prepared(_locked_with_open, assignment=int, annotator=int, campaign=int)
