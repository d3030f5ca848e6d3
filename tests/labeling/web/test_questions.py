"""The page on which leads answer questions."""

import pytest

from labeling.actions.campaigns import change_campaign
from labeling.actions.curation import make_gold
from labeling.actions.questions import answer_question, ask_question
from labeling.models import FaqEntry, Question
from labeling.queries.attention import attention
from tests.clients import Visiting
from tests.people import Stage, stage

PATH = "/campaigns/sums/questions/"


@pytest.fixture
def scene() -> Stage:
    """Alice asks about a pair."""
    scene = stage(comparisons=12, overlap=2)
    ask_question(assignment=scene.given(scene.alice), text="<b>Why</b> so?", acting_user=scene.alice, now=scene.now)
    return scene


def test_a_question_is_shown_with_its_pair_and_who_asks(scene: Stage, visiting: Visiting) -> None:
    page = visiting(scene.maya).get(PATH).content.decode()
    for words in ("&lt;b&gt;Why&lt;/b&gt; so?", "alice", "plus one?", "Nobody knows", "Send answer"):
        assert words in page, words
    change_campaign(campaign=scene.campaign, pseudonymous=True, acting_user=scene.maya, now=scene.now)
    page = visiting(scene.maya).get(PATH).content.decode()
    assert scene.alice.pseudonym in page
    assert ">alice<" not in page


def test_leads_are_warned_where_the_pair_is_gold(scene: Stage, visiting: Visiting) -> None:
    maya = visiting(scene.maya)
    assert "measures annotators" not in maya.get(PATH).content.decode()
    comparison = Question.objects.get().assignment.comparison
    make_gold(comparison=comparison, winner="a", acting_user=scene.maya, now=scene.now)
    assert "measures annotators" in maya.get(PATH).content.decode()


def test_an_answer_is_sent_and_published_and_withdrawn(scene: Stage, visiting: Visiting) -> None:
    maya, question = visiting(scene.maya), Question.objects.get()
    sent = {"question": question.pk, "do": "answer", "answer": "<i>So.</i>", "publish": "on", "publish_as": "Why?"}
    page = maya.post(PATH, sent, follow=True).content.decode()
    assert "Answer sent." in page
    assert "No open questions" in page
    assert "Correct answer" in maya.get(f"{PATH}?status=answered").content.decode()
    for user in (scene.maya, scene.alice, scene.bob):
        assert "&lt;i&gt;So.&lt;/i&gt;" in visiting(user).get("/campaigns/sums/guidelines/").content.decode()
    maya.post(f"{PATH}published/{FaqEntry.objects.get().pk}/withdraw/")
    assert "Questions and answers" not in visiting(scene.bob).get("/campaigns/sums/guidelines/").content.decode()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"answer": " "}, "This field is required"),
        ({"answer": "Long thoughts.", "publish_as": "Anonymous words?"}, "Tick this to publish"),
        ({"answer": "Long thoughts.", "publish": "on", "publish_as": " "}, "Write the question as others read it"),
    ],
)
def test_a_refused_answer_says_why_and_keeps_what_was_typed(
    scene: Stage, visiting: Visiting, values: dict[str, str], words: str
) -> None:
    question = Question.objects.get()
    page = visiting(scene.maya).post(PATH, {"question": question.pk, "do": "answer"} | values).content.decode()
    assert words in page
    assert values["answer"].strip() in page
    question.refresh_from_db()
    assert question.status == "open"


def test_a_question_is_closed_and_found_among_the_closed(scene: Stage, visiting: Visiting) -> None:
    maya, question = visiting(scene.maya), Question.objects.get()
    assert "Question closed." in maya.post(PATH, {"question": question.pk, "do": "close"}, follow=True).content.decode()
    assert "Why" in maya.get(f"{PATH}?status=closed").content.decode()
    answer_question(question=question, answer="So.", acting_user=scene.maya, now=scene.now)
    page = maya.post(PATH, {"question": question.pk, "do": "close"}).content.decode()
    assert "only an open one can be closed" in page


def test_many_questions_come_in_pages_oldest_first(scene: Stage, visiting: Visiting) -> None:
    for _ in range(11):
        held = scene.given(scene.bob)
        ask_question(assignment=held, text="Why?", acting_user=scene.bob, now=scene.now)
    maya = visiting(scene.maya)
    first = maya.get(PATH)
    second = maya.get(f"{PATH}?{first.context['older']}")
    ids = [entry.question.pk for page in (first, second) for entry in page.context["entries"]]
    assert ids == sorted(Question.objects.values_list("pk", flat=True))
    assert second.context["older"] == ""


def test_questions_of_other_campaigns_are_not_answered_here(scene: Stage, visiting: Visiting) -> None:
    for value in ("999", "", "x"):
        assert visiting(scene.maya).post(PATH, {"question": value, "do": "close"}).status_code == 404


def test_leads_see_on_home_that_a_question_waits(scene: Stage, visiting: Visiting) -> None:
    assert "1 question waits for an answer" in visiting(scene.maya).get("/").content.decode()
    assert "waits for an answer" not in visiting(scene.bob).get("/").content.decode()
    assert [item.key for item in attention(scene.maya).items] == [f"questions-{scene.campaign.pk}"]
