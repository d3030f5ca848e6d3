"""Assignments: given, handed back, and freed when nobody answers."""

from datetime import datetime

from django.db import transaction

from labeling.access import AssignmentNotFound, leads
from labeling.errors import Conflict
from labeling.models import Assignment, Campaign, Membership, User
from labeling.queries.progress import Progress
from labeling.queue import RELEASE_BATCH, give_next, release, release_expired, take_seat


class NotOpen(Conflict):
    """The assignment is judged, skipped or handed back already."""

    type = "assignment-not-open"


def next_assignment(*, campaign: Campaign, acting_user: User, now: datetime) -> Assignment | None:
    """What this annotator judges next; None when nothing is left for them.

    Asking again without having judged gives the same assignment with the same presentation and a fresh lease.
    Raises CampaignNotFound, NotAllowed.
    """
    return next_with_progress(campaign=campaign, acting_user=acting_user, now=now)[0]


@transaction.atomic
def next_with_progress(*, campaign: Campaign, acting_user: User, now: datetime) -> tuple[Assignment | None, Progress]:
    """The same, with what an annotator's page shows beside it."""
    seat = take_seat(user=acting_user, campaign=campaign)
    return give_next(seat, now), seat.progress(now)


@transaction.atomic
def release_assignment(*, assignment: Assignment, acting_user: User | None, now: datetime) -> Assignment:
    """Hands an open assignment back: somebody else may take it, and its annotator too, later.

    For the annotator and for leads. Raises AssignmentNotFound, NotOpen.
    """
    locked = _locked(assignment)
    if acting_user is not None and locked.annotator_id != acting_user.pk and not leads(acting_user, locked.campaign):
        raise AssignmentNotFound
    if locked.status == Assignment.Status.RELEASED:
        return locked
    if locked.status != Assignment.Status.LEASED:
        raise NotOpen(f"This assignment is {locked.status}: there is nothing to hand back.")
    release([locked.pk])
    locked.refresh_from_db()
    return locked


def release_expired_assignments(*, now: datetime) -> int:
    """Frees every place whose lease has run out, in batches; returns how many."""
    released = 0
    while True:
        with transaction.atomic():
            batch = release_expired(now, limit=RELEASE_BATCH)
        released += batch
        if batch < RELEASE_BATCH:
            return released


def release_all_of(membership: Membership) -> None:
    """Frees what is open before somebody who leaves. Their membership must be locked."""
    held = Assignment.objects.filter(
        annotator=membership.user_id, campaign=membership.campaign_id, status=Assignment.Status.LEASED
    )
    locked = held.select_related("comparison").select_for_update(no_key=True, of=("self", "comparison"))
    release([assignment.pk for assignment in locked.order_by("comparison_id")])


def _locked(assignment: Assignment) -> Assignment:
    return (
        Assignment.objects.select_related("comparison", "campaign")
        .select_for_update(no_key=True, of=("self", "comparison"))
        .get(pk=assignment.pk)
    )
