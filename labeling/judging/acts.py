"""The acts of an annotator on an assignment: judge it, change the judgment, undo it.

A judgment is acknowledged once, however often the client sends it.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from labeling.events.record import record
from labeling.judging.assignments import NextResult
from labeling.judging.blind_tests import require_blind, tell_of_vote
from labeling.judging.drafts import JudgmentDraft
from labeling.judging.effects import (
    apply_judgment,
    changeable,
    check_edit,
    hold_place,
    revert_judgment,
    write_back,
    write_judgment,
)
from labeling.judging.locks import LockedAssignment, earlier_judgment, lock_assignment, lock_with_open, one_key_once
from labeling.judging.queue import give_next, release
from labeling.judging.seats import Seat, take_seat_of
from labeling.judging.settling import verdict_as_json
from labeling.models import Assignment, Judgment, User
from labeling.queries.assignments import open_assignments
from labeling.queries.progress import AnnotatorProgress
from labeling.tally import tally_of


@dataclass(frozen=True, slots=True)
class JudgmentResult(NextResult):
    """A judgment, and the assignments to show after it.

    is_new: False for a retry of a judgment that had arrived before.
    """

    judgment: Judgment
    is_new: bool


@dataclass(frozen=True, slots=True)
class UndoResult:
    """The judgment taken back, its assignment (open again), and all assignments that the annotator now holds."""

    judgment: Judgment
    assignment: Assignment
    held: list[Assignment]
    progress: AnnotatorProgress


def judge(*, assignment: Assignment | int, draft: JudgmentDraft, acting_user: User, now: datetime) -> Judgment:
    """Records a judgment of an assignment of this annotator, given whole or by its id. Leases nothing.

    The same key again returns the same judgment and changes nothing. After the lease ran out a judgment still counts
    while its place is free. The last judgment that a comparison wants settles it in the same transaction.
    `judge_and_continue` leases the next comparison as well. This one is for callers that do not show it.
    Raises InvalidJudgment, AssignmentNotFound, CampaignNotOpen, AlreadyJudged, LeaseLost, Withdrawn, QuotaReached,
    KeyUsed.
    """
    draft.check()
    with one_key_once(), transaction.atomic():
        seat = take_seat_of(user=acting_user, assignment_id=_id(assignment))
        return _judge(seat, _id(assignment), draft, now).judgment


def judge_and_continue(
    *, assignment: Assignment | int, draft: JudgmentDraft, acting_user: User, now: datetime, ahead: int = 0
) -> JudgmentResult:
    """Records a judgment as `judge` does, and leases the next comparison in the same transaction.

    ahead: see `give_next`.
    """
    return _judge_and_continue(assignment, draft, acting_user, now, ahead=ahead)


def change_judgment(
    *, assignment: Assignment | int, draft: JudgmentDraft, acting_user: User, now: datetime
) -> Judgment:
    """Replaces this annotator's judgment of an assignment, while the campaign allows it. Leases nothing.

    The earlier judgment is superseded, never edited; the new one counts in its place. The same key again changes
    nothing. Raises InvalidJudgment, AssignmentNotFound, CampaignNotOpen, Withdrawn, NothingToUndo, TooLateToUndo,
    KeyUsed.
    """
    draft.check()
    with one_key_once(), transaction.atomic():
        seat = take_seat_of(user=acting_user, assignment_id=_id(assignment))
        return _judge(seat, _id(assignment), draft, now, supersedes=True).judgment


def change_and_continue(
    *, assignment: Assignment | int, draft: JudgmentDraft, acting_user: User, now: datetime, ahead: int = 0
) -> JudgmentResult:
    """Replaces a judgment as `change_judgment` does, and leases the next comparison in the same transaction.

    ahead: see `give_next`.
    """
    return _judge_and_continue(assignment, draft, acting_user, now, ahead=ahead, supersedes=True)


@transaction.atomic
def undo_judgment(*, assignment: Assignment | int, acting_user: User, now: datetime) -> UndoResult:
    """Takes this annotator's judgment back: superseded, never erased. Its assignment is open again.

    Other open assignments beyond the campaign's limit are released. Raises AssignmentNotFound, CampaignNotOpen,
    NothingToUndo, TooLateToUndo.
    """
    seat = take_seat_of(user=acting_user, assignment_id=_id(assignment))
    locked, others = lock_with_open(seat, _id(assignment))
    reopened = locked.assignment
    totals = tally_of(reopened.comparison)
    judgment = changeable(seat, reopened, now)
    _release_surplus(seat, others)
    verdict = revert_judgment(seat, judgment, locked, now)
    write_back(seat, reopened, tally_of(reopened.comparison) - totals)
    before = {
        "comparison": judgment.comparison_id,
        "choice": judgment.choice,
        "verdict": verdict_as_json(verdict),
    } | ({"flag": str(judgment.flag)} if judgment.flag else {})
    record("judgment.undone", judgment, acting_user=acting_user, now=now, campaign=seat.campaign, before=before)
    held = open_assignments(campaign=seat.campaign, annotator=acting_user)
    with_contents = next(each for each in held if each.pk == reopened.pk)
    return UndoResult(judgment, with_contents, held, seat.progress(now))


@dataclass(frozen=True, slots=True)
class _Judged:
    """A judgment, whether it is new, and whether it closed an assignment that was open."""

    judgment: Judgment
    is_new: bool
    was_open: bool


def _judge_and_continue(
    assignment: Assignment | int,
    draft: JudgmentDraft,
    acting_user: User,
    now: datetime,
    *,
    ahead: int,
    supersedes: bool = False,
) -> JudgmentResult:
    draft.check()
    with one_key_once(), transaction.atomic():
        seat = take_seat_of(user=acting_user, assignment_id=_id(assignment))
        judged = _judge(seat, _id(assignment), draft, now, supersedes=supersedes)
        # After judging an open assignment the annotator holds one fewer.
        still_open = seat.open - 1 if judged.was_open else None
        held = give_next(seat, now, ahead=ahead, still_open=still_open)
        return JudgmentResult(held, seat.progress(now), judged.judgment, judged.is_new)


def _judge(seat: Seat, assignment_id: int, draft: JudgmentDraft, now: datetime, *, supersedes: bool = False) -> _Judged:
    """Records a judgment. supersedes: of an assignment that is judged already, in the place of its judgment."""
    locked = lock_assignment(seat, assignment_id, draft.key)
    assignment = locked.assignment
    if earlier := earlier_judgment(locked):
        return _Judged(earlier, is_new=False, was_open=False)
    require_blind(seat.campaign, seat.user, seat.membership)
    draft.check_against(seat.campaign)
    check_edit(assignment, draft)
    was_open = assignment.status == Assignment.Status.LEASED
    totals = tally_of(assignment.comparison)
    before = None
    if supersedes:
        before = _supersede(seat, locked, now)
    else:
        hold_place(seat, assignment, now)
    judgment = write_judgment(seat, locked, draft, now)
    verdict = apply_judgment(seat, locked, judgment, now)
    gold_verb = seat.apply_gold_action(now) if assignment.kind == Assignment.Kind.GOLD else ""
    write_back(seat, assignment, tally_of(assignment.comparison) - totals)
    verb = "judgment.changed" if supersedes else "judgment.made"
    after = _as_json(judgment) | {"verdict": verdict_as_json(verdict)}
    record(verb, judgment, acting_user=seat.user, now=now, campaign=seat.campaign, before=before, after=after)
    _record_gold_action(seat, gold_verb, now)
    if seat.campaign.is_blind_test:
        tell_of_vote(seat.campaign.pk)
    return _Judged(judgment, is_new=True, was_open=was_open)


def _supersede(seat: Seat, locked: LockedAssignment, now: datetime) -> dict[str, Any]:
    """Reverts the current judgment of an assignment; returns it as JSON values for the event log."""
    superseded = changeable(seat, locked.assignment, now)
    before = _as_json(superseded)
    return before | {"verdict": verdict_as_json(revert_judgment(seat, superseded, locked, now))}


def _as_json(judgment: Judgment) -> dict[str, Any]:
    """A judgment as the event log holds it."""
    values = {"comparison": judgment.comparison_id, "choice": str(judgment.choice)}
    if judgment.kind == Assignment.Kind.NORMAL:
        values["status"] = str(judgment.assignment.comparison.status)
    else:
        values["kind"] = str(judgment.kind)
    if judgment.flag:
        values["flag"] = str(judgment.flag)
    return values


def _record_gold_action(seat: Seat, verb: str, now: datetime) -> None:
    if verb:
        member = seat.membership
        after = {"person": seat.user.pseudonym, "gold_right": member.gold_right, "gold_total": member.gold_total}
        record(verb, member, acting_user=None, now=now, campaign=seat.campaign, after=after)


def _release_surplus(seat: Seat, others: list[Assignment]) -> None:
    """Releases the assignments that were leased last, so that the annotator holds no more than the campaign allows.

    The cursor moves back to them, so they come again right after. Gold and retests take no place and are kept:
    released, they would not come again right after, and that would reveal which ones they are.
    """
    surplus = [other for other in others[seat.campaign.prefetch :] if other.kind == Assignment.Kind.NORMAL]
    if surplus:
        release([other.pk for other in surplus])
        first_position = min(other.comparison.position for other in surplus)
        seat.membership.cursor = min(seat.membership.cursor, math.nextafter(first_position, -math.inf))


def _id(assignment: Assignment | int) -> int:
    return assignment if isinstance(assignment, int) else assignment.pk
