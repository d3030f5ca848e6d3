"""Questions that wait, and answers that were not read yet."""

from labeling.actions.questions import answer_question, ask_question, mark_answers_read
from labeling.models import Question, User
from labeling.queries.questions import (
    earlier_answers,
    filtered_questions,
    own_questions,
    unread_answer_counts,
    unread_answers,
)
from tests.people import Stage, stage


def asked(scene: Stage, user: User) -> Question:
    return ask_question(assignment=scene.given(user), text="Why?", acting_user=user, now=scene.now)


def test_questions_are_filtered_by_their_status() -> None:
    scene = stage(comparisons=1, overlap=2)
    first, _ = asked(scene, scene.alice), asked(scene, scene.bob)
    answer_question(question=first, answer="So.", acting_user=scene.maya, now=scene.now)
    assert [one.pk for one in filtered_questions(scene.campaign, status="answered")] == [first.pk]
    assert filtered_questions(scene.campaign).count() == 2


def test_an_answer_is_unread_until_its_asker_looks() -> None:
    scene = stage(comparisons=1, overlap=2)
    question = asked(scene, scene.alice)
    asked(scene, scene.bob)
    answer_question(question=question, answer="So.", acting_user=scene.maya, now=scene.now)
    assert unread_answer_counts(scene.alice) == {scene.campaign.pk: 1}
    assert unread_answer_counts(scene.bob) == {}
    assert own_questions(scene.campaign, scene.alice).get().is_unread
    mark_answers_read(campaign=scene.campaign, acting_user=scene.alice, now=scene.now)
    assert unread_answers(scene.campaign, scene.alice) == 0
    assert not own_questions(scene.campaign, scene.alice).get().is_unread


def test_earlier_answers_are_those_about_the_same_pair() -> None:
    scene = stage(comparisons=1, overlap=2)
    first, second = asked(scene, scene.alice), asked(scene, scene.bob)
    assert earlier_answers([first, second]) == {first.pk: [], second.pk: []}
    answer_question(question=first, answer="So.", acting_user=scene.maya, now=scene.now)
    assert earlier_answers([first, second]) == {first.pk: [], second.pk: [first]}
