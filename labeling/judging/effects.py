"""The effects of a judgment on its assignment, its comparison and its annotator, and how they are reverted.

These functions change objects whose rows the caller has locked. `write_back` writes them.
"""

from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.database.prepared import insert, prepared_cursor
from labeling.judging.drafts import InvalidJudgment, JudgmentDraft
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
from labeling.queries.first_judged import first_judged_at, keep_first_judged, with_first_judged
from labeling.queries.progress import quota_left
from labeling.tally import Tally, tally_values

Kind = Assignment.Kind
OPEN_CAMPAIGN = (Campaign.Status.ACTIVE, Campaign.Status.PAUSED)
FLAG_REVIEWED = gettext_lazy("A lead has decided about this flag. It stays.")


def hold_place(seat: Seat, assignment: Assignment, now: datetime) -> None:
    """Makes sure that the assignment can still be judged and holds a place. A released one takes a free place again.

    Raises CampaignNotOpen, AlreadyJudged, Withdrawn, LeaseLost, QuotaReached.
    """
    if seat.campaign.status not in OPEN_CAMPAIGN:
        raise CampaignNotOpen(seat.campaign)
    if assignment.status in (Assignment.Status.JUDGED, Assignment.Status.SKIPPED):
        raise AlreadyJudged
    _check_in_campaign(assignment)
    if assignment.status != Assignment.Status.RELEASED:
        return
    left = quota_left(seat.membership, now)
    if left is not None and left <= seat.open:
        raise QuotaReached
    if assignment.kind == Kind.NORMAL:
        _take_place(assignment)


def check_edit(assignment: Assignment, draft: JudgmentDraft) -> None:
    """Raises InvalidJudgment if the improved text is unchanged, or its pair has turns.

    Costs a statement only if the draft has such a text.
    """
    if draft.edit:
        comparison = assignment.comparison
        pair = Completion.objects.filter(pk__in=[comparison.completion_a_id, comparison.completion_b_id])
        both = list(pair.only("text", "turns"))
        if any(one.turns for one in both):
            raise InvalidJudgment.of("edit", _("Completions of several turns cannot be edited. Leave the edit out."))
        draft.check_edit([one.text for one in both])


def write_judgment(seat: Seat, locked: LockedAssignment, draft: JudgmentDraft, now: datetime) -> Judgment:
    """Writes the row of a judgment."""
    assignment, seconds = locked.assignment, draft.seconds
    if seconds is not None:
        # A comparison cannot be on display for longer than its lease has run: such a client counted while it slept.
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
    keep_first_judged(judgment, locked.first_judged_at)
    return judgment


def apply_judgment(seat: Seat, locked: LockedAssignment, judgment: Judgment, now: datetime) -> Verdict | None:
    """Applies a new judgment; returns the verdict if it settled the comparison.

    A skip frees its place, and with a flag stops the comparison. A judgment of gold counts for its annotator only, a
    retest for nothing. Any other judgment is a vote and may settle the comparison.
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
        seat.count_gold(int(matches_gold(locked, judgment)), 1)
    if assignment.kind != Kind.NORMAL:
        return None
    _add_vote(comparison, judgment.choice, 1)
    return settle(comparison, seat.campaign, now)


def revert_judgment(seat: Seat, judgment: Judgment, locked: LockedAssignment, now: datetime) -> Verdict | None:
    """Reverts what `apply_judgment` did and leases the assignment again; returns the verdict that this deleted.

    Raises NothingToUndo, TooLateToUndo.
    """
    assignment, verdict = locked.assignment, None
    comparison = assignment.comparison
    if judgment.flag:
        _revert_flag(judgment, locked, seat.campaign, now)
    if judgment.choice == Choice.SKIP:
        _revert_skip(assignment)
    else:
        if assignment.kind == Kind.NORMAL:
            verdict = _reopen(comparison)
            _add_vote(comparison, judgment.choice, -1)
            shrink(comparison, seat.campaign)
        elif assignment.kind == Kind.GOLD:
            seat.count_gold(-int(matches_gold(locked, judgment)), -1)
        seat.count_judgments(-1, now, made_at=judgment.created_at)
    assignment.status = Assignment.Status.LEASED
    assignment.expires_at = expiry(seat.campaign, now)
    judgment.superseded_at = now
    judgment.save(update_fields=["superseded_at"])
    return verdict


def write_back(seat: Seat, assignment: Assignment, change: Tally) -> None:
    """Writes the annotator's membership, the assignment, its comparison and the totals, in one statement.

    The values of the objects replace those of the rows, so all three must have been locked before they were changed.
    change: what the comparison adds to the totals now, minus what it added before.
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
    """The current judgment of an assignment, if its annotator may still change or undo it.

    Raises CampaignNotOpen, Withdrawn, NothingToUndo, TooLateToUndo.
    """
    if seat.campaign.status not in OPEN_CAMPAIGN:
        raise CampaignNotOpen(seat.campaign)
    judgment = with_first_judged(Judgment.objects.filter(assignment=assignment, superseded_at=None)).first()
    if assignment.kind != Kind.NORMAL and not (judgment and judgment.flag):
        _check_in_campaign(assignment)
    if judgment is None:
        raise NothingToUndo
    until = undo_until(judgment, seat.campaign)
    if until is None:
        raise TooLateToUndo(_("This campaign does not allow changing or undoing a judgment."))
    if now > until:
        seconds = seat.campaign.undo_seconds
        text = _("A judgment can be changed or undone for %(seconds)s seconds. That time is over.")
        raise TooLateToUndo(text % {"seconds": seconds})
    judgment.assignment = assignment
    return judgment


def undo_until(judgment: Judgment, campaign: Campaign) -> datetime | None:
    """Until when the annotator may change or undo a judgment. None: they may not. A change makes it no longer."""
    if not campaign.undo_seconds or judgment.superseded_at is not None:
        return None
    return first_judged_at(judgment) + timedelta(seconds=campaign.undo_seconds)


def matches_gold(locked: LockedAssignment, judgment: Judgment) -> bool:
    """Whether a judgment of gold agrees with the known verdict."""
    return judgment.choice == locked.gold_winner


def _check_in_campaign(assignment: Assignment) -> None:
    """Raises Withdrawn, or LeaseLost if the comparison has all its judgments."""
    status = assignment.comparison.status
    is_gold = assignment.kind == Kind.GOLD
    if (is_gold and status != Comparison.Status.GOLD) or (not is_gold and status in Comparison.OUT):
        raise Withdrawn
    if assignment.kind == Kind.NORMAL and status != Comparison.Status.OPEN:
        raise LeaseLost


def _take_place(assignment: Assignment) -> None:
    comparison = assignment.comparison
    if comparison.taken >= comparison.overlap:
        raise LeaseLost
    assignment.slot = free_slot(comparison)
    comparison.taken += 1


def _revert_flag(judgment: Judgment, locked: LockedAssignment, campaign: Campaign, now: datetime) -> None:
    """Brings a comparison back that only this flag had stopped: to gold, to its verdict or to the state of its votes.

    Raises TooLateToUndo once a lead has decided about it, even if somebody has flagged it again since.
    """
    comparison = locked.assignment.comparison
    later = Judgment.objects.filter(comparison=comparison, superseded_at=None, pk__gt=judgment.pk).exclude(flag="")
    if comparison.status != Comparison.Status.FLAGGED or later.exists():
        raise TooLateToUndo(str(FLAG_REVIEWED))
    if locked.gold_winner is not None:
        comparison.status = Comparison.Status.GOLD
    elif Verdict.objects.filter(comparison=comparison).exists():
        comparison.status = Comparison.Status.SETTLED
    else:
        comparison.status = Comparison.Status.OPEN
        settle(comparison, campaign, now)


def _revert_skip(assignment: Assignment) -> None:
    comparison = assignment.comparison
    if assignment.kind != Kind.NORMAL:
        return
    if comparison.status != Comparison.Status.OPEN or comparison.taken >= comparison.overlap:
        raise NothingToUndo
    _take_place(assignment)


def _reopen(comparison: Comparison) -> Verdict | None:
    """Opens a comparison again and deletes its verdict; returns the verdict. An expert's verdict stays.

    Raises NothingToUndo, TooLateToUndo.
    """
    if comparison.status in Comparison.OUT:
        raise NothingToUndo
    verdict = Verdict.objects.filter(comparison=comparison).first()
    if verdict is not None:
        if verdict.settled_by not in Verdict.BY_RULE:
            raise TooLateToUndo(_("An expert has settled this comparison since. The judgment stays."))
        verdict.delete()
    comparison.status = Comparison.Status.OPEN
    return verdict


def _add_vote(comparison: Comparison, choice: str, number: int) -> None:
    name = f"votes_{choice}"
    setattr(comparison, name, getattr(comparison, name) + number)
    comparison.judged += number
