"""Questions of annotators about pairs: asked, answered, closed, and read."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy

from common.errors import Conflict
from common.wording import in_sentence
from labeling.access import AssignmentNotFound, require_may_change, require_not_archived
from labeling.actions.faq import MAX_TEXT, publish_answer, withdraw_entry
from labeling.actions.validation import checked_text
from labeling.events.record import record
from labeling.judging.reopening import reopen_skip
from labeling.models import Assignment, Campaign, FaqEntry, Membership, Question, User

MOST_OPEN = 50
"""Open questions of one annotator in one campaign."""

Status = Question.Status


class TooManyQuestions(Conflict):
    type = "too-many-questions"
    sentence = gettext_lazy("You have %(most)s questions without an answer. Wait for the lead, or judge on.")


class QuestionDecided(Conflict):
    type = "question-decided"
    sentence = gettext_lazy("This question is %(status)s: only an open one can be closed.")


@transaction.atomic
def ask_question(*, assignment: Assignment, text: str, acting_user: User, now: datetime) -> Question:
    """Records an annotator's question about a pair of theirs, which they may hold, or have judged or skipped.

    The pair stays as it is. Raises AssignmentNotFound, Invalid, TooManyQuestions, CampaignArchived.
    """
    if assignment.annotator_id != acting_user.pk:
        raise AssignmentNotFound
    text = checked_text("text", text, most=MAX_TEXT)
    campaign = assignment.campaign
    require_not_archived(campaign)
    # One at a time for each member, so that the limit holds.
    if not Membership.objects.select_for_update(no_key=True).filter(campaign=campaign, user=acting_user):
        raise AssignmentNotFound
    if Question.objects.filter(campaign=campaign, asker=acting_user, status=Status.OPEN).count() >= MOST_OPEN:
        raise TooManyQuestions(most=MOST_OPEN)
    question = Question.objects.create(
        campaign=campaign, assignment=assignment, asker=acting_user, text=text, asked_at=now
    )
    # The text is not in the log, which keeps everything: an erasure blanks it.
    after = {"comparison": assignment.comparison_id}
    record("question.asked", question, acting_user=acting_user, now=now, campaign=campaign, after=after)
    return question


@transaction.atomic
def answer_question(
    *, question: Question, answer: str, publish_as: str = "", acting_user: User, now: datetime
) -> Question:
    """Answers a question, or corrects its answer. A pair that the asker skipped is given to them again.

    publish_as: the question as all members of the campaign read it, with the same answer; empty: it is not, or no
    longer, published. Raises NotAllowed, Invalid.
    """
    answer = checked_text("answer", answer, most=MAX_TEXT)
    locked = _lock(question, acting_user)
    before = {"status": str(locked.status)}
    locked.answer = answer
    _decide(locked, Status.ANSWERED, acting_user, now)
    given_again = before["status"] != Status.ANSWERED and reopen_skip(
        assignment=locked.assignment, acting_user=acting_user, now=now
    )
    after = {"comparison": locked.assignment.comparison_id, "status": str(locked.status), "given_again": given_again}
    record(
        "question.answered",
        locked,
        acting_user=acting_user,
        now=now,
        campaign=locked.campaign,
        before=before,
        after=after,
    )
    if publish_as.strip():
        publish_answer(question=locked, text=publish_as, answer=answer, acting_user=acting_user, now=now)
    elif entry := FaqEntry.objects.filter(question=locked).first():
        withdraw_entry(entry=entry, acting_user=acting_user, now=now)
    return locked


@transaction.atomic
def close_question(*, question: Question, acting_user: User | None, now: datetime) -> Question:
    """Closes an open question without an answer. Twice changes nothing. Raises NotAllowed, QuestionDecided."""
    locked = _lock(question, acting_user)
    if locked.status == Status.CLOSED:
        return locked
    if locked.status != Status.OPEN:
        raise QuestionDecided(status=in_sentence(locked.get_status_display()))
    _decide(locked, Status.CLOSED, acting_user, now)
    after = {"comparison": locked.assignment.comparison_id, "status": str(locked.status)}
    record("question.closed", locked, acting_user=acting_user, now=now, campaign=locked.campaign, after=after)
    return locked


def mark_answers_read(*, campaign: Campaign, acting_user: User, now: datetime) -> int:
    """Marks the answers to this user's questions in the campaign as read; returns how many were unread.

    It writes no event: nobody decides anything.
    """
    unread = Q(read_at=None) | Q(read_at__lt=F("decided_at"))
    mine = Question.objects.filter(unread, campaign=campaign, asker=acting_user, decided_at__isnull=False)
    return mine.update(read_at=now)


def blank_questions(*, person: User, acting_user: User | None, now: datetime) -> None:
    """Blanks the questions of a person who is erased, and when they read answers; closes those that are open.

    Call it within the transaction of the erasure, whose event counts them.
    """
    asked = Question.objects.filter(asker=person)
    asked.filter(status=Status.OPEN).update(status=Status.CLOSED, decided_by=acting_user, decided_at=now)
    asked.update(text="", read_at=None)


def _lock(question: Question, acting_user: User | None) -> Question:
    require_may_change(acting_user, question.campaign)
    rows = Question.objects.select_related("campaign", "assignment__annotator")
    return rows.select_for_update(no_key=True, of=("self",)).get(pk=question.pk)


def _decide(question: Question, status: str, acting_user: User | None, now: datetime) -> None:
    question.status, question.decided_by, question.decided_at = status, acting_user, now
    question.save(update_fields=["status", "answer", "decided_by", "decided_at"])
