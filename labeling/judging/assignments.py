"""Assignments: leased, renewed, released, and freed when their lease runs out."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy

from common.errors import Conflict
from common.wording import in_sentence
from labeling.access import AssignmentNotFound, leads
from labeling.judging.blind_tests import require_blind
from labeling.judging.queue import RELEASE_BATCH, expiry, give_next, release, release_expired_batch
from labeling.judging.refusals import GuidelinesUnread, LeaseLost, NotQualified, PracticeNeeded, Withdrawn
from labeling.judging.seats import take_seat, take_seat_of
from labeling.models import Assignment, Campaign, Membership, User
from labeling.queries.assignments import STILL_WANTED
from labeling.queries.progress import AnnotatorProgress
from labeling.queries.standing import Step, next_step

REFUSALS = {Step.READ: GuidelinesUnread, Step.PRACTISE: PracticeNeeded, Step.QUALIFY: NotQualified}
"""The refusal for an annotator who must do something first."""


class NotOpen(Conflict):
    type = "assignment-not-open"
    sentence = gettext_lazy("This assignment is %(status)s: only an open one can be renewed or released.")


@dataclass(frozen=True, slots=True)
class NextResult:
    """The assignments that an annotator holds, in the order in which they are shown, and the annotator's progress."""

    held: list[Assignment]
    progress: AnnotatorProgress

    @property
    def next(self) -> Assignment | None:
        """The one to show; None: nothing is left for this annotator."""
        return next(iter(self.held), None)


@transaction.atomic
def next_assignments(*, campaign: Campaign, acting_user: User, now: datetime, ahead: int = 0) -> NextResult:
    """Leases the next comparison to this annotator, and up to `ahead` more where the campaign allows it.

    Asking again without judging returns the same assignments with the same presentation and renewed leases. Raises
    CampaignNotFound, NotAllowed; GuidelinesUnread, PracticeNeeded or NotQualified in an active campaign; NotBlind.
    """
    seat = take_seat(user=acting_user, campaign=campaign)
    require_blind(seat.campaign, acting_user, seat.membership)
    step = next_step(seat.membership)
    if step is not None and seat.campaign.status == Campaign.Status.ACTIVE and seat.membership.paused_at is None:
        raise REFUSALS[step]
    return NextResult(give_next(seat, now, ahead=ahead), seat.progress(now))


@transaction.atomic
def renew_assignment(*, assignment: Assignment | int, acting_user: User, now: datetime) -> datetime:
    """Renews all leases that the annotator holds in the campaign; returns until when.

    Raises AssignmentNotFound, NotOpen, LeaseLost, Withdrawn.
    """
    assignment_id = assignment if isinstance(assignment, int) else assignment.pk
    seat = take_seat_of(user=acting_user, assignment_id=assignment_id)
    own = Assignment.objects.filter(annotator=acting_user, campaign=seat.campaign)
    held = own.select_for_update(no_key=True).order_by("pk").get(pk=assignment_id)
    if held.status in (Assignment.Status.JUDGED, Assignment.Status.SKIPPED):
        raise NotOpen(status=in_sentence(held.get_status_display()))
    if held.status == Assignment.Status.RELEASED:
        raise LeaseLost
    if not own.filter(STILL_WANTED, pk=assignment_id).exists():
        raise Withdrawn
    until = expiry(seat.campaign, now)
    own.filter(status=Assignment.Status.LEASED, expires_at__lt=until).update(expires_at=until)
    return until


@transaction.atomic
def release_assignment(*, assignment: Assignment, acting_user: User | None, now: datetime) -> Assignment:
    """Releases an open assignment: another annotator may take the comparison, and later this one again.

    For the annotator and for leads. Raises AssignmentNotFound, NotOpen.
    """
    # The annotator's membership is locked first, as everywhere: an act of theirs that is under way ends before this.
    members = Membership.objects.filter(user=assignment.annotator_id, campaign=assignment.campaign_id)
    list(members.select_for_update(no_key=True).values_list("pk", flat=True))
    locked = _locked(assignment)
    if acting_user is not None and locked.annotator_id != acting_user.pk and not leads(acting_user, locked.campaign):
        raise AssignmentNotFound
    if locked.status == Assignment.Status.RELEASED:
        return locked
    if locked.status != Assignment.Status.LEASED:
        raise NotOpen(status=in_sentence(locked.get_status_display()))
    release([locked.pk])
    locked.refresh_from_db()
    return locked


def release_expired_assignments(*, now: datetime) -> int:
    """Releases every assignment whose lease has run out, in batches; returns how many."""
    released = 0
    while True:
        with transaction.atomic():
            batch = release_expired_batch(now, limit=RELEASE_BATCH)
        released += batch
        if batch < RELEASE_BATCH:
            return released


def release_all_of(membership: Membership) -> None:
    """Releases the open assignments of a member who leaves. The membership must be locked."""
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
