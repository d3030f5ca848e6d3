"""The pages before the first judgment: each leads on, and none tells an answer too early."""

import re
from typing import Any

import pytest

from labeling.actions.campaigns import change_campaign, write_guidelines
from labeling.actions.practice import make_practice
from labeling.models import PracticeAnswer, PracticePair
from tests.clients import Visiting, text_of
from tests.labeling.practising import PRACTICE, QUALIFICATION, go_through, mark
from tests.people import Stage, stage

START = "/campaigns/sums/start/"


def plain(answer: Any) -> str:
    """The text of a page, without its marks."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def scene_with_pairs(**rules: Any) -> Stage:
    scene = stage(comparisons=6)
    mark(scene, 2)
    mark(scene, 2, QUALIFICATION)
    if rules:
        scene.campaign = change_campaign(campaign=scene.campaign, acting_user=scene.maya, now=scene.now, **rules)
    return scene


def test_who_has_nothing_to_do_first_goes_on_to_judge(visiting: Visiting) -> None:
    scene = stage(comparisons=1)
    answer = visiting(scene.alice).get(START)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/campaigns/sums/annotate/")


def test_the_annotators_page_sends_newcomers_here_and_leads_not(visiting: Visiting) -> None:
    scene = scene_with_pairs()
    assert visiting(scene.alice).get("/campaigns/sums/annotate/").headers["Location"] == START
    assert visiting(scene.maya).get("/campaigns/sums/annotate/").status_code == 200


def test_guidelines_that_moved_on_meanwhile_are_shown_again(visiting: Visiting) -> None:
    scene = stage(comparisons=1, guidelines_first=True)
    for text in ("Be kind.", "Be true."):
        write_guidelines(campaign=scene.campaign, text=text, acting_user=scene.maya, now=scene.now)
    answer = visiting(scene.alice).post(f"{START}read/", {"version": "1"}, follow=True)
    assert "newer version, 2" in answer.content.decode()
    assert "Be true." in answer.content.decode()


def test_feedback_comes_after_the_answer_and_to_its_annotator_only(visiting: Visiting) -> None:
    scene = scene_with_pairs()
    alice = visiting(scene.alice)
    alice.post(f"{START}practice/", {"use": "practice"})
    page = text_of(alice, START)
    assert "Why" not in page
    open_pair = PracticeAnswer.objects.order_by("position")[0]
    assert alice.get(f"{START}pairs/{open_pair.pk}/").status_code == 404
    answer = alice.post(f"{START}answer/", {"answer": open_pair.pk, "choice": "left"}, follow=True)
    assert "Why" in answer.content.decode()
    again = alice.post(f"{START}answer/", {"answer": open_pair.pk, "choice": "right"}, follow=True).content.decode()
    assert "You have answered this pair already. Your first answer counts." in again
    assert visiting(scene.bob).get(f"{START}pairs/{open_pair.pk}/").status_code == 404


def test_a_qualification_gives_no_feedback_but_its_result(visiting: Visiting) -> None:
    scene = scene_with_pairs(qualification_pairs=1, qualification_right=1)
    go_through(scene, scene.alice, PRACTICE, right=2)
    alice = visiting(scene.alice)
    alice.post(f"{START}practice/", {"use": "qualification"})
    pair = PracticeAnswer.objects.get(round__use=QUALIFICATION)
    wrong = "right" if PracticePair.objects.get(comparison=pair.comparison).winner == pair.left else "left"
    page = alice.post(f"{START}answer/", {"answer": pair.pk, "choice": wrong}, follow=True).content.decode()
    assert "0 of 1 right" in page
    assert "One is needed." in page
    assert "Why" not in page
    assert alice.get(f"{START}pairs/{pair.pk}/").status_code == 404


def test_an_answer_that_the_page_does_not_offer_is_refused_with_a_sentence(visiting: Visiting) -> None:
    scene = scene_with_pairs()
    alice = visiting(scene.alice)
    alice.post(f"{START}practice/", {"use": "practice"})
    pair = PracticeAnswer.objects.order_by("position")[0]
    page = alice.post(f"{START}answer/", {"answer": pair.pk, "choice": "skip"}, follow=True).content.decode()
    assert "Choose one of the answers" in page
    assert alice.post(f"{START}answer/", {"choice": "left"}).status_code == 404
    assert alice.post(f"{START}practice/", {"use": "exam"}, follow=True).status_code == 200


def test_feedback_compares_strength_and_criteria_with_the_known_ones(visiting: Visiting) -> None:
    rules: Any = {"scale": "strength", "criteria": [{"name": "Correct", "required": True}, {"name": "Polite"}]}
    scene = stage(comparisons=1, **rules)
    one = scene.campaign.comparisons.get()
    known: Any = {"strength": 3, "criteria": {"Correct": "tie", "Polite": "tie"}}
    make_practice(comparison=one, winner="a", acting_user=scene.maya, now=scene.now, **known)
    alice = visiting(scene.alice)
    alice.post(f"{START}practice/", {"use": "practice"})
    pair = PracticeAnswer.objects.get()
    sent = {"answer": pair.pk, "choice": f"{'left' if pair.left == 'a' else 'right'}:2", "criterion-Polite": "tie"}
    page = alice.post(f"{START}answer/", sent).content.decode()
    assert "Choose left, right or tie for Correct as well." in page
    assert page.count("checked") == 1  # what was answered is kept
    feedback = plain(alice.post(f"{START}answer/", sent | {"criterion-Correct": "left"}, follow=True))
    assert "How much better? Your answer: clearly Known answer: much" in feedback
    assert "Correct Your answer: Left Top Known answer: Tie" in feedback
    assert "Polite Your answer: Tie as the known answer" in feedback


@pytest.mark.parametrize(
    ("has_practice", "has_guidelines"), [(True, True), (True, False), (False, True), (False, False)]
)
def test_a_failed_attempt_proposes_only_what_there_is(
    visiting: Visiting, has_practice: bool, has_guidelines: bool
) -> None:
    scene = stage(comparisons=6)
    mark(scene, 2 if has_practice else 0)
    mark(scene, 2, QUALIFICATION)
    by: Any = {"campaign": scene.campaign, "acting_user": scene.maya, "now": scene.now}
    change_campaign(qualification_pairs=1, qualification_right=1, **by)
    if has_guidelines:
        write_guidelines(text="Be kind.", **by)
    if has_practice:
        go_through(scene, scene.alice, PRACTICE, right=2)
    failed = go_through(scene, scene.alice, QUALIFICATION, right=0)
    page = text_of(visiting(scene.alice), f"{START}rounds/{failed.pk}/").lower()
    assert ("practise if you like" in page) == has_practice
    assert ("read the guidelines again" in page) == has_guidelines
    assert "try again" in page


def test_in_german(visiting: Visiting) -> None:
    scene = scene_with_pairs()
    alice = visiting(scene.alice)
    assert "Zuerst üben" in alice.get(START, headers={"Accept-Language": "de"}).content.decode()
