"""Judgments: made, acknowledged once however often they are sent, and taken back."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Q, Subquery

from labeling.access import AssignmentNotFound
from labeling.actions.answers import Answer
from labeling.actions.events import record
from labeling.actions.verdicts import settle, told
from labeling.errors import Conflict
from labeling.models import Assignment, Campaign, Choice, Comparison, Judgment, User, Verdict
from labeling.queries.assignments import with_contents
from labeling.queries.progress import Progress
from labeling.queue import Seat, free_slot, give_next, release, take_seat_of, write_back
from labeling.tally import Tally

OPEN_CAMPAIGN = (Campaign.Status.ACTIVE, Campaign.Status.PAUSED)
BY_RULE = (Verdict.SettledBy.MAJORITY, Verdict.SettledBy.UNANIMITY)


class CampaignNotOpen(Conflict):
    """The campaign takes no judgments at the moment, and lets none be taken back."""

    type = "campaign-not-open"

    def __init__(self, campaign: Campaign) -> None:
        super().__init__(f"This campaign is {campaign.status}: judgments are neither taken nor taken back.")


class AlreadyJudged(Conflict):
    """You have judged this comparison. Undo that judgment to change it."""

    type = "already-judged"

    def __init__(self) -> None:
        super().__init__("You have judged this comparison already. Undo that judgment to change it.")


class LeaseLost(Conflict):
    """The lease ran out and somebody else took the comparison. Ask for the next one."""

    type = "lease-lost"

    def __init__(self) -> None:
        super().__init__(
            "The time for this comparison ran out and somebody else took it, so this answer does not count. "
            "Everything you judged before is kept. Ask for the next comparison."
        )


class KeyUsed(Conflict):
    """The key belongs to another judgment of yours. Send each judgment with a key of its own."""

    type = "key-used"

    def __init__(self) -> None:
        super().__init__("This key belongs to another judgment of yours. Send every judgment with a key of its own.")


class NothingToUndo(Conflict):
    """There is no judgment of yours that could be taken back."""

    type = "nothing-to-undo"

    def __init__(self) -> None:
        super().__init__("There is no judgment of this comparison that could be taken back.")


class TooLateToUndo(Conflict):
    """The campaign allows no undo, or its time is over, or an expert has decided since."""

    type = "too-late-to-undo"


@dataclass(frozen=True, slots=True)
class Answered:
    """What an annotator's page needs after an answer. is_new: False for a retry of an answer that had arrived."""

    judgment: Judgment
    is_new: bool
    next: Assignment | None
    progress: Progress


@dataclass(frozen=True, slots=True)
class Undone:
    """What an annotator's page needs after an undo: the judgment taken back, and its comparison again."""

    judgment: Judgment
    assignment: Assignment
    progress: Progress


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
    seconds: float | None = None,
) -> Judgment:
    """What this annotator says about an assignment of theirs (given whole or by its id).

    choice: left, right, tie, both_bad or skip. key: chosen by the client; the same key again is the same judgment and
    changes nothing, however often and whenever it is sent. After the lease ran out it still counts while its place is
    free. The last judgment wanted settles the comparison in the same transaction.
    Raises InvalidAnswer, AssignmentNotFound, CampaignNotOpen, AlreadyJudged, LeaseLost, KeyUsed.
    """
    answer = Answer(choice, key, strength, criteria, comment, skip_reason, seconds)
    answer.check()
    with _one_key_once(), transaction.atomic():
        seat = take_seat_of(user=acting_user, assignment_id=_id(assignment))
        return _judge(seat, _id(assignment), answer, now)[0]


def judge_and_continue(*, assignment: Assignment | int, answer: Answer, acting_user: User, now: datetime) -> Answered:
    """The same, and what to judge next, in one transaction: what an annotator's page sends."""
    answer.check()
    with _one_key_once(), transaction.atomic():
        seat = take_seat_of(user=acting_user, assignment_id=_id(assignment))
        judgment, is_new, had_open = _judge(seat, _id(assignment), answer, now)
        # Who answered what was open before them has nothing else open: there is at most one at a time.
        following = give_next(seat, now, none_is_open=had_open)
        return Answered(judgment, is_new, following, seat.progress(now))


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
    taken_back, others = _lock_with_open(seat, _id(assignment))
    judgment = _undoable(seat, taken_back, now)
    _hand_back(seat, others)
    before = {"choice": judgment.choice, "verdict": told(_take_back(seat, judgment, taken_back, now))}
    judgment.superseded_at = now
    judgment.save(update_fields=["superseded_at"])
    record("judgment.undone", judgment, acting_user=acting_user, now=now, campaign=seat.campaign, before=before)
    shown = with_contents(taken_back.pk, campaign=seat.campaign, annotator=acting_user)
    return Undone(judgment, shown, seat.progress(now))


def undo_until(judgment: Judgment, campaign: Campaign) -> datetime | None:
    """Until when its annotator may take a judgment back; None: not at all."""
    if not campaign.undo_seconds or judgment.superseded_at is not None:
        return None
    return judgment.created_at + timedelta(seconds=campaign.undo_seconds)


def _judge(seat: Seat, assignment_id: int, answer: Answer, now: datetime) -> tuple[Judgment, bool, bool]:
    """The judgment, whether it is new, and whether it was of what was open before the annotator."""
    assignment = _lock(seat, assignment_id, answer.key)
    earlier: int | None = getattr(assignment, "judgment_of_key", None)
    if earlier is not None:
        return _earlier(earlier, assignment), False, False
    answer.check_against(seat.campaign)
    was_open = assignment.status == Assignment.Status.LEASED
    _hold_place(seat, assignment)
    judgment = _write_judgment(seat, assignment, answer, now)
    verdict, change = _count(seat, assignment, judgment, now)
    write_back(seat, assignment, change)
    after = {"comparison": assignment.comparison_id, "choice": str(judgment.choice), "verdict": told(verdict)}
    after["status"] = str(assignment.comparison.status)
    record("judgment.made", judgment, acting_user=seat.user, now=now, campaign=seat.campaign, after=after)
    return judgment, True, was_open


def _lock(seat: Seat, assignment_id: int, key: str) -> Assignment:
    """Locks the assignment, then its comparison, and looks up whether this key has arrived before.

    The annotator's seat is locked by an earlier statement, so this one sees all they ever sent.
    """
    same_key = Judgment.objects.filter(annotator=OuterRef("annotator"), key=key).values("pk")
    assignment = (
        Assignment.objects.select_related("comparison")
        .annotate(judgment_of_key=Subquery(same_key))
        .select_for_update(no_key=True, of=("self", "comparison"))
        .filter(pk=assignment_id, annotator=seat.user)
        .first()
    )
    if assignment is None:
        raise AssignmentNotFound
    assignment.campaign = assignment.comparison.campaign = seat.campaign
    return assignment


def _earlier(judgment_id: int, assignment: Assignment) -> Judgment:
    judgment = Judgment.objects.get(pk=judgment_id)
    if judgment.assignment_id != assignment.pk:
        raise KeyUsed
    judgment.assignment = assignment
    return judgment


def _hold_place(seat: Seat, assignment: Assignment) -> None:
    """Makes sure that the assignment holds a place among the judgments wanted, or says why it cannot."""
    if seat.campaign.status not in OPEN_CAMPAIGN:
        raise CampaignNotOpen(seat.campaign)
    if assignment.status in (Assignment.Status.JUDGED, Assignment.Status.SKIPPED):
        raise AlreadyJudged
    comparison = assignment.comparison
    if comparison.status != Comparison.Status.OPEN:
        raise LeaseLost
    if assignment.status == Assignment.Status.RELEASED:
        if comparison.taken >= comparison.overlap:
            raise LeaseLost
        assignment.slot = free_slot(comparison)
        comparison.taken += 1


def _write_judgment(seat: Seat, assignment: Assignment, answer: Answer, now: datetime) -> Judgment:
    seconds = answer.seconds
    if seconds is not None:
        # No clock shows a pair for longer than it has been given out; a client that says so counted on in its sleep.
        seconds = min(seconds, max(0.0, (now - assignment.leased_at).total_seconds()))
    return Judgment.objects.create(
        assignment=assignment,
        comparison=assignment.comparison,
        campaign=seat.campaign,
        annotator=seat.user,
        guideline_version_id=assignment.guideline_version_id,
        choice=answer.canonical(assignment.left),
        strength=answer.strength,
        criteria=answer.canonical_criteria(assignment.left),
        comment=answer.comment,
        skip_reason=answer.skip_reason,
        seconds=seconds,
        left=assignment.left,
        key=answer.key,
        created_at=now,
    )


def _count(seat: Seat, assignment: Assignment, judgment: Judgment, now: datetime) -> tuple[Verdict | None, Tally]:
    """What the judgment changes: a skip frees its place, any other counts and may settle the comparison."""
    comparison = assignment.comparison
    if judgment.choice == Choice.SKIP:
        assignment.status, assignment.slot = Assignment.Status.SKIPPED, None
        comparison.taken -= 1
        return None, Tally()
    assignment.status = Assignment.Status.JUDGED
    _add_vote(comparison, judgment.choice, 1)
    seat.count(1, now)
    verdict, change = settle(comparison, seat.campaign, now)
    change.judgments = 1
    return verdict, change


def _undoable(seat: Seat, assignment: Assignment, now: datetime) -> Judgment:
    if seat.campaign.status not in OPEN_CAMPAIGN:
        raise CampaignNotOpen(seat.campaign)
    judgment = Judgment.objects.filter(assignment=assignment, superseded_at=None).first()
    if judgment is None:
        raise NothingToUndo
    until = undo_until(judgment, seat.campaign)
    if until is None:
        raise TooLateToUndo("In this campaign a judgment cannot be taken back.")
    if now > until:
        raise TooLateToUndo(f"A judgment can be taken back for {seat.campaign.undo_seconds} seconds. They are over.")
    judgment.assignment = assignment
    return judgment


def _take_back(seat: Seat, judgment: Judgment, assignment: Assignment, now: datetime) -> Verdict | None:
    """Undoes what `_count` did and leases the assignment again; returns the verdict that is no more."""
    comparison, change, verdict = assignment.comparison, Tally(), None
    if judgment.choice == Choice.SKIP:
        if comparison.status != Comparison.Status.OPEN or comparison.taken >= comparison.overlap:
            raise NothingToUndo
        assignment.slot = free_slot(comparison)
        comparison.taken += 1
    else:
        verdict = _reopen(comparison, change)
        _add_vote(comparison, judgment.choice, -1)
        change.judgments = -1
        seat.count(-1, now, made_at=judgment.created_at)
    assignment.status = Assignment.Status.LEASED
    assignment.expires_at = now + timedelta(seconds=seat.campaign.lease_seconds)
    write_back(seat, assignment, change)
    return verdict


def _reopen(comparison: Comparison, change: Tally) -> Verdict | None:
    """Takes a comparison's verdict or conflict back; what an expert decided stands."""
    if comparison.status == Comparison.Status.RETIRED:
        raise NothingToUndo
    if comparison.status == Comparison.Status.CONFLICT:
        change.conflicts = -1
    verdict = Verdict.objects.filter(comparison=comparison).first()
    if verdict is not None:
        if verdict.settled_by not in BY_RULE:
            raise TooLateToUndo("An expert has decided this comparison in the meantime: the judgment stays.")
        verdict.delete()
        change.settled = -1
    comparison.status = Comparison.Status.OPEN
    return verdict


def _lock_with_open(seat: Seat, assignment_id: int) -> tuple[Assignment, list[Assignment]]:
    """Locks an assignment and whatever else is open before the annotator, and their comparisons.

    All in one statement and in the order of the comparisons, so that two who lock the same two cannot wait for each
    other.
    """
    wanted = Q(pk=assignment_id) | Q(campaign=seat.campaign, status=Assignment.Status.LEASED)
    locked = (
        Assignment.objects.select_related("comparison")
        .select_for_update(no_key=True, of=("self", "comparison"))
        .filter(wanted, annotator=seat.user)
        .order_by("comparison_id")
    )
    found = {assignment.pk: assignment for assignment in locked}
    if assignment_id not in found:
        raise AssignmentNotFound
    taken_back = found.pop(assignment_id)
    taken_back.campaign = taken_back.comparison.campaign = seat.campaign
    return taken_back, list(found.values())


def _hand_back(seat: Seat, others: list[Assignment]) -> None:
    """Nobody has two open at a time: what was given after the judgment goes back, and comes again right after it."""
    if others:
        release([other.pk for other in others])
        first = min(other.comparison.position for other in others)
        seat.membership.cursor = math.nextafter(first, -math.inf)


def _add_vote(comparison: Comparison, choice: str, number: int) -> None:
    name = f"votes_{choice}"
    setattr(comparison, name, getattr(comparison, name) + number)
    comparison.judged += number


@contextmanager
def _one_key_once() -> Iterator[None]:
    """The same key at the same moment in two campaigns: the database lets one of them through."""
    try:
        yield
    except IntegrityError as error:
        if "judgment_key_once" in str(error):
            raise KeyUsed from error
        raise


def _id(assignment: Assignment | int) -> int:
    return assignment if isinstance(assignment, int) else assignment.pk
