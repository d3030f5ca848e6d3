"""What a judgment changes about its assignment, its comparison and its annotator, and how that is taken back.

All of these work on rows that the caller has locked, and change objects, and `write_back` writes them.
"""

from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from common.database.prepared import insert, prepared_cursor
from labeling.judging.drafts import JudgmentDraft
from labeling.judging.locks import LockedAssignment
from labeling.judging.queue import expiry, free_slot
from labeling.judging.refusals import (
    AlreadyJudged,
    CampaignNotOpen,
    LeaseLost,
    NothingToUndo,
    QuotaReached,
    TooLateToUndo,
    Withdrawn,
)
from labeling.judging.seats import Seat
from labeling.judging.settling import settle, shrink
from labeling.judging.statements import WRITE_BACK
from labeling.models import Assignment, Campaign, Choice, Comparison, Completion, Judgment, Verdict
from labeling.queries.progress import quota_left
from labeling.tally import Tally, tally_values

Kind = Assignment.Kind
OPEN_CAMPAIGN = (Campaign.Status.ACTIVE, Campaign.Status.PAUSED)


def hold_place(seat: Seat, assignment: Assignment, now: datetime) -> None:
    """Makes sure that the assignment may still be answered, or says why it cannot.

    Raises CampaignNotOpen, AlreadyJudged, Withdrawn, LeaseLost, QuotaReached.
    """
    if seat.campaign.status not in OPEN_CAMPAIGN:
        raise CampaignNotOpen(seat.campaign)
    if assignment.status in (Assignment.Status.JUDGED, Assignment.Status.SKIPPED):
        raise AlreadyJudged
    _check_standing(assignment)
    if assignment.status != Assignment.Status.RELEASED:
        return
    left = quota_left(seat.membership, now)
    if left is not None and left <= seat.open:
        raise QuotaReached
    if assignment.kind == Kind.NORMAL:
        _take_place(assignment)


def check_edit(assignment: Assignment, draft: JudgmentDraft) -> None:
    """Raises InvalidJudgment where what should be an improved text is none. Costs a statement, where there is one."""
    if draft.edit:
        comparison = assignment.comparison
        both = Completion.objects.filter(pk__in=[comparison.completion_a_id, comparison.completion_b_id])
        draft.check_edit(list(both.values_list("text", flat=True)))


def write_judgment(seat: Seat, assignment: Assignment, draft: JudgmentDraft, now: datetime) -> Judgment:
    """The row of a judgment."""
    seconds = draft.seconds
    if seconds is not None:
        # No clock shows a pair for longer than it has been given out; a client that says so counted on in its sleep.
        seconds = min(seconds, max(0.0, (now - assignment.leased_at).total_seconds()))
    judgment = Judgment(
        assignment=assignment,
        comparison=assignment.comparison,
        campaign=seat.campaign,
        annotator=seat.user,
        guideline_version_id=assignment.guideline_version_id,
        kind=assignment.kind,
        choice=draft.canonical(assignment.left),
        strength=draft.strength,
        criteria=draft.canonical_criteria(assignment.left),
        comment=draft.comment,
        edit=draft.edit,
        skip_reason=draft.skip_reason,
        flag=draft.flag,
        seconds=seconds,
        left=assignment.left,
        key=draft.key,
        created_at=now,
    )
    insert(judgment)
    return judgment


def apply_judgment(seat: Seat, locked: LockedAssignment, judgment: Judgment, now: datetime) -> Verdict | None:
    """What the judgment changes; returns the verdict, if it settled the comparison.

    A skip frees its place, and with a flag stops the comparison; gold counts for its annotator; a retest for nothing;
    any other is a vote and may settle the comparison.
    """
    assignment, comparison = locked.assignment, locked.assignment.comparison
    if judgment.choice == Choice.SKIP:
        assignment.status = Assignment.Status.SKIPPED
        if assignment.kind == Kind.NORMAL:
            assignment.slot = None
            comparison.taken -= 1
        if judgment.flag:
            comparison.status = Comparison.Status.FLAGGED
        return None
    assignment.status = Assignment.Status.JUDGED
    seat.count_judgments(1, now)
    if assignment.kind == Kind.GOLD:
        seat.count_gold(int(is_right(locked, judgment)), 1)
    if assignment.kind != Kind.NORMAL:
        return None
    _add_vote(comparison, judgment.choice, 1)
    return settle(comparison, seat.campaign, now)


def revert_judgment(seat: Seat, judgment: Judgment, locked: LockedAssignment, now: datetime) -> Verdict | None:
    """Undoes what `apply_judgment` did and leases the assignment again; returns the verdict that is no more.

    Raises NothingToUndo, TooLateToUndo.
    """
    assignment, verdict = locked.assignment, None
    comparison = assignment.comparison
    if judgment.choice == Choice.SKIP:
        _take_back_skip(judgment, assignment)
    else:
        if assignment.kind == Kind.NORMAL:
            verdict = _reopen(comparison)
            _add_vote(comparison, judgment.choice, -1)
            shrink(comparison, seat.campaign)
        elif assignment.kind == Kind.GOLD:
            seat.count_gold(-int(is_right(locked, judgment)), -1)
        seat.count_judgments(-1, now, made_at=judgment.created_at)
    assignment.status = Assignment.Status.LEASED
    assignment.expires_at = expiry(seat.campaign, now)
    judgment.superseded_at = now
    judgment.save(update_fields=["superseded_at"])
    return verdict


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
        "gold_right": member.gold_right,
        "gold_total": member.gold_total,
        "warned_at": member.warned_at,
        "paused_at": member.paused_at,
        "assignment": assignment.pk,
        "held_status": assignment.status,
        "slot": assignment.slot,
        "expires_at": assignment.expires_at,
        "comparison": comparison.pk,
        "status": comparison.status,
        "overlap": comparison.overlap,
        "taken": comparison.taken,
        "judged": comparison.judged,
        "votes_a": comparison.votes_a,
        "votes_b": comparison.votes_b,
        "votes_tie": comparison.votes_tie,
        "votes_both_bad": comparison.votes_both_bad,
        **tally_values(seat.campaign.pk, change),
    }
    with prepared_cursor() as cursor:
        cursor.execute(WRITE_BACK, values)
    seat.totals = seat.totals + change


def changeable(seat: Seat, assignment: Assignment, now: datetime) -> Judgment:
    """The current judgment of an assignment, if its annotator may still change it or take it back.

    Raises CampaignNotOpen, Withdrawn, NothingToUndo, TooLateToUndo.
    """
    if seat.campaign.status not in OPEN_CAMPAIGN:
        raise CampaignNotOpen(seat.campaign)
    if assignment.kind != Kind.NORMAL:
        _check_standing(assignment)
    judgment = Judgment.objects.filter(assignment=assignment, superseded_at=None).first()
    if judgment is None:
        raise NothingToUndo
    until = undo_until(judgment, seat.campaign)
    if until is None:
        raise TooLateToUndo(_("In this campaign a judgment cannot be taken back or changed."))
    if now > until:
        seconds = seat.campaign.undo_seconds
        text = _("A judgment can be taken back or changed for %(seconds)s seconds. They are over.")
        raise TooLateToUndo(text % {"seconds": seconds})
    judgment.assignment = assignment
    return judgment


def undo_until(judgment: Judgment, campaign: Campaign) -> datetime | None:
    """Until when its annotator may change a judgment or take it back; None: not at all."""
    if not campaign.undo_seconds or judgment.superseded_at is not None:
        return None
    return judgment.created_at + timedelta(seconds=campaign.undo_seconds)


def is_right(locked: LockedAssignment, judgment: Judgment) -> bool:
    """Whether a judgment of gold agrees with the known verdict."""
    return judgment.choice == locked.gold_winner


def _check_standing(assignment: Assignment) -> None:
    status = assignment.comparison.status
    if assignment.kind == Kind.GOLD:
        stands = status == Comparison.Status.GOLD
    else:
        stands = status not in Comparison.OUT
    if not stands:
        raise Withdrawn
    if assignment.kind == Kind.NORMAL and status != Comparison.Status.OPEN:
        raise LeaseLost


def _take_place(assignment: Assignment) -> None:
    comparison = assignment.comparison
    if comparison.taken >= comparison.overlap:
        raise LeaseLost
    assignment.slot = free_slot(comparison)
    comparison.taken += 1


def _take_back_skip(judgment: Judgment, assignment: Assignment) -> None:
    comparison = assignment.comparison
    if judgment.flag:
        raise TooLateToUndo(_("A flag stays until a lead has looked at it."))
    if assignment.kind != Kind.NORMAL:
        return
    if comparison.status != Comparison.Status.OPEN or comparison.taken >= comparison.overlap:
        raise NothingToUndo
    _take_place(assignment)


def _reopen(comparison: Comparison) -> Verdict | None:
    """Takes a comparison's verdict or conflict back; what an expert decided stands."""
    if comparison.status in Comparison.OUT:
        raise NothingToUndo
    verdict = Verdict.objects.filter(comparison=comparison).first()
    if verdict is not None:
        if verdict.settled_by not in Verdict.BY_RULE:
            raise TooLateToUndo(_("An expert has decided this comparison in the meantime: the judgment stays."))
        verdict.delete()
    comparison.status = Comparison.Status.OPEN
    return verdict


def _add_vote(comparison: Comparison, choice: str, number: int) -> None:
    name = f"votes_{choice}"
    setattr(comparison, name, getattr(comparison, name) + number)
    comparison.judged += number
