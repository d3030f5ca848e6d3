"""Questions about pairs: asked, answered, closed, read, and blanked."""

import json

import pytest

from common.errors import Invalid, NotAllowed
from labeling.access import AssignmentNotFound, CampaignArchived
from labeling.actions import questions
from labeling.actions.erasure import erase_person, erasure_consequences
from labeling.actions.members import remove_member
from labeling.actions.questions import (
    QuestionDecided,
    TooManyQuestions,
    answer_question,
    ask_question,
    close_question,
    mark_answers_read,
)
from labeling.actions.webhooks import create_webhook
from labeling.models import Assignment, Campaign, Event, FaqEntry, Judgment, Question, User, WebhookDelivery
from labeling.queries.questions import unread_answers
from tests.people import Stage, stage


def asked(scene: Stage, user: User | None = None, text: str = "Do units count?") -> Question:
    user = user or scene.alice
    return ask_question(assignment=scene.given(user), text=text, acting_user=user, now=scene.now)


def answered(scene: Stage, question: Question, answer: str = "Yes.", **fields: str) -> Question:
    scene.wait(60)
    return answer_question(question=question, answer=answer, **fields, acting_user=scene.maya, now=scene.now)


def test_a_question_is_asked_without_judging_and_both_sides_are_told() -> None:
    scene = stage(comparisons=2)
    create_webhook(
        campaign=scene.campaign,
        url="https://1.1.1.1/hook",
        event_types=["question.asked", "question.answered"],
        acting_user=scene.maya,
        now=scene.now,
    )
    question = asked(scene, text="  Do units count?  ")
    assert (question.text, question.status) == ("Do units count?", "open")
    assert scene.given(scene.alice).pk == question.assignment_id
    answered(scene, question)
    assert unread_answers(scene.campaign, scene.alice) == 1
    assert list(WebhookDelivery.objects.order_by("pk").values_list("type", flat=True)) == [
        "question.asked",
        "question.answered",
    ]
    assert "units" not in json.dumps(list(Event.objects.values("before", "after")))


def test_nobody_asks_in_an_archived_campaign() -> None:
    scene = stage(comparisons=1)
    assignment = scene.given(scene.alice)
    Campaign.objects.update(status=Campaign.Status.ARCHIVED)
    with pytest.raises(CampaignArchived):
        ask_question(assignment=assignment, text="Why?", acting_user=scene.alice, now=scene.now)
    assert not Question.objects.exists()


@pytest.mark.parametrize("text", ["", "  \n", "a\x00b", "x" * 10_001])
def test_a_question_needs_words_that_can_be_stored(text: str) -> None:
    scene = stage(comparisons=1)
    with pytest.raises(Invalid):
        asked(scene, text=text)
    assert not Question.objects.exists()


def test_only_own_pairs_are_asked_about_and_only_by_members() -> None:
    scene = stage(comparisons=2)
    held = scene.given(scene.alice)
    with pytest.raises(AssignmentNotFound):
        ask_question(assignment=held, text="Why?", acting_user=scene.bob, now=scene.now)
    remove_member(campaign=scene.campaign, user=scene.alice, acting_user=scene.maya, now=scene.now)
    with pytest.raises(AssignmentNotFound):
        ask_question(assignment=held, text="Why?", acting_user=scene.alice, now=scene.now)


def test_a_flood_of_questions_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "MOST_OPEN", 2)
    scene = stage(comparisons=1, overlap=2)
    first, _ = asked(scene), asked(scene)
    with pytest.raises(TooManyQuestions, match="2 questions"):
        asked(scene)
    asked(scene, scene.bob)
    answered(scene, first)
    asked(scene)


def test_only_leads_answer_and_a_correction_is_new_again() -> None:
    scene = stage(comparisons=1)
    question = asked(scene)
    for user in (scene.alice, scene.bob):
        with pytest.raises(NotAllowed):
            answer_question(question=question, answer="Yes.", acting_user=user, now=scene.now)
        with pytest.raises(NotAllowed):
            close_question(question=question, acting_user=user, now=scene.now)
    answered(scene, question)
    scene.wait(60)
    assert mark_answers_read(campaign=scene.campaign, acting_user=scene.bob, now=scene.now) == 0
    assert mark_answers_read(campaign=scene.campaign, acting_user=scene.alice, now=scene.now) == 1
    assert mark_answers_read(campaign=scene.campaign, acting_user=scene.alice, now=scene.now) == 0
    corrected = answered(scene, question, "No.")
    assert (corrected.answer, corrected.status) == ("No.", "answered")
    assert unread_answers(scene.campaign, scene.alice) == 1


def test_a_question_is_closed_once_and_may_be_answered_later() -> None:
    scene = stage(comparisons=1)
    question = asked(scene)
    for _ in range(2):
        closed = close_question(question=question, acting_user=scene.maya, now=scene.now)
    assert (closed.status, unread_answers(scene.campaign, scene.alice)) == ("closed", 1)
    assert Event.objects.filter(verb="question.closed").count() == 1
    answered(scene, question)
    with pytest.raises(QuestionDecided, match="answered"):
        close_question(question=question, acting_user=scene.maya, now=scene.now)


def test_a_skipped_pair_comes_back_with_the_answer_and_not_before() -> None:
    scene = stage(comparisons=3)
    question = asked(scene)
    scene.judge(question.assignment, "skip")
    scene.vote(scene.given(scene.alice), "a")
    answered(scene, question)
    assert Event.objects.get(verb="question.answered").after["given_again"] is True
    again = scene.given(scene.alice)
    assert again.pk == question.assignment_id
    scene.vote(again, "a")
    assert Judgment.objects.filter(assignment=again, superseded_at=None).get().choice == "a"
    answered(scene, question, "No.")
    assert Assignment.objects.get(pk=again.pk).status == "judged"


def test_an_answer_is_published_with_it_where_the_lead_says_so() -> None:
    scene = stage(comparisons=1)
    question = asked(scene)
    answered(scene, question, publish_as="What about units?")
    entry = FaqEntry.objects.get()
    assert (entry.text, entry.answer, entry.question) == ("What about units?", "Yes.", question)
    answered(scene, question, "No.", publish_as="What about units?")
    assert FaqEntry.objects.get().answer == "No."


def test_an_answer_that_is_sent_without_publishing_is_no_longer_published() -> None:
    scene = stage(comparisons=1)
    question = asked(scene)
    answered(scene, question, publish_as="What about units?")
    answered(scene, question, "No.")
    assert not FaqEntry.objects.exists()


def test_an_erased_person_leaves_no_question_and_no_mark() -> None:
    scene = stage(comparisons=2)
    first = asked(scene)
    answered(scene, first)
    mark_answers_read(campaign=scene.campaign, acting_user=scene.alice, now=scene.now)
    second = asked(scene, text="My name is Alice.")
    assert erasure_consequences(person=scene.alice, acting_user=scene.alice).questions == 2
    erasure = erase_person(person=scene.alice, confirmation="alice", acting_user=scene.alice, now=scene.now)
    assert erasure.questions == 2
    rows = Question.objects.order_by("pk").values_list("pk", "text", "answer", "status", "read_at")
    assert list(rows) == [(first.pk, "", "Yes.", "answered", None), (second.pk, "", "", "closed", None)]
