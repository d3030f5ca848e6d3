"""Judgments: made, acknowledged once however often they are sent, changed, and taken back."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from labeling.events.record import record
from labeling.judging.drafts import JudgmentDraft
from labeling.judging.effects import (
    changeable,
    check_edit,
    count,
    hold_place,
    take_back,
    write_judgment,
)
from labeling.judging.locks import earlier_judgment, lock_assignment, lock_with_open, one_key_once
from labeling.judging.queue import give_next, release, write_back
from labeling.judging.seats import Seat, take_seat_of
from labeling.judging.settling import told
from labeling.models import Assignment, Judgment, User
from labeling.queries.assignments import open_assignments
from labeling.queries.progress import AnnotatorProgress
from labeling.tally import tally_of


@dataclass(frozen=True, slots=True)
class JudgmentResult:
    """What an annotator's page needs after an draft.

    is_new: False for a retry of an draft that had arrived. next: to be shown now; following: after it, as many as
    were wanted ahead and the campaign allows.
    """

    judgment: Judgment
    is_new: bool
    next: Assignment | None
    following: list[Assignment]
    progress: AnnotatorProgress


@dataclass(frozen=True, slots=True)
class Undone:
    """What an annotator's page needs after an undo: the judgment taken back, its comparison, and all they hold."""

    judgment: Judgment
    assignment: Assignment
    held: list[Assignment]
    progress: AnnotatorProgress


def judge(
    *,
    assignment: Assignment | int,
    acting_user: User,
    now: datetime,
    choice: str,
    key: str,
    strength: int | None = None,
    criteria: Mapping[str, str] | None = None,
    comment: str = "",
    skip_reason: str = "",
    flag: str = "",
    seconds: float | None = None,
    edit: str = "",
) -> Judgment:
    """What this annotator says about an assignment of theirs (given whole or by its id).

    choice: left, right, tie, both_bad or skip. key: chosen by the client; the same key again is the same judgment and
    changes nothing, however often and whenever it is sent. flag: harm or personal_data, with skip: nobody else is given
    the comparison until a lead has looked at it. edit: the better one improved, where the campaign allows it. After the
    lease ran out a judgment still counts while its place is free. The last judgment wanted settles the comparison in
    the same transaction.
    Raises InvalidJudgment, AssignmentNotFound, CampaignNotOpen, AlreadyJudged, LeaseLost, Withdrawn, QuotaReached,
    KeyUsed.
    """
    draft = JudgmentDraft(choice, key, strength, criteria, comment, skip_reason, seconds, flag, edit)
    draft.check()
    with one_key_once(), transaction.atomic():
        seat = take_seat_of(user=acting_user, assignment_id=_id(assignment))
        return _judge(seat, _id(assignment), draft, now)[0]


def judge_and_continue(
    *, assignment: Assignment | int, draft: JudgmentDraft, acting_user: User, now: datetime, ahead: int = 0
) -> JudgmentResult:
    """The same, and what to judge next, in one transaction: what an annotator's page sends. ahead: see `give_next`."""
    draft.check()
    with one_key_once(), transaction.atomic():
        seat = take_seat_of(user=acting_user, assignment_id=_id(assignment))
        judgment, is_new, was_open = _judge(seat, _id(assignment), draft, now)
        # Who answered what was open before them has one open less than when they sat down.
        return _result(seat, judgment, is_new, now, ahead=ahead, still_open=seat.open - 1 if was_open else None)


def change_judgment(
    *, assignment: Assignment | int, draft: JudgmentDraft, acting_user: User, now: datetime, ahead: int = 0
) -> JudgmentResult:
    """Says something else about what this annotator judged, while the campaign allows it.

    The earlier judgment is superseded, never edited; the new one counts in its place. The same key again changes
    nothing. Raises InvalidJudgment, AssignmentNotFound, CampaignNotOpen, NothingToUndo, TooLateToUndo, KeyUsed.
    """
    draft.check()
    with one_key_once(), transaction.atomic():
        seat = take_seat_of(user=acting_user, assignment_id=_id(assignment))
        judgment, is_new = _change(seat, _id(assignment), draft, now)
        return _result(seat, judgment, is_new, now, ahead=ahead, still_open=None)


def undo_judgment(*, assignment: Assignment | int, acting_user: User, now: datetime) -> Judgment:
    """Takes back what this annotator said: superseded, never erased; the comparison is before them again, as it was.

    What else is open before them is handed back. Raises AssignmentNotFound, CampaignNotOpen, NothingToUndo,
    TooLateToUndo.
    """
    return undo_and_show(assignment=assignment, acting_user=acting_user, now=now).judgment


@transaction.atomic
def undo_and_show(*, assignment: Assignment | int, acting_user: User, now: datetime) -> Undone:
    """The same, with what an annotator's page shows afterwards."""
    seat = take_seat_of(user=acting_user, assignment_id=_id(assignment))
    locked, others = lock_with_open(seat, _id(assignment))
    taken_back = locked.assignment
    before = tally_of(taken_back.comparison)
    judgment = changeable(seat, taken_back, now)
    _hand_back(seat, others)
    verdict = take_back(seat, judgment, locked, now)
    write_back(seat, taken_back, tally_of(taken_back.comparison) - before)
    said = {"choice": judgment.choice, "verdict": told(verdict)}
    record("judgment.undone", judgment, acting_user=acting_user, now=now, campaign=seat.campaign, before=said)
    held = open_assignments(campaign=seat.campaign, annotator=acting_user)
    shown = next(each for each in held if each.pk == taken_back.pk)
    return Undone(judgment, shown, held, seat.progress(now))


def _judge(seat: Seat, assignment_id: int, draft: JudgmentDraft, now: datetime) -> tuple[Judgment, bool, bool]:
    """The judgment, whether it is new, and whether it was of what was open before the annotator."""
    locked = lock_assignment(seat, assignment_id, draft.key)
    assignment = locked.assignment
    if earlier := earlier_judgment(locked):
        return earlier, False, False
    draft.check_against(seat.campaign)
    check_edit(assignment, draft)
    was_open = assignment.status == Assignment.Status.LEASED
    totals = tally_of(assignment.comparison)
    hold_place(seat, assignment, now)
    judgment = write_judgment(seat, assignment, draft, now)
    verdict = count(seat, locked, judgment, now)
    verb = seat.judge_the_judge(now) if assignment.kind == Assignment.Kind.GOLD else ""
    write_back(seat, assignment, tally_of(assignment.comparison) - totals)
    after = _as_event(judgment) | {"verdict": told(verdict)}
    record("judgment.made", judgment, acting_user=seat.user, now=now, campaign=seat.campaign, after=after)
    _tell_of_gold(seat, verb, now)
    return judgment, True, was_open


def _change(seat: Seat, assignment_id: int, draft: JudgmentDraft, now: datetime) -> tuple[Judgment, bool]:
    locked = lock_assignment(seat, assignment_id, draft.key)
    assignment = locked.assignment
    if earlier := earlier_judgment(locked):
        return earlier, False
    draft.check_against(seat.campaign)
    check_edit(assignment, draft)
    superseded = changeable(seat, assignment, now)
    totals = tally_of(assignment.comparison)
    said = _as_event(superseded) | {"verdict": told(take_back(seat, superseded, locked, now))}
    judgment = write_judgment(seat, assignment, draft, now)
    verdict = count(seat, locked, judgment, now)
    verb = seat.judge_the_judge(now) if assignment.kind == Assignment.Kind.GOLD else ""
    write_back(seat, assignment, tally_of(assignment.comparison) - totals)
    after = _as_event(judgment) | {"verdict": told(verdict)}
    record(
        "judgment.changed", judgment, acting_user=seat.user, now=now, campaign=seat.campaign, before=said, after=after
    )
    _tell_of_gold(seat, verb, now)
    return judgment, True


def _result(
    seat: Seat, judgment: Judgment, is_new: bool, now: datetime, *, ahead: int, still_open: int | None
) -> JudgmentResult:
    following = give_next(seat, now, ahead=ahead, still_open=still_open)
    return JudgmentResult(judgment, is_new, next(iter(following), None), following[1:], seat.progress(now))


def _as_event(judgment: Judgment) -> dict[str, Any]:
    """A judgment as an event tells it."""
    said = {"comparison": judgment.comparison_id, "choice": str(judgment.choice)}
    if judgment.kind == Assignment.Kind.NORMAL:
        said["status"] = str(judgment.assignment.comparison.status)
    else:
        said["kind"] = str(judgment.kind)
    if judgment.flag:
        said["flag"] = str(judgment.flag)
    return said


def _tell_of_gold(seat: Seat, verb: str, now: datetime) -> None:
    if verb:
        member = seat.membership
        after = {"person": seat.user.pseudonym, "gold_right": member.gold_right, "gold_total": member.gold_total}
        record(verb, member, acting_user=None, now=now, campaign=seat.campaign, after=after)


def _hand_back(seat: Seat, others: list[Assignment]) -> None:
    """Nobody has more places open than the campaign allows: what was given last goes back, and comes again right after.

    Gold and retests hold no place and stay: going back, they would not come again right after, which would tell.
    """
    too_many = [other for other in others[seat.campaign.prefetch :] if other.kind == Assignment.Kind.NORMAL]
    if too_many:
        release([other.pk for other in too_many])
        first = min(other.comparison.position for other in too_many)
        seat.membership.cursor = min(seat.membership.cursor, math.nextafter(first, -math.inf))


def _id(assignment: Assignment | int) -> int:
    return assignment if isinstance(assignment, int) else assignment.pk
