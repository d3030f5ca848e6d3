"""An annotator's seat in a campaign: the locked membership, which serialises all their acts there."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from common.database.prepared import Prepared
from common.errors import NotAllowed
from labeling.access import AssignmentNotFound, CampaignNotFound
from labeling.models import Assignment, Campaign, CampaignTally, Membership, User
from labeling.queries.progress import AnnotatorProgress, progress_of, quota_left
from labeling.queries.standing import next_step
from labeling.stats import wilson_interval
from labeling.tally import Tally


@dataclass(slots=True)
class Seat:
    """An annotator's membership in a campaign, locked for the rest of the transaction.

    totals: of the whole campaign. open: how many assignments the annotator held when the seat was taken.
    """

    membership: Membership
    campaign: Campaign
    user: User
    totals: Tally
    open: int

    def progress(self, now: datetime) -> AnnotatorProgress:
        """The progress that the annotator sees."""
        return progress_of(self.membership, self.totals, now)

    def wants(self, held: int, now: datetime, *, ahead: int) -> int:
        """How many more comparisons this annotator may be given. held: those they hold. ahead: those they ask for.

        Nobody holds more than half of the unsettled comparisons ahead, so that others can judge them towards the end.
        """
        if self.campaign.status != Campaign.Status.ACTIVE or self.membership.paused_at is not None:
            return 0
        if next_step(self.membership) is not None:
            return 0
        unsettled = self.totals.comparisons - self.totals.settled
        wanted = 1 + min(ahead, self.campaign.prefetch, unsettled // 2) - held
        left = quota_left(self.membership, now)
        return max(0, wanted if left is None else min(wanted, left - held))

    def count_judgments(self, judgments: int, now: datetime, made_at: datetime | None = None) -> None:
        """Adds to the annotator's counts. made_at: of a judgment that is taken back; it may be of another day."""
        member, today = self.membership, timezone.localdate(now)
        member.judged += judgments
        if member.judged_on != today:
            member.judged_on, member.judged_today = today, 0
        if made_at is None or timezone.localdate(made_at) == today:
            member.judged_today = max(0, member.judged_today + judgments)

    def count_gold(self, right: int, total: int) -> None:
        """Adds to the annotator's gold counts. A lifted pause resets them, so an undo of an earlier one stops at 0."""
        member = self.membership
        member.gold_total = max(0, member.gold_total + total)
        member.gold_right = min(member.gold_total, max(0, member.gold_right + right))

    def apply_gold_action(self, now: datetime) -> str:
        """Warns or pauses the annotator if their gold accuracy is too low; returns the verb of the event, or nothing.

        Too low: the upper end of its 95 % interval (Wilson) is below the threshold.
        """
        member, campaign, action = self.membership, self.campaign, Campaign.GoldAction
        if campaign.gold_action == action.NOTHING or member.gold_total < campaign.gold_minimum:
            return ""
        high = wilson_interval(member.gold_right, member.gold_total)[1]
        if high >= campaign.gold_threshold:
            member.warned_at = None
            return ""
        is_new = member.warned_at is None
        member.warned_at = member.warned_at or now
        if campaign.gold_action == action.PAUSE and member.paused_at is None:
            member.paused_at = now
            return "member.paused"
        return "member.warned" if is_new else ""


def take_seat(*, user: User, campaign: Campaign) -> Seat:
    """Locks an annotator's membership. Raises CampaignNotFound; NotAllowed for an admin who is not a member."""
    rows = SEAT.annotated(user=user.pk, campaign=campaign.pk)
    if rows:
        return _seat(user, *rows[0])
    if user.is_admin:
        raise NotAllowed(_("Only members can judge. Add yourself to the campaign first."))
    raise CampaignNotFound


def take_seat_of(*, user: User, assignment_id: int) -> Seat:
    """Locks an annotator's membership in the campaign of their assignment. Raises AssignmentNotFound."""
    rows = SEAT_OF_ASSIGNMENT.annotated(user=user.pk, assignment=assignment_id)
    if not rows:
        raise AssignmentNotFound
    return _seat(user, *rows[0])


def _seats(user: int) -> QuerySet[Membership]:
    def total(name: str) -> Subquery:
        tallies = CampaignTally.objects.filter(campaign=OuterRef("campaign")).order_by().values("campaign")
        return Subquery(tallies.annotate(total=Sum(name)).values("total"))

    leased = Assignment.objects.filter(
        annotator=user, campaign=OuterRef("campaign"), status=Assignment.Status.LEASED
    ).order_by()
    return (
        Membership.objects.filter(user=user)
        .select_related("campaign__annotator_estimates")
        .select_for_update(no_key=True, of=("self",))
        .annotate(
            total_comparisons=Coalesce(total("comparisons"), 0),
            total_settled=Coalesce(total("settled"), 0),
            open_now=Coalesce(Subquery(leased.values("campaign").annotate(number=Count("pk")).values("number")), 0),
        )
    )


def _seats_of_assignment(user: int, assignment: int) -> QuerySet[Membership]:
    return _seats(user).filter(campaign__assignments=assignment, campaign__assignments__annotator=user)


SEAT = Prepared(lambda user, campaign: _seats(user).filter(campaign=campaign), user=int, campaign=int)
SEAT_OF_ASSIGNMENT = Prepared(_seats_of_assignment, user=int, assignment=int)


def _seat(user: User, membership: Membership, annotations: dict[str, int]) -> Seat:
    totals = Tally(comparisons=annotations["total_comparisons"], settled=annotations["total_settled"])
    membership.user = user
    return Seat(membership, membership.campaign, user, totals, annotations["open_now"])
