"""The queue of a campaign: which comparison an annotator is given next, and how its places are held.

**Cost.** Comparisons with a free place are in one partial index by their queue position (`comparison_queue`). Each
annotator walks along it from their own cursor, so the comparisons they have judged are behind them. At the end the walk
starts over, once. The cost does not grow with the number of comparisons or judgments.

**Overlap.** A place is taken under the lock of the comparison's row. The lock is `FOR NO KEY UPDATE SKIP LOCKED`, so
another annotator at the same moment takes the next comparison instead of waiting. The place is written with the
condition `taken < overlap`; a check constraint and the unique slot refuse what a mistake here would let through.

**Gold and retests** are drawn in between, at the campaign's rates. They hold no place, and annotators cannot tell them
from other comparisons.

**Locks** are always taken in this order: the annotator's membership, their assignment, its comparison, a shard of the
campaign's totals. The lock of the membership serialises all acts of one annotator in one campaign. A transaction that
holds a comparison never waits for another one: locked comparisons are skipped, and an undo, which may need two, locks
both at once in the order of their ids. A transaction that holds a shard waits for nothing. So nothing deadlocks.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
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
from labeling.queries.assignments import STILL_WANTED, open_assignments

MAX_LEFT_BALANCE = 3
"""How far the two sides may drift apart for one annotator before the next side is no longer drawn."""

RELEASE_BATCH = 500

STEP = 2.0**-31
"""Between two comparisons added one after the other: exact in a float for any priority, with room for two billion."""

Kind = Assignment.Kind


def give_next(seat: Seat, now: datetime, *, ahead: int = 0, still_open: int | None = None) -> list[Assignment]:
    """The open assignments of the annotator: those held already, with renewed leases, and new ones up to the limit.

    The first is to be shown now. ahead: how many more the caller wants; the campaign's `prefetch` limits them.
    still_open: how many the annotator holds, if the caller knows it; None: this looks. Empty when nothing is left for
    this annotator, or when the campaign gives out nothing new at the moment.
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


def rewind_behind_commit(campaign: Campaign, position: float) -> None:
    """Does so once the transaction has ended: an annotator who holds a membership may wait for what it has locked."""
    transaction.on_commit(lambda: rewind_cursors(campaign, position))


def draw_left(balance: int) -> str:
    """Draws which completion is on the left, a or b: a fair coin, unless the sides would drift too far apart.

    balance: how often a was on the left minus how often b was, for this annotator; it stays within MAX_LEFT_BALANCE
    ("big stick design"). The next side can be guessed only at that limit, and a and b mean nothing to the annotator.
    """
    if abs(balance) >= MAX_LEFT_BALANCE:
        return "b" if balance > 0 else "a"
    return random.choice("ab")


def free_slot(comparison: Comparison) -> int:
    """The smallest free slot. An earlier statement must have locked the comparison, and it must have a place free."""
    held = set(Assignment.objects.filter(comparison=comparison, slot__isnull=False).values_list("slot", flat=True))
    return next(slot for slot in range(1, comparison.overlap + 1) if slot not in held)


def expiry(campaign: Campaign, now: datetime) -> datetime:
    """When a lease that begins or is renewed now runs out."""
    return now + timedelta(seconds=campaign.lease_seconds)


def release(assignment_ids: list[int]) -> None:
    """Releases these assignments and frees their places. Their rows and those of their comparisons must be locked."""
    with prepared_cursor() as cursor:
        cursor.execute(RELEASE, {"assignments": assignment_ids})


def release_expired_batch(now: datetime, *, campaign: Campaign | None = None, limit: int = RELEASE_BATCH) -> int:
    """Releases up to `limit` assignments whose lease has run out, in one campaign or in all; returns how many.

    Rows that another transaction has locked are left alone. If they are still expired then, the next sweep takes them.
    """
    expired = Assignment.objects.filter(status=Assignment.Status.LEASED, expires_at__lt=now).order_by("expires_at")
    if campaign is not None:
        expired = expired.filter(campaign=campaign)
    locked = expired.select_related("comparison").select_for_update(
        skip_locked=True, no_key=True, of=("self", "comparison")
    )
    assignment_ids = [assignment.pk for assignment in locked.only("id", "comparison__id")[:limit]]
    if assignment_ids:
        release(assignment_ids)
    return len(assignment_ids)


def _renew_open(seat: Seat, now: datetime) -> int:
    """Renews the annotator's leases, even expired ones that nobody has released yet; returns how many.

    Assignments whose comparison was taken out of the campaign in the meantime are released instead.
    """
    held = Assignment.objects.filter(
        annotator=seat.user, campaign=seat.campaign, status=Assignment.Status.LEASED
    ).order_by("pk")
    # Locking re-reads a row that a sweep was just releasing: it is no longer open then.
    held_ids = set(held.select_for_update(no_key=True).values_list("pk", flat=True))
    if not held_ids:
        return 0
    wanted_ids = set(held.filter(STILL_WANTED, pk__in=held_ids).values_list("pk", flat=True))
    if withdrawn_ids := held_ids - wanted_ids:
        # A comparison that is locked at this moment is not waited for: the next call releases its assignment.
        rows = Assignment.objects.filter(pk__in=withdrawn_ids).select_related("comparison").order_by("comparison_id")
        locked = rows.select_for_update(skip_locked=True, no_key=True, of=("self", "comparison"))
        release([assignment.pk for assignment in locked])
    latest = GuidelineVersion.objects.filter(campaign=seat.campaign).order_by("-number").values("pk")[:1]
    Assignment.objects.filter(pk__in=wanted_ids).update(
        expires_at=expiry(seat.campaign, now), guideline_version=Subquery(latest)
    )
    return len(wanted_ids)


def _give(seat: Seat, wanted: int, now: datetime, *, renew: bool = False) -> int:
    """Leases up to `wanted` more comparisons; returns how many."""
    for given in range(wanted):
        drawn = _draw(seat)
        if drawn is None:
            return given
        _lease(seat, drawn, now, renew=renew)
    return wanted


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A locked comparison. left: the completion that must be on the left; None: any."""

    comparison: int
    position: float
    left: str | None
    kind: str = Kind.NORMAL


def _draw(seat: Seat) -> _Drawn | None:
    """Draws and locks the next comparison: gold at its rate, if some is left; else the next in the queue, or a retest.

    A retest comes only in the place of another comparison, so that nobody is given a series of them at the end.
    """
    campaign = seat.campaign
    values = {"campaign": campaign.pk, "annotator": seat.user.pk, "retest_after": campaign.retest_after}
    if random.random() < campaign.gold_rate and (row := _first(FIND_GOLD, values)):
        return _Drawn(row[0], row[1], row[2], Kind.GOLD)
    cursor = seat.membership.cursor
    drawn = _next_in_queue(seat, after=cursor, until=-QUEUE_START)
    if drawn is None and cursor > QUEUE_START:
        drawn = _next_in_queue(seat, after=QUEUE_START, until=cursor)
    if drawn and random.random() < campaign.retest_rate and (row := _first(FIND_RETEST, values)):
        return _Drawn(row[0], row[1], row[2], Kind.RETEST)
    return drawn


def _next_in_queue(seat: Seat, *, after: float, until: float) -> _Drawn | None:
    """Locks the first comparison between two queue positions that this annotator may be given."""
    values = {
        "campaign": seat.campaign.pk,
        "annotator": seat.user.pk,
        "may_judge_own": seat.campaign.may_judge_own,
        "after": after,
        "until": until,
    }
    row = _first(FIND, values)
    return _Drawn(*row) if row else None


def _lease(seat: Seat, drawn: _Drawn, now: datetime, *, renew: bool) -> None:
    member = seat.membership
    left = drawn.left or draw_left(member.left_balance)
    if drawn.left is None:
        member.left_balance += 1 if left == "a" else -1
    if drawn.kind == Kind.NORMAL:
        member.cursor = drawn.position
    values: dict[str, int | float | str | datetime] = {
        "comparison": drawn.comparison,
        "campaign": seat.campaign.pk,
        "kind": drawn.kind,
        "cursor": member.cursor,
        "left_balance": member.left_balance,
        "membership": member.pk,
        "annotator": seat.user.pk,
        "left": left,
        "now": now,
        "expires_at": expiry(seat.campaign, now),
        "renew": renew,
    }
    statement = {Kind.NORMAL: TAKE, Kind.GOLD: TAKE_GOLD, Kind.RETEST: TAKE_RETEST}[Kind(drawn.kind)]
    # The row was locked with a free place, and nobody else acts for this annotator: anything else is a bug.
    assert _first(statement, values) is not None, f"comparison {drawn.comparison} was locked and could not be taken"


def _first(statement: str, values: Mapping[str, int | float | str | datetime]) -> tuple[Any, ...] | None:
    with prepared_cursor() as cursor:
        cursor.execute(statement, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row
