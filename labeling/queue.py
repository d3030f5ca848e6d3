"""The queue of a campaign: which comparison an annotator is given next, and how its places are held.

**Cost.** Comparisons with a free place stand in one partial index by their queue position (`comparison_queue`). Each
annotator walks along it from their own cursor, so what they judged lies behind them, however much it is; at the end the
walk starts over, once. Neither the number of comparisons nor of judgments matters.

**Overlap.** A place is taken under the lock of the comparison's row (`FOR NO KEY UPDATE SKIP LOCKED`: whoever comes at
the same moment takes the next comparison instead of waiting) and written with the condition `taken < overlap`; a check
constraint and the unique slot refuse what a mistake here would let through.

**Locks** are always taken in this order: the annotator's membership, their assignment, its comparison, a shard of the
campaign's totals. The membership's lock makes everything that one annotator does in one campaign happen one after the
other. Who holds a comparison never waits for another (they are skipped while locked; an undo, which may need two, takes
both at once in the order of their ids), and who holds a shard waits for nothing. So nothing deadlocks.
"""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.utils import timezone

from labeling.access import AssignmentNotFound, CampaignNotFound
from labeling.errors import NotAllowed
from labeling.models import (
    QUEUE_START,
    Assignment,
    Campaign,
    CampaignTally,
    Comparison,
    GuidelineVersion,
    Membership,
    User,
)
from labeling.queries.assignments import with_contents
from labeling.queries.progress import Progress, progress_of
from labeling.tally import Tally, random_shard

MAX_LEFT_BALANCE = 3
"""How far an annotator's sides may drift apart before the next one is not drawn but given."""

RELEASE_BATCH = 500

# OFFSET 0 keeps the look-up of an own assignment a look-up: one in a unique index for each comparison walked over. Left
# to itself the planner may join instead, and read all that the annotator ever judged.
FIND = """
SELECT c.id, c.position, (
    SELECT mine."left" FROM labeling_assignment mine
    WHERE mine.comparison_id = c.id AND mine.annotator_id = %(annotator)s
) AS left_before
FROM labeling_comparison c
WHERE c.campaign_id = %(campaign)s AND c.status = 'open' AND c.taken < c.overlap
    AND c.position > %(after)s AND c.position <= %(until)s
    AND NOT EXISTS (
        SELECT FROM labeling_assignment mine
        WHERE mine.comparison_id = c.id AND mine.annotator_id = %(annotator)s AND mine.status <> 'released'
        OFFSET 0
    )
ORDER BY c.position
LIMIT 1
FOR NO KEY UPDATE OF c SKIP LOCKED
"""

# A statement of its own after FIND: only then does it see every place that others took before the lock was ours.
TAKE = """
WITH taken AS (
    UPDATE labeling_comparison SET taken = taken + 1
    WHERE id = %(comparison)s AND status = 'open' AND taken < overlap
    RETURNING id, campaign_id, overlap
), moved AS (
    UPDATE labeling_membership SET cursor = %(cursor)s, left_balance = %(left_balance)s WHERE id = %(membership)s
)
INSERT INTO labeling_assignment AS held
    (comparison_id, campaign_id, annotator_id, guideline_version_id, slot, "left", status, leased_at, expires_at)
SELECT taken.id, taken.campaign_id, %(annotator)s,
    (SELECT id FROM labeling_guidelineversion WHERE campaign_id = taken.campaign_id ORDER BY number DESC LIMIT 1),
    (SELECT min(slot) FROM generate_series(1, taken.overlap) slot WHERE NOT EXISTS (
        SELECT FROM labeling_assignment other WHERE other.comparison_id = taken.id AND other.slot = slot.slot)),
    %(left)s, 'leased', %(now)s, %(expires_at)s
FROM taken
ON CONFLICT (comparison_id, annotator_id) DO UPDATE SET
    guideline_version_id = excluded.guideline_version_id, slot = excluded.slot, status = excluded.status,
    leased_at = excluded.leased_at, expires_at = excluded.expires_at
WHERE held.status = 'released'
RETURNING id
"""

RELEASE = """
WITH released AS (
    UPDATE labeling_assignment SET status = 'released', slot = NULL
    WHERE id = ANY(%(assignments)s) AND status = 'leased' RETURNING comparison_id
), freed AS (
    SELECT comparison_id, count(*) AS places FROM released GROUP BY comparison_id
)
UPDATE labeling_comparison SET taken = taken - freed.places FROM freed WHERE id = freed.comparison_id
"""

# What a judgment or its undoing changes, in one statement. All rows are locked, so values are written as they are.
WRITE_BACK = """
WITH member AS (
    UPDATE labeling_membership SET cursor = %(cursor)s, judged = %(member_judged)s, judged_on = %(judged_on)s,
        judged_today = %(judged_today)s
    WHERE id = %(membership)s
), held AS (
    UPDATE labeling_assignment SET status = %(held_status)s, slot = %(slot)s, expires_at = %(expires_at)s
    WHERE id = %(assignment)s
), compared AS (
    UPDATE labeling_comparison SET status = %(status)s, taken = %(taken)s, judged = %(judged)s, votes_a = %(votes_a)s,
        votes_b = %(votes_b)s, votes_tie = %(votes_tie)s, votes_both_bad = %(votes_both_bad)s
    WHERE id = %(comparison)s
)
INSERT INTO labeling_campaigntally AS tally (campaign_id, shard, comparisons, wanted, judgments, settled, conflicts)
VALUES (%(campaign)s, %(shard)s, 0, 0, %(judgments)s, %(settled)s, %(conflicts)s)
ON CONFLICT (campaign_id, shard) DO UPDATE SET judgments = tally.judgments + excluded.judgments,
    settled = tally.settled + excluded.settled, conflicts = tally.conflicts + excluded.conflicts
"""


@dataclass(slots=True)
class Seat:
    """An annotator's place in a campaign, locked for the rest of the transaction. totals: of the whole campaign."""

    membership: Membership
    campaign: Campaign
    user: User
    totals: Tally

    def progress(self, now: datetime) -> Progress:
        """What the annotator's page shows."""
        return progress_of(self.membership, self.totals, now)

    def count(self, judgments: int, now: datetime, made_at: datetime | None = None) -> None:
        """Adds to what the annotator has judged. made_at: of a judgment taken back, which may be of another day."""
        member, today = self.membership, timezone.localdate(now)
        member.judged += judgments
        if member.judged_on != today:
            member.judged_on, member.judged_today = today, 0
        if made_at is None or timezone.localdate(made_at) == today:
            member.judged_today = max(0, member.judged_today + judgments)


def take_seat(*, user: User, campaign: Campaign) -> Seat:
    """Locks an annotator's place in a campaign. Raises CampaignNotFound; NotAllowed for an admin who is no member."""
    seat = _lock(_seats(user).filter(campaign=campaign), user)
    if seat is None:
        if user.is_admin:
            raise NotAllowed("Only members are given comparisons. Add yourself to the campaign first.")
        raise CampaignNotFound
    return seat


def take_seat_of(*, user: User, assignment_id: int) -> Seat:
    """The same, for the campaign of an assignment of theirs. Raises AssignmentNotFound."""
    own = _seats(user).filter(campaign__assignments=assignment_id, campaign__assignments__annotator=user)
    seat = _lock(own, user)
    if seat is None:
        raise AssignmentNotFound
    return seat


def give_next(seat: Seat, now: datetime, *, none_is_open: bool = False) -> Assignment | None:
    """What the annotator judges next: the open assignment they have already (its lease renewed), else a new one.

    none_is_open: the caller knows that they have no open one. Returns None when nothing is left for them, or when the
    campaign gives nothing new at the moment.
    """
    held = None if none_is_open else _renew_open(seat, now)
    if held is None and seat.campaign.status == Campaign.Status.ACTIVE:
        held = _find_and_take(seat, now)
        if held is None and release_expired(now, campaign=seat.campaign):
            held = _find_and_take(seat, now)
    if held is None:
        return None
    return with_contents(held, campaign=seat.campaign, annotator=seat.user)


def draw_left(balance: int) -> str:
    """Which completion stands on the left: a coin, except where the sides would drift too far apart ("big stick").

    balance: how often a was left minus how often b was, for this annotator. The two sides never differ by more than
    MAX_LEFT_BALANCE, and what comes next can be guessed only at that edge (where a and b mean nothing to the guesser).
    """
    if abs(balance) >= MAX_LEFT_BALANCE:
        return "b" if balance > 0 else "a"
    return random.choice("ab")


def free_slot(comparison: Comparison) -> int:
    """The smallest place nobody holds. The comparison must be locked by an earlier statement, with a place free."""
    held = set(Assignment.objects.filter(comparison=comparison, slot__isnull=False).values_list("slot", flat=True))
    return next(slot for slot in range(1, comparison.overlap + 1) if slot not in held)


def release(assignment_ids: list[int]) -> None:
    """Frees the places of these leases. Their rows and their comparisons' rows must be locked."""
    with connection.cursor() as cursor:
        cursor.execute(RELEASE, {"assignments": assignment_ids})


def release_expired(now: datetime, *, campaign: Campaign | None = None, limit: int = RELEASE_BATCH) -> int:
    """Frees up to `limit` places whose lease has run out, in one campaign or in all; returns how many.

    What somebody works on at this moment is left alone: if it is still expired afterwards, the next sweep frees it.
    """
    expired = Assignment.objects.filter(status=Assignment.Status.LEASED, expires_at__lt=now).order_by("expires_at")
    if campaign is not None:
        expired = expired.filter(campaign=campaign)
    locked = expired.select_related("comparison").select_for_update(
        skip_locked=True, no_key=True, of=("self", "comparison")
    )
    found = [assignment.pk for assignment in locked.only("id", "comparison__id")[:limit]]
    if found:
        release(found)
    return len(found)


def write_back(seat: Seat, assignment: Assignment, change: Tally) -> None:
    """Writes what a judgment or its undoing changed about the annotator, the assignment, its comparison and the totals.

    Everything about them is written as the objects say, so all three must have been locked before they were changed.
    """
    member, comparison = seat.membership, assignment.comparison
    values: dict[str, int | float | str | date | None] = {
        "membership": member.pk,
        "cursor": member.cursor,
        "member_judged": member.judged,
        "judged_on": member.judged_on,
        "judged_today": member.judged_today,
        "assignment": assignment.pk,
        "held_status": assignment.status,
        "slot": assignment.slot,
        "expires_at": assignment.expires_at,
        "comparison": comparison.pk,
        "status": comparison.status,
        "taken": comparison.taken,
        "judged": comparison.judged,
        "votes_a": comparison.votes_a,
        "votes_b": comparison.votes_b,
        "votes_tie": comparison.votes_tie,
        "votes_both_bad": comparison.votes_both_bad,
        "campaign": seat.campaign.pk,
        "shard": random_shard(),
        "judgments": change.judgments,
        "settled": change.settled,
        "conflicts": change.conflicts,
    }
    with connection.cursor() as cursor:
        cursor.execute(WRITE_BACK, values)
    seat.totals.judgments += change.judgments
    seat.totals.settled += change.settled
    seat.totals.conflicts += change.conflicts


def _seats(user: User) -> QuerySet[Membership]:
    def total(name: str) -> Subquery:
        tallies = CampaignTally.objects.filter(campaign=OuterRef("campaign")).order_by().values("campaign")
        return Subquery(tallies.annotate(total=Sum(name)).values("total"))

    return (
        Membership.objects.filter(user=user)
        .select_related("campaign")
        .select_for_update(no_key=True, of=("self",))
        .annotate(total_comparisons=total("comparisons"), total_settled=total("settled"))
    )


def _lock(seats: QuerySet[Membership], user: User) -> Seat | None:
    membership = seats.first()
    if membership is None:
        return None
    totals = Tally(
        comparisons=getattr(membership, "total_comparisons", None) or 0,
        settled=getattr(membership, "total_settled", None) or 0,
    )
    membership.user = user
    return Seat(membership, membership.campaign, user, totals)


def _renew_open(seat: Seat, now: datetime) -> int | None:
    """Renews the lease of the annotator's open assignment, if there is one. Even an expired one, while it is held."""
    held = Assignment.objects.filter(
        annotator=seat.user, campaign=seat.campaign, status=Assignment.Status.LEASED
    ).order_by("leased_at", "pk")
    # Locked first, and re-read by the database if a sweep was just freeing it: then it is no longer open.
    found = held.select_for_update(no_key=True).values_list("pk", flat=True).first()
    if found is None:
        return None
    latest = GuidelineVersion.objects.filter(campaign=seat.campaign).order_by("-number").values("pk")[:1]
    Assignment.objects.filter(pk=found).update(expires_at=_expiry(seat, now), guideline_version=Subquery(latest))
    return found


def _find_and_take(seat: Seat, now: datetime) -> int | None:
    cursor = seat.membership.cursor
    found = _find(seat, after=cursor, until=-QUEUE_START)
    if found is None and cursor > QUEUE_START:
        found = _find(seat, after=QUEUE_START, until=cursor)
    return None if found is None else _take(seat, found, now)


@dataclass(frozen=True, slots=True)
class _Found:
    comparison: int
    position: float
    left_before: str | None  # how it was presented when this annotator had it before


def _find(seat: Seat, *, after: float, until: float) -> _Found | None:
    """Locks the first comparison in a stretch of the queue that this annotator may be given."""
    values = {"campaign": seat.campaign.pk, "annotator": seat.user.pk, "after": after, "until": until}
    with connection.cursor() as cursor:
        cursor.execute(FIND, values)
        row = cursor.fetchone()
    return None if row is None else _Found(*row)


def _take(seat: Seat, found: _Found, now: datetime) -> int:
    left = found.left_before or draw_left(seat.membership.left_balance)
    if found.left_before is None:
        seat.membership.left_balance += 1 if left == "a" else -1
    seat.membership.cursor = found.position
    values: dict[str, int | float | str | datetime] = {
        "comparison": found.comparison,
        "cursor": found.position,
        "left_balance": seat.membership.left_balance,
        "membership": seat.membership.pk,
        "annotator": seat.user.pk,
        "left": left,
        "now": now,
        "expires_at": _expiry(seat, now),
    }
    with connection.cursor() as cursor:
        cursor.execute(TAKE, values)
        row = cursor.fetchone()
    # The row was locked with a free place, and nobody else acts for this annotator: anything else is a bug.
    assert row is not None, f"comparison {found.comparison} was locked and could not be taken"
    return int(row[0])


def _expiry(seat: Seat, now: datetime) -> datetime:
    return now + timedelta(seconds=seat.campaign.lease_seconds)
