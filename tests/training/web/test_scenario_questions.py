"""The page on which members answer the questions of suites."""

import pytest
from django.test import Client

from tests.browser.furnished import furnish
from tests.browser.suite_runs import QUESTION, compared_runs
from tests.people import Stage, stage
from training.models import ScenarioAnswer

PATH = "/campaigns/sums/scenario-questions/"


@pytest.fixture
def on_stage() -> Stage:
    scene = stage(comparisons=2)
    compared_runs(scene, furnish(scene))
    return scene


def test_a_member_answers_one_text_after_the_other_without_learning_the_version(
    client: Client, on_stage: Stage
) -> None:
    client.force_login(on_stage.alice)
    for left in (2, 1):
        response = client.get(PATH)
        page = response.content.decode()
        assert QUESTION in page
        assert "sums-v1" not in page
        assert "sums-v2" not in page
        assert response.context["waiting"] == left
        question = response.context["question"]
        client.post(PATH, {"result": question.result.pk, "check": question.number, "answer": "yes"})
    assert "No open questions" in client.get(PATH).content.decode()
    assert {(one.by, one.answer) for one in ScenarioAnswer.objects.all()} == {(on_stage.alice, "yes")}
    latest = client.get(PATH).context["latest"]
    page = client.post(f"{PATH}undo/", {"answer": latest.pk}, follow=True).content.decode()
    assert "Your latest answer was taken back." in page
    assert QUESTION in page
    page = client.post(f"{PATH}undo/", {"answer": latest.pk}, follow=True).content.decode()  # a second click
    assert "nothing was taken back" in page
    assert ScenarioAnswer.objects.filter(undone_at__isnull=False).count() == 1


def test_a_question_that_does_not_exist_is_not_found(client: Client, on_stage: Stage) -> None:
    client.force_login(on_stage.alice)
    for sent in ({}, {"result": "1", "check": "x"}, {"result": "999999", "check": "0", "answer": "yes"}):
        assert client.post(PATH, sent).status_code == 404
