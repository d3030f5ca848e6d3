"""Answers that everybody in a campaign reads."""

import pytest

from common.errors import Invalid, NotAllowed
from labeling.actions.faq import publish_answer, withdraw_entry
from labeling.actions.questions import answer_question, ask_question
from labeling.models import Event, FaqEntry, Question
from labeling.queries.questions import faq_entries
from tests.people import Stage, stage


def answered() -> tuple[Stage, Question]:
    scene = stage(comparisons=1)
    question = ask_question(
        assignment=scene.given(scene.alice), text="I, Alice, ask.", acting_user=scene.alice, now=scene.now
    )
    return scene, answer_question(question=question, answer="Yes.", acting_user=scene.maya, now=scene.now)


def test_an_answer_is_published_once_changed_and_withdrawn_with_its_words_in_the_log() -> None:
    scene, question = answered()
    for answer in ("Yes.", "Yes, always."):
        entry = publish_answer(
            question=question, text="Do units count?", answer=answer, acting_user=scene.maya, now=scene.now
        )
    assert [one.answer for one in faq_entries(scene.campaign)] == ["Yes, always."]
    withdraw_entry(entry=entry, acting_user=scene.maya, now=scene.now)
    assert not FaqEntry.objects.exists()
    verbs = list(Event.objects.filter(verb__startswith="faq_entry").order_by("pk").values_list("verb", flat=True))
    assert verbs == ["faq_entry.published", "faq_entry.changed", "faq_entry.withdrawn"]
    assert Event.objects.get(verb="faq_entry.withdrawn").before == {
        "text": "Do units count?",
        "answer": "Yes, always.",
    }
    question.refresh_from_db()
    assert question.answer == "Yes."


def test_only_leads_publish_and_withdraw_and_never_nothing() -> None:
    scene, question = answered()
    with pytest.raises(NotAllowed):
        publish_answer(question=question, text="Why?", answer="So.", acting_user=scene.alice, now=scene.now)
    with pytest.raises(Invalid):
        publish_answer(question=question, text=" ", answer="So.", acting_user=scene.maya, now=scene.now)
    entry = publish_answer(question=question, text="Why?", answer="So.", acting_user=scene.maya, now=scene.now)
    with pytest.raises(NotAllowed):
        withdraw_entry(entry=entry, acting_user=scene.alice, now=scene.now)
