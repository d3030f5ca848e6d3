"""The queue of a campaign: which comparison an annotator is given next, and how its places are held.

**Cost.** Comparisons with a free place stand in one partial index by their queue position (`comparison_queue`). Each
annotator walks along it from their own cursor, so what they judged lies behind them, however much it is; at the end the
walk starts over, once. Neither the number of comparisons nor of judgments matters.

**Overlap.** A place is taken under the lock of the comparison's row (`FOR NO KEY UPDATE SKIP LOCKED`: whoever comes at
the same moment takes the next comparison instead of waiting) and written with the condition `taken < overlap`; a check
constraint and the unique slot refuse what a mistake here would let through.

**Gold and retests** are drawn at the campaign's rates in between. They hold no place, and nothing that an annotator is
shown tells them from the others.

**Locks** are always taken in this order: the annotator's membership, their assignment, its comparison, a shard of the
campaign's totals. The membership's lock makes everything that one annotator does in one campaign happen one after the
other. Who holds a comparison never waits for another (they are skipped while locked; an undo, which may need two, takes
both at once in the order of their ids), and who holds a shard waits for nothing. So nothing deadlocks.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Subquery

from common.database.prepared import prepared_cursor
from labeling.judging.seats import Seat
from labeling.judging.statements import (
    FIND,
    FIND_GOLD,
    FIND_RETEST,
    RELEASE,
    TAKE,
    TAKE_GOLD,
    TAKE_RETEST,
)
from labeling.models import QUEUE_START, Assignment, Campaign, Comparison, GuidelineVersion
from labeling.queries.assignments import STANDS, open_assignments

MAX_LEFT_BALANCE = 3
"""How far an annotator's sides may drift apart before the next one is not drawn but given."""

RELEASE_BATCH = 500

STEP = 2.0**-31
"""Between two comparisons added one after the other: exact in a float for any priority, with room for two billion."""

Kind = Assignment.Kind


def give_next(seat: Seat, now: datetime, *, ahead: int = 0, still_open: int | None = None) -> list[Assignment]:
    """What the annotator judges next: what is open before them already (leases renewed), filled up with new ones.

    The first is to be shown; the others follow it. ahead: how many of those the caller wants; the campaign says how
    many it allows. still_open: how many the caller knows to be open; None: look. Empty when nothing is left for them,
    or when the campaign gives nothing new at the moment.
    """
    held = _renew_open(seat, now) if still_open is None else still_open
    wanted = seat.wants(held, now, ahead=ahead)
    given = _give(seat, wanted, now, renew=still_open is not None and held > 0)
    if wanted and not given and not held and release_expired_batch(now, campaign=seat.campaign):
        given = _give(seat, wanted, now)
    if not held and not given:
        return []
    return open_assignments(campaign=seat.campaign, annotator=seat.user)


def queue_position(priority: int, order: str = Campaign.Order.RANDOM, number: int = 0) -> float:
    """The position of a new comparison: among those of its priority, before all of a lower one.

    number: greater than those of all comparisons added before; every order but the random one needs it.
    """
    offset = number * STEP
    within = {Campaign.Order.IMPORTED: offset, Campaign.Order.NEWEST: 1 - offset}
    return within.get(Campaign.Order(order), random.random()) - priority


def rewind_cursors(campaign: Campaign, position: float) -> None:
    """Moves every cursor beyond a position back before it, so that annotators come by this position next."""
    before = math.nextafter(position, -math.inf)
    campaign.memberships.filter(cursor__gt=position).update(cursor=before)


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


def expiry(campaign: Campaign, now: datetime) -> datetime:
    """Until when something given or renewed now is held."""
    return now + timedelta(seconds=campaign.lease_seconds)


def release(assignment_ids: list[int]) -> None:
    """Frees the places of these leases. Their rows and their comparisons' rows must be locked."""
    with prepared_cursor() as cursor:
        cursor.execute(RELEASE, {"assignments": assignment_ids})


def release_expired_batch(now: datetime, *, campaign: Campaign | None = None, limit: int = RELEASE_BATCH) -> int:
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


def _renew_open(seat: Seat, now: datetime) -> int:
    """Renews the leases of what is open before the annotator, even expired ones while they are held; returns how many.

    What was taken out of the campaign in the meantime is handed back instead.
    """
    held = Assignment.objects.filter(
        annotator=seat.user, campaign=seat.campaign, status=Assignment.Status.LEASED
    ).order_by("pk")
    # Locked first, and re-read by the database if a sweep was just freeing it: then it is no longer open.
    found = set(held.select_for_update(no_key=True).values_list("pk", flat=True))
    if not found:
        return 0
    standing = set(held.filter(STANDS, pk__in=found).values_list("pk", flat=True))
    if gone := found - standing:
        # Whoever holds their comparisons at this moment is not waited for: the next look hands them back.
        rows = Assignment.objects.filter(pk__in=gone).select_related("comparison").order_by("comparison_id")
        locked = rows.select_for_update(skip_locked=True, no_key=True, of=("self", "comparison"))
        release([assignment.pk for assignment in locked])
    latest = GuidelineVersion.objects.filter(campaign=seat.campaign).order_by("-number").values("pk")[:1]
    Assignment.objects.filter(pk__in=standing).update(
        expires_at=expiry(seat.campaign, now), guideline_version=Subquery(latest)
    )
    return len(standing)


def _give(seat: Seat, wanted: int, now: datetime, *, renew: bool = False) -> int:
    """Gives up to so many more; returns how many."""
    for given in range(wanted):
        found = _draw(seat)
        if found is None:
            return given
        _take(seat, found, now, renew=renew)
    return wanted


@dataclass(frozen=True, slots=True)
class _Found:
    comparison: int
    position: float
    left: str | None  # how it was presented when this annotator had it before, or must be now
    kind: str = Kind.NORMAL


def _draw(seat: Seat) -> _Found | None:
    """Locks what comes next: gold, if it is its turn and there is some; else along the queue, or a retest instead.

    Retests come only instead of something else, so that at the end of the queue nobody is given one after the other.
    """
    campaign = seat.campaign
    values = {"campaign": campaign.pk, "annotator": seat.user.pk, "retest_after": campaign.retest_after}
    if random.random() < campaign.gold_rate and (row := _first(FIND_GOLD, values)):
        return _Found(row[0], row[1], row[2], Kind.GOLD)
    cursor = seat.membership.cursor
    found = _find(seat, after=cursor, until=-QUEUE_START)
    if found is None and cursor > QUEUE_START:
        found = _find(seat, after=QUEUE_START, until=cursor)
    if found and random.random() < campaign.retest_rate and (row := _first(FIND_RETEST, values)):
        return _Found(row[0], row[1], row[2], Kind.RETEST)
    return found


def _find(seat: Seat, *, after: float, until: float) -> _Found | None:
    """Locks the first comparison in a stretch of the queue that this annotator may be given."""
    values = {
        "campaign": seat.campaign.pk,
        "annotator": seat.user.pk,
        "may_judge_own": seat.campaign.may_judge_own,
        "after": after,
        "until": until,
    }
    row = _first(FIND, values)
    return _Found(*row) if row else None


def _take(seat: Seat, found: _Found, now: datetime, *, renew: bool) -> None:
    member = seat.membership
    left = found.left or draw_left(member.left_balance)
    if found.left is None:
        member.left_balance += 1 if left == "a" else -1
    if found.kind == Kind.NORMAL:
        member.cursor = found.position
    values: dict[str, int | float | str | datetime] = {
        "comparison": found.comparison,
        "campaign": seat.campaign.pk,
        "kind": found.kind,
        "cursor": member.cursor,
        "left_balance": member.left_balance,
        "membership": member.pk,
        "annotator": seat.user.pk,
        "left": left,
        "now": now,
        "expires_at": expiry(seat.campaign, now),
        "renew": renew,
    }
    statement = {Kind.NORMAL: TAKE, Kind.GOLD: TAKE_GOLD, Kind.RETEST: TAKE_RETEST}[Kind(found.kind)]
    # The row was locked with a free place, and nobody else acts for this annotator: anything else is a bug.
    assert _first(statement, values) is not None, f"comparison {found.comparison} was locked and could not be taken"


def _first(statement: str, values: Mapping[str, int | float | str | datetime]) -> tuple[Any, ...] | None:
    with prepared_cursor() as cursor:
        cursor.execute(statement, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row
