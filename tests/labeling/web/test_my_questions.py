"""The pages on which annotators ask and read answers."""

import pytest

from labeling.actions import questions
from labeling.actions.questions import answer_question
from labeling.models import Question
from tests.clients import Visiting
from tests.people import Stage, stage

MINE = "/campaigns/sums/judgments/questions/"
ANNOTATE = "/campaigns/sums/annotate/"


@pytest.fixture
def scene() -> Stage:
    return stage(comparisons=3)


def path_of(scene: Stage) -> str:
    return f"/campaigns/sums/assignments/{scene.given(scene.alice).pk}/ask/"


def test_a_question_about_the_present_pair_leads_back_to_it(scene: Stage, visiting: Visiting) -> None:
    alice, path = visiting(scene.alice), path_of(scene)
    assert "Nobody knows" in alice.get(path).content.decode()
    answer = alice.post(path, {"text": "<b>Why?</b>"}, follow=True)
    assert answer.redirect_chain == [(ANNOTATE, 302)]
    assert "it comes back once the question is answered" in answer.content.decode()
    page = alice.get(MINE).content.decode()
    assert "&lt;b&gt;Why?&lt;/b&gt;" in page
    assert "No answer yet." in page


def test_an_answer_is_new_until_it_was_opened(scene: Stage, visiting: Visiting) -> None:
    alice, path = visiting(scene.alice), path_of(scene)
    alice.post(path, {"text": "Why?"})
    answer_question(question=Question.objects.get(), answer="So.", acting_user=scene.maya, now=scene.now)
    news = {"/": "1 answer to your questions", ANNOTATE: "1 new answer"}
    for place, words in news.items():
        assert words in alice.get(place).content.decode(), place
    alice.head(MINE)
    assert ">New<" in alice.get(MINE).content.decode()
    assert ">New<" not in alice.get(MINE).content.decode()
    for place, words in news.items():
        assert words not in alice.get(place).content.decode(), place
    assert "So." in alice.get(path).content.decode()


def test_a_judged_pair_can_be_asked_about(scene: Stage, visiting: Visiting) -> None:
    alice, held = visiting(scene.alice), scene.given(scene.alice)
    scene.judge(held)
    path = f"/campaigns/sums/assignments/{held.pk}/ask/"
    assert path in alice.get(f"/campaigns/sums/judgments/{held.pk}/").content.decode()
    answer = alice.post(path, {"text": "Why?"}, follow=True)
    assert answer.redirect_chain == [(MINE, 302)]


@pytest.mark.parametrize("text", ["", "x" * 10_001, "a\x00b"])
def test_a_refused_question_keeps_what_was_typed(scene: Stage, visiting: Visiting, text: str) -> None:
    page = visiting(scene.alice).post(path_of(scene), {"text": text})
    assert page.status_code == 200
    assert page.context["form"].errors
    assert page.context["form"]["text"].value() == text
    assert not Question.objects.exists()


def test_too_many_questions_keep_the_last_in_the_form(
    scene: Stage, visiting: Visiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "MOST_OPEN", 0)
    page = visiting(scene.alice).post(path_of(scene), {"text": "Long thoughts."}).content.decode()
    assert "Wait for the lead" in page
    assert "Long thoughts." in page


def test_nobody_asks_about_pairs_of_others(scene: Stage, visiting: Visiting) -> None:
    path = path_of(scene)
    for user in (scene.bob, scene.maya, scene.root, scene.charlie):
        assert visiting(user).get(path).status_code == 404
        assert visiting(user).post(path, {"text": "Why?"}).status_code == 404


def test_older_questions_are_a_page_away(scene: Stage, visiting: Visiting) -> None:
    alice, path = visiting(scene.alice), path_of(scene)
    for _ in range(31):
        alice.post(path, {"text": "Why?"})
    first = alice.get(MINE)
    second = alice.get(f"{MINE}?{first.context['older']}")
    assert (len(first.context["questions"]), len(second.context["questions"])) == (30, 1)
